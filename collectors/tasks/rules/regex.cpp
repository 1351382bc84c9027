#include "collectors/tasks/rules/regex.h"

#include <algorithm>
#include <array>

#include <re2/re2.h>
#include <re2/stringpiece.h>

#include "collectors/tasks/rules/field_names.h"
#include "collectors/tasks/rules/literal.h"
#include "collectors/tasks/rules/plain_regex.h"

namespace benchd::rules {
namespace {

using base::Error;
using base::Result;

/// RE2's own type for texts: its StringPiece until 2023, absl::string_view since.
using Text = re2::StringPiece;

constexpr int64_t kMaxMemory = 1 << 20;
constexpr size_t kMaxGroups = 16;
constexpr size_t kMaxLength = 4096;

RE2::Options options_for(std::string_view text) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  // Logs hold any bytes: as Latin-1 every one is a character, and matching is 8 to 22 % faster. A pattern that names
  // other characters than ASCII needs them whole.
  const bool ascii = std::none_of(text.begin(), text.end(), [](char c) { return (c & '\x80') != 0; });
  const bool escapes = text.find("\\p") != std::string_view::npos || text.find("\\P") != std::string_view::npos ||
                       text.find("\\x{") != std::string_view::npos;
  options.set_encoding(ascii && !escapes ? RE2::Options::EncodingLatin1 : RE2::Options::EncodingUTF8);
  return options;
}

}  // namespace

struct Regex::Compiled {
  explicit Compiled(std::string_view text) : regex(Text(text.data(), text.size()), options_for(text)) {}

  RE2 regex;
  std::vector<FieldSpec> fields;
  std::vector<size_t> groups;  ///< of each field
  int group_count = 0;         ///< up to the last one that is a field
  std::vector<std::string> required;
  Literal longest;  ///< of those
  std::optional<PlainRegex> plain;
};

Regex::Regex(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

Result<Regex> Regex::compile(std::string_view text) {
  if (text.size() > kMaxLength) return Error{.attempt = "longer than " + std::to_string(kMaxLength) + " bytes"};
  auto compiled = std::make_unique<Compiled>(text);
  if (!compiled->regex.ok()) return Error{.attempt = compiled->regex.error()};
  for (const auto& [group, name] : compiled->regex.CapturingGroupNames()) {
    const auto field = field_of_group(name);
    if (!field) continue;
    compiled->fields.push_back(*field);
    compiled->groups.push_back(static_cast<size_t>(group));
    compiled->group_count = group;
  }
  if (!compiled->groups.empty() && compiled->groups.back() >= kMaxGroups) {
    return Error{.attempt = "more than " + std::to_string(kMaxGroups - 1) + " groups; (?:…) makes one that counts not"};
  }
  if (compiled->regex.options().encoding() == RE2::Options::EncodingLatin1) {
    compiled->plain = PlainRegex::compile(text);
  }
  compiled->required = required_literals(text);
  compiled->longest = Literal(longest_of(compiled->required));
  return Regex(std::move(compiled));
}

const std::vector<FieldSpec>& Regex::fields() const {
  return compiled_->fields;
}

const std::vector<std::string>& Regex::required() const {
  return compiled_->required;
}

const std::string& Regex::text() const {
  return compiled_->regex.pattern();
}

bool Regex::is_of_bytes() const {
  return compiled_->regex.options().encoding() == RE2::Options::EncodingLatin1;
}

bool Regex::needs_automaton() const {
  return !compiled_->plain;
}

bool Regex::match(std::string_view line, std::span<std::string_view> captures) const {
  const Compiled& compiled = *compiled_;
  const bool search = !compiled.longest.empty() && !compiled.plain;
  if (search && compiled.longest.find(line) == std::string_view::npos) return false;
  if (compiled.plain) {
    std::array<std::string_view, kMaxGroups> groups;
    const auto used = std::span(groups).first(static_cast<size_t>(compiled.group_count) + 1);
    const PlainRegex::Answer answer = compiled.plain->match(line, used);
    if (answer == PlainRegex::Answer::No) return false;
    if (answer == PlainRegex::Answer::Yes) {
      for (size_t i = 0; i < compiled.groups.size(); ++i) captures[i] = groups.at(compiled.groups[i]);
      return true;
    }
  }
  const Text text(line.data(), line.size());
  // Without captures RE2 uses its DFA alone: a line that does not match costs a fifth.
  if (!compiled.regex.Match(text, 0, line.size(), RE2::UNANCHORED, nullptr, 0)) return false;
  if (compiled.fields.empty()) return true;
  std::array<Text, kMaxGroups> groups;
  compiled.regex.Match(text, 0, line.size(), RE2::UNANCHORED, groups.data(), compiled.group_count + 1);
  for (size_t i = 0; i < compiled.groups.size(); ++i) {
    const Text& group = groups.at(compiled.groups[i]);
    captures[i] = std::string_view(group.data(), group.size());
  }
  return true;
}

}  // namespace benchd::rules
