#include "daemon/log.h"

#include <atomic>
#include <cstdlib>

#include <nlohmann/json.hpp>
#include <spdlog/details/os.h>
#include <spdlog/sinks/dup_filter_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <sys/stat.h>
#include <unistd.h>

namespace benchd::daemon {
namespace {

std::atomic<uint64_t> warnings;
std::atomic<uint64_t> errors;

constexpr auto kRepeatWindow = std::chrono::seconds(30);

/// systemd.exec(5): JOURNAL_STREAM is "DEVICE:INODE" of the stream that stdout or stderr was connected to.
bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &status) != 0) return false;
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) == stream;
}

/// sd-daemon(3)
int journal_priority(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::critical:
      return 2;
    case spdlog::level::err:
      return 3;
    case spdlog::level::warn:
      return 4;
    case spdlog::level::info:
      return 6;
    default:
      return 7;
  }
}

class LineFormatter : public spdlog::formatter {
 public:
  LineFormatter(bool json, bool journal) : json_(json), journal_(journal) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    if (message.level == spdlog::level::warn) ++warnings;
    if (message.level >= spdlog::level::err) ++errors;
    const std::string level =
        message.level == spdlog::level::warn ? "warn" : spdlog::level::to_string_view(message.level).data();
    // Quoting is JSON's in both forms; what is not UTF-8 is replaced.
    const std::string text = nlohmann::json(std::string(message.payload.data(), message.payload.size()))
                                 .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    const std::string time = journal_ ? "" : timestamp(message.time);
    std::string line = journal_ ? "<" + std::to_string(journal_priority(message.level)) + ">" : "";
    if (json_) {
      line +=
          "{" + (time.empty() ? "" : "\"ts\":\"" + time + "\",") + "\"level\":\"" + level + "\",\"msg\":" + text + "}";
    } else {
      line += (time.empty() ? "" : "ts=" + time + " ") + "level=" + level + " msg=" + text;
    }
    line += '\n';
    out.append(line.data(), line.data() + line.size());
  }

  std::unique_ptr<formatter> clone() const override { return std::make_unique<LineFormatter>(json_, journal_); }

 private:
  static std::string timestamp(spdlog::log_clock::time_point time) {
    const auto since_epoch = time.time_since_epoch();
    const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count() % 1000;
    const std::tm parts = spdlog::details::os::gmtime(spdlog::log_clock::to_time_t(time));
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                       parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, millis);
  }

  const bool json_;
  const bool journal_;
};

}  // namespace

void set_up_log(const std::string& level, const std::string& format) {
  const auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  const auto once = std::make_shared<spdlog::sinks::dup_filter_sink_mt>(kRepeatWindow);
  once->add_sink(sink);
  once->set_formatter(std::make_unique<LineFormatter>(format == "json", stderr_is_journal()));
  const auto logger = std::make_shared<spdlog::logger>("benchd", once);
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::debug);
  spdlog::set_default_logger(logger);
}

LogCounts log_counts() {
  return {.warnings = warnings, .errors = errors};
}

}  // namespace benchd::daemon
