#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/fd.h"
#include "collectors/tasks/logs/line_joiner.h"
#include "collectors/tasks/logs/log_reader.h"

struct sd_journal;

namespace benchd::logs {

/// LogPosition::place of a log in the journal: everything up to and with the entry of the cursor is done, and of each
/// stream so many entries after it (while a line of the other stream is not complete).
struct JournalPlace {
  std::string cursor;  ///< libsystemd's; empty: before everything
  std::array<uint64_t, 2> after{};
  friend bool operator==(const JournalPlace&, const JournalPlace&) = default;
};
std::string to_text(const JournalPlace& place);
std::optional<JournalPlace> parse_journal_place(std::string_view text);

/// What Docker's or podman's journald driver wrote of one container. Docker numbers the entries of each of its loggers:
/// a gap is what journald suppressed or removed before it was read (moby daemon/logger/journald/journald.go).
class JournalLog : public LogReader {
 public:
  /// `directory`: of the journal's files; empty: this host's.
  JournalLog(LogSpec spec, const model::LogPosition& from, int64_t settle, int epoll, LogHandle handle,
             std::string directory);
  ~JournalLog() override;
  JournalLog(const JournalLog&) = delete;
  JournalLog& operator=(const JournalLog&) = delete;

  void look(base::Instant now) override;
  bool poll(base::Instant now) override;
  Turn read(Workspace& workspace, LogHandle handle, LogListener& listener, base::Instant now) override;
  void finish() override { finishing_ = true; }
  LogStatus status() const override;

 private:
  struct Close {
    void operator()(sd_journal* journal) const;
  };

  void open();
  bool seek();
  std::string_view field(const char* name) const;
  std::optional<uint64_t> number(const char* name) const;
  void note_ordinal();
  size_t take_entry(LogHandle handle, LogListener& listener);
  void note_done(const std::string& cursor);
  void give(const model::LogLine& line, LogHandle handle, LogListener& listener);
  void tell(LogHandle handle, LogListener& listener);

  const LogSpec spec_;
  const int64_t settle_;
  const int epoll_;
  const LogHandle handle_;
  const std::string directory_;
  std::unique_ptr<sd_journal, Close> journal_;
  bool from_end_ = false;
  bool at_place_ = false;     ///< the journal stands at the last entry that was read, or at that after it
  bool found_place_ = false;  ///< it has been there
  bool at_unread_ = false;    ///< the journal stands at an entry that is to be taken
  JournalPlace done_;
  std::string read_cursor_;            ///< of the last entry
  std::array<uint64_t, 2> to_skip_{};  ///< by stream: entries that were done before the restart
  std::array<uint64_t, 2> pieces_{};   ///< by stream: entries of its line that is not complete
  std::array<LineJoiner, 2> joiners_;
  std::map<std::string, uint64_t, std::less<>> ordinals_;  ///< the last of each of Docker's loggers
  bool finishing_ = false;
  std::optional<base::Instant> quiet_since_;
  model::LogCounts counts_;       ///< not told yet
  model::LogCounts provisional_;  ///< of entries after the cursor: read again after a restart
  bool moved_ = false;
  std::optional<int64_t> last_;
  std::optional<base::Error> trouble_;
};

}  // namespace benchd::logs
