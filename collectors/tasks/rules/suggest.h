#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/tasks/rules/rule.h"

namespace benchd::rules {

/// A rule that a log's lines suggest.
struct Suggestion {
  Rule rule;                          ///< a preset, a template, or json or logfmt
  std::string yaml;                   ///< the same as an item of `tasks:` in benchd.yml
  std::string note;                   ///< what its author has to check, or empty
  uint64_t lines = 0;                 ///< of the sample, that it matches
  bool timed = false;                 ///< it finds durations
  std::vector<std::string> examples;  ///< the first ones that it matches, fit to be printed
};

/// Proposes presets that know the log's format, and looks for lines that recur but for their numbers, ids, times and
/// addresses: makes rules of those that look like the end of a task, that tell a duration, or say done, finished,
/// completed, succeeded, failed or processed. Rules with durations come first, then by the lines that they match. Holds
/// at most 20,000 lines of 2 KiB, the first ones that it is given.
class Suggester {
 public:
  static constexpr size_t kMostLines = 20'000;

  void take(std::string_view line);

  /// At most `most`. Each is compiled and tried on the sample, so `lines` and `examples` are what it really matches.
  std::vector<Suggestion> suggestions(size_t most = 5) const;

  size_t sampled() const { return sample_.size(); }

 private:
  std::vector<std::string> sample_;
};

}  // namespace benchd::rules
