#include "collectors/tasks/rules/regex_group.h"

#include <re2/re2.h>
#include <re2/set.h>
#include <re2/stringpiece.h>

namespace benchd::rules {
namespace {

/// As much as that many regexes may need alone, and no more than a daemon should.
constexpr int64_t kMaxMemory = 8 << 20;

RE2::Options options_of(const Regex& regex) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  options.set_encoding(regex.is_of_bytes() ? RE2::Options::EncodingLatin1 : RE2::Options::EncodingUTF8);
  return options;
}

}  // namespace

struct RegexGroup::Compiled {
  explicit Compiled(const Regex& first) : set(options_of(first), RE2::UNANCHORED) {}
  RE2::Set set;
};

RegexGroup::RegexGroup(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
RegexGroup::RegexGroup(RegexGroup&&) noexcept = default;
RegexGroup& RegexGroup::operator=(RegexGroup&&) noexcept = default;
RegexGroup::~RegexGroup() = default;

std::optional<RegexGroup> RegexGroup::compile(std::span<const Regex* const> regexes) {
  auto compiled = std::make_unique<Compiled>(*regexes.front());
  for (const Regex* regex : regexes) {
    if (compiled->set.Add(re2::StringPiece(regex->text().data(), regex->text().size()), nullptr) < 0)
      return std::nullopt;
  }
  if (!compiled->set.Compile()) return std::nullopt;
  return RegexGroup(std::move(compiled));
}

bool RegexGroup::find(std::string_view line, std::vector<int>& numbers) const {
  RE2::Set::ErrorInfo error{};
  compiled_->set.Match(re2::StringPiece(line.data(), line.size()), &numbers, &error);
  return error.kind == RE2::Set::kNoError;
}

}  // namespace benchd::rules
