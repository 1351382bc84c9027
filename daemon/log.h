#pragma once

#include <string>

#include <spdlog/spdlog.h>

namespace benchd::daemon {

/// Sets spdlog's default logger up: to stderr, one line a message.
///   logfmt  ts=2026-01-01T00:00:00.000Z level=info msg="…"
///   json    {"ts":"…","level":"info","msg":"…"}
/// Under journald (stderr is the stream that JOURNAL_STREAM names) each line begins with sd-daemon's "<N>" priority and
/// has no time of its own. A message repeated at once is shown once and then counted.
void set_up_log(const std::string& level, const std::string& format);

/// Warnings and errors logged since the start, for benchd_log_messages_total.
struct LogCounts {
  uint64_t warnings = 0;
  uint64_t errors = 0;
};
LogCounts log_counts();

}  // namespace benchd::daemon
