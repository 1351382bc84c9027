#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "daemon/campaign/definition/plan.h"

namespace benchd::campaign {

/// "31 s", "2 min 5 s", "1 h 3 min"
std::string rough_time(int64_t nanoseconds);

/// Says how far a campaign is: on a terminal in one line that changes, elsewhere in a line now and then, at the end of
/// a block.
class Progress {
 public:
  struct Options {
    bool terminal = false;
    size_t width = 0;                    ///< of the terminal; 0: unknown
    int64_t quiet = 10 * base::kSecond;  ///< between two lines where there is no terminal
    std::function<base::Instant()> clock;
    std::function<void(const std::string&)> write;  ///< as is
  };

  /// `plan`: all starts; `names`: of the variants. Both live longer than this.
  Progress(const std::vector<Start>& plan, const std::vector<std::string>& names, Options options);

  /// A start was done by an earlier process.
  void skip() { ++done_; }
  void begins(const Start& start);
  void ends(const Start& start, bool failed);
  /// Clears the line that changes: something else is written, or it is over.
  void clear();

 private:
  std::string line(const Start& start) const;
  std::string left() const;

  const std::vector<Start>& plan_;
  const std::vector<std::string>& names_;
  Options options_;
  uint64_t done_ = 0;
  uint64_t failed_ = 0;
  base::Instant began_ = 0;                          ///< the start at hand
  std::vector<std::pair<int64_t, uint64_t>> spent_;  ///< by variant: time and starts
  base::Instant last_line_ = 0;
  bool shown_ = false;
};

}  // namespace benchd::campaign
