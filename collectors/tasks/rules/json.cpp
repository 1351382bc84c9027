#include "collectors/tasks/rules/json.h"

#include <algorithm>

#include "collectors/tasks/rules/escape.h"

namespace benchd::rules {

JsonReader::JsonReader(std::string_view line, JsonScratch& scratch) : scratch_(scratch) {
  const size_t begin = line.find('{');
  scratch_.path.clear();
  scratch_.text.clear();
  if (begin == std::string_view::npos) return;
  rest_ = line.substr(begin + 1);
  scratch_.text.reserve(rest_.size());  // unescaped texts are never longer: their views stay good
  begun_ = push(false);
}

void JsonReader::skip_blanks() {
  size_t i = 0;
  while (i < rest_.size() &&
         (rest_[i] == ' ' || rest_[i] == ',' || rest_[i] == '\t' || rest_[i] == '\n' || rest_[i] == '\r'))
    ++i;
  rest_.remove_prefix(i);
}

bool JsonReader::push(bool array) {
  if (depth_ == levels_.size()) return false;
  levels_.at(depth_++) = {.array = array, .path = scratch_.path.size()};
  return true;
}

bool JsonReader::take_key(size_t above) {
  if (rest_.front() != '"') return false;
  rest_.remove_prefix(1);
  scratch_.path.resize(above);
  if (above > 0) scratch_.path += '.';
  bool closed = false;
  scratch_.path += take_quoted(rest_, scratch_.text, closed);
  skip_blanks();
  if (!closed || rest_.empty() || rest_.front() != ':') return false;
  rest_.remove_prefix(1);
  skip_blanks();
  return !rest_.empty();
}

std::optional<JsonValue> JsonReader::next() {
  while (depth_ > 0) {
    skip_blanks();
    if (rest_.empty()) return std::nullopt;
    const Level& level = levels_.at(depth_ - 1);
    if (rest_.front() == '}' || rest_.front() == ']') {
      if ((rest_.front() == ']') != level.array) return std::nullopt;
      rest_.remove_prefix(1);
      scratch_.path.resize(level.path);
      complete_ = --depth_ == 0;
      continue;
    }
    if (!level.array && !take_key(level.path)) return std::nullopt;
    const char c = rest_.front();
    if (c == '{' || c == '[') {
      rest_.remove_prefix(1);
      if (!push(c == '[')) return std::nullopt;
      continue;
    }
    if (c == '"') {
      rest_.remove_prefix(1);
      bool closed = false;
      const std::string_view text = take_quoted(rest_, scratch_.text, closed);
      if (!closed) return std::nullopt;
      return JsonValue{.path = scratch_.path, .text = text};
    }
    const std::string_view text = rest_.substr(0, rest_.find_first_of(",}] \t\r\n"));
    rest_.remove_prefix(std::max<size_t>(text.size(), 1));
    if (text.empty()) return std::nullopt;
    return JsonValue{.path = scratch_.path, .text = text, .null = text == "null"};
  }
  return std::nullopt;
}

}  // namespace benchd::rules
