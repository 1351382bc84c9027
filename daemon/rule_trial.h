#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "collectors/tasks/rules/rule_set.h"
#include "model/log.h"
#include "model/task.h"

namespace benchd::daemon {

/// What an engine put around the lines of a file.
enum class Wrapping : uint8_t { Found, None, JsonFile, Cri };

/// Calls `take(const model::LogLine&)` for every line that can be read from `fd`, a file's or a pipe's, and gives the
/// bytes that it read. Wrapping::Found looks at the first line. `malformed`: records that are not what the wrapping
/// promises. Memory does not depend on the file's size; of a line of more than 256 KiB the head is given.
base::Result<uint64_t> read_lines(int fd, Wrapping wrapping, const std::function<void(const model::LogLine&)>& take,
                                  uint64_t& malformed);

/// What rules make of a log.
struct Trial {
  uint64_t lines = 0;
  model::LogCounts counts;
  double seconds = 0;  ///< that it took
  std::vector<model::TaskFigures> tasks;
  std::vector<std::string> unmatched;  ///< the first few, fit to be printed
  std::vector<std::string> malformed;  ///< likewise, each with what is wrong with it
};

/// Reads all of `fd`. The Error is of reading.
base::Result<Trial> try_rules(int fd, Wrapping wrapping, rules::RuleSet& rules);

}  // namespace benchd::daemon
