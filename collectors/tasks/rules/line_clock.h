#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "collectors/tasks/rules/time_format.h"
#include "collectors/tasks/rules/time_zone.h"

namespace benchd::rules {

/// From a line to an instant: finds its time by a format, or whatever is there, and puts it into a zone. Not for two
/// threads at once.
class LineClock {
 public:
  LineClock(std::optional<TimeFormat> format, TimeZone zone) : format_(std::move(format)), zone_(zone) {}

  /// Nanoseconds of Unix time; nothing where the line has no time. `near`, the engine's stamp or the present, tells the
  /// year where the line does not, and which hour it is when the clocks show it twice.
  std::optional<int64_t> of_line(std::string_view line, std::optional<int64_t> near) const;

  /// The same for a text that is the time.
  std::optional<int64_t> of_text(std::string_view text, std::optional<int64_t> near) const;

 private:
  std::optional<int64_t> to_unix(WrittenTime written, std::optional<int64_t> near) const;

  std::optional<TimeFormat> format_;
  TimeZone zone_;
};

}  // namespace benchd::rules
