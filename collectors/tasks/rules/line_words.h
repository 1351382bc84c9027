#pragma once

#include <string_view>
#include <vector>

namespace benchd::rules {

/// A log line seen as words.
struct Word {
  std::string_view text;    ///< without what punctuation stands around it
  std::string_view before;  ///< blanks and punctuation before it
  bool varies = false;      ///< from line to line: a number, an id, a path, a method, how a task ended
};

/// Of an access log's line ("… HTTP/1.1" …") what stands in quotes is one word, the request aside.
std::vector<Word> words_of(std::string_view line);

/// Where the message begins: behind the time, the level and what loggers put between.
size_t first_of_message(const std::vector<Word>& words, std::string_view line);

}  // namespace benchd::rules
