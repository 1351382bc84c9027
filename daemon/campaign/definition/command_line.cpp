#include "daemon/campaign/definition/command_line.h"

#include "base/text.h"

namespace benchd::campaign {
namespace {

using base::Error;
using base::Result;

constexpr std::string_view kBlanks = " \t\n";
constexpr std::string_view kShellOnly = "|&;<>()$`*?[]#~!\n";

/// Outside of quotes, but for $ and `, which double quotes let through; or a variable before the command.
bool needs_shell(const std::string& text) {
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\'') {
      if (c == '\'') quote = '\0';
    } else if (c == '\\') {
      ++i;
    } else if (c == '"') {
      quote = quote == 0 ? c : '\0';
    } else if (c == '\'' && quote == 0) {
      quote = c;
    } else if (quote == 0 ? kShellOnly.find(c) != std::string_view::npos : c == '$' || c == '`') {
      return true;
    }
  }
  const std::string_view first = base::trim(text);
  return first.substr(0, first.find_first_of(kBlanks)).find('=') != std::string_view::npos;
}

Result<std::vector<std::string>> split(const std::string& text) {
  std::vector<std::string> words;
  bool inside = false;  // a word, maybe an empty one
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == 0 && kBlanks.find(c) != std::string_view::npos) {
      inside = false;
      continue;
    }
    if (!inside) words.emplace_back();
    inside = true;
    const bool escapes = c == '\\' && quote != '\'' && i + 1 < text.size();
    if (escapes && (quote == 0 || text[i + 1] == '"' || text[i + 1] == '\\')) {
      words.back() += text[++i];
    } else if (quote == 0 ? c == '\'' || c == '"' : c == quote) {
      quote = quote == 0 ? c : '\0';
    } else {
      words.back() += c;
    }
  }
  if (quote != 0) return Error{.attempt = "`" + text + "`: a quote is not closed"};
  return words;
}

}  // namespace

Result<std::vector<std::string>> split_command(const std::string& text, Shell shell) {
  if (base::trim(text).empty()) return Error{.attempt = "found an empty command"};
  if (shell == Shell::Default || (shell == Shell::Auto && needs_shell(text)))
    return std::vector<std::string>{"/bin/sh", "-c", text};
  return split(text);
}

}  // namespace benchd::campaign
