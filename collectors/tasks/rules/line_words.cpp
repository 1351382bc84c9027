#include "collectors/tasks/rules/line_words.h"

#include <algorithm>

#include "collectors/tasks/rules/digits.h"
#include "collectors/tasks/rules/quantity.h"
#include "collectors/tasks/rules/task_words.h"
#include "collectors/tasks/rules/written_time.h"

namespace benchd::rules {
namespace {

constexpr std::string_view kAround = " \t[](){}<>\"'`,;:=|";

/// The end of a quoted text that begins at `begin` and is no request, or npos.
size_t end_of_quoted(std::string_view line, size_t begin) {
  if (begin == 0 || line[begin - 1] != '"') return std::string_view::npos;
  const size_t end = line.find('"', begin);
  const bool request =
      end != std::string_view::npos && line.substr(begin, end - begin).find("HTTP/") != std::string_view::npos;
  return request ? std::string_view::npos : end;
}

bool any_varies(const std::vector<Word>& words, std::string_view text, std::string_view before) {
  if (std::any_of(text.begin(), text.end(), digit) || text.find('/') != std::string_view::npos) return true;
  const bool value = before == "=" || before == ":" || before == ": ";
  return names_method(text) || (value && !words.empty() && names_outcome(words.back().text));
}

}  // namespace

std::vector<Word> words_of(std::string_view line) {
  const bool access_log = line.find(" HTTP/") != std::string_view::npos;
  std::vector<Word> words;
  size_t at = 0;
  while (at < line.size()) {
    const size_t begin = std::min(line.find_first_not_of(kAround, at), line.size());
    if (begin == line.size()) break;
    const std::string_view before = line.substr(at, begin - at);
    const size_t quoted = access_log ? end_of_quoted(line, begin) : std::string_view::npos;
    if (quoted != std::string_view::npos) {
      words.push_back({.text = line.substr(begin, quoted - begin), .before = before, .varies = true});
      at = quoted;
      continue;
    }
    size_t end = std::min(line.find_first_of(kAround, begin), line.size());
    while (end > begin + 1 && (line[end - 1] == '.' || line[end - 1] == '!')) --end;
    const std::string_view text = line.substr(begin, end - begin);
    words.push_back({.text = text, .before = before, .varies = any_varies(words, text, before)});
    at = end;
  }
  return words;
}

size_t first_of_message(const std::vector<Word>& words, std::string_view line) {
  const size_t head = find_time(line).length;
  size_t first = 0;
  for (size_t i = 0; i < words.size() && i < 12; ++i) {
    const auto offset = static_cast<size_t>(words[i].text.data() - line.data());
    if (offset < head || names_level(words[i].text)) first = i + 1;
  }
  // A logger's name ends with a colon, or is in brackets: what is behind the last of those. The message has begun where
  // a word tells of a task.
  for (size_t i = first; i + 1 < words.size() && i < first + 6; ++i) {
    if (names_task(words[i].text) || tells_end(words[i].text) || take_duration(words[i].text).length > 0) break;
    const std::string_view behind = words[i + 1].before;
    if (behind == ": " || behind == "] " || behind == " - ") first = i + 1;
  }
  return first;
}

}  // namespace benchd::rules
