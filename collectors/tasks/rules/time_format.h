#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "collectors/tasks/rules/written_time.h"

namespace benchd::rules {

/// A format as strptime(3) and Python have it: %Y %y %m %b %B %d %e %j %H %I %p %M %S %f (a fraction, any digits) %z %Z
/// %a %A %s %F %T %D %R %n %t %%. A blank stands for any number of blanks. Without a date, or without any time of day,
/// it is refused.
class TimeFormat {
 public:
  static base::Result<TimeFormat> compile(std::string_view format);

  /// At the front of `text`.
  WrittenTime take(std::string_view text) const;

  /// At the first place within the first 128 bytes of a line where it fits.
  WrittenTime find(std::string_view line) const;

 private:
  struct Step {
    char specifier = 0;  ///< 0: this character
    char character = 0;
  };
  std::vector<Step> steps_;
  bool year_ = false;
};

}  // namespace benchd::rules
