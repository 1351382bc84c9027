#pragma once

#include <array>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/exhausted.h"
#include "collectors/tasks/logs/line_joiner.h"
#include "collectors/tasks/logs/log_reader.h"
#include "collectors/tasks/logs/open_log.h"

namespace benchd::logs {

/// One log in files: reads it piece by piece, through rotations and restarts. Keeps the files open that are not read
/// to their end, and in memory no more than the unfinished lines of its two streams.
class FileLog : public LogReader {
 public:
  /// Opens nothing yet. `settle`: a file that another took the place of is left when it has not grown for so long.
  FileLog(base::Door& door, LogSpec spec, const model::LogPosition& from, int64_t settle);

  const LogSpec& spec() const { return spec_; }

  /// Looks what is behind the log's name now: opens it when it has come, and its successors when it was rotated.
  void look(base::Instant now) override;

  /// The file that had the log's name was unlinked.
  void note_removed() { ++removed_; }

  /// The file being read has lost its name, and no other has taken it. Its folder may be another one by now: the kernel
  /// tells that of no folder of which a file is open.
  bool is_removed() const { return !files_.empty() && !seen_.linked && !has_next(); }

  /// The last look failed for want of descriptors or memory: the files it did not see are still to be found.
  bool is_starved() const { return trouble_ && base::means_exhausted(trouble_->code); }

  /// Whether it is one of the files of this log that are open.
  bool has_open(const FileIdentity& identity) const;

  bool poll(base::Instant now) override;
  Turn read(Workspace& workspace, LogHandle handle, LogListener& listener, base::Instant now) override;
  void finish() override { finishing_ = true; }
  LogStatus status() const override;

 private:
  struct Sink {
    LogHandle handle;
    LogListener& listener;
  };

  void add_successors(std::optional<OpenLog> current);
  void keep_first(std::vector<OpenLog>& files, size_t most);
  void note_missed();
  void start();
  void start_at_end();
  OpenLog& file_of(const Mark& mark) { return files_[mark.file - first_]; }
  bool has_next() const { return read_.file + 1 - first_ < files_.size(); }

  size_t take_records(std::string_view bytes, Workspace& workspace, Sink sink);
  void take_record(std::string_view text, uint64_t offset, Workspace& workspace, Sink sink);
  bool parse(std::string_view text, Workspace& workspace, Record& record) const;
  void leap_over_hole();
  void take_head(std::string_view head, Sink sink);
  void give(const model::LogLine& line, Sink sink);
  void advance(uint64_t offset);

  Turn at_end(std::string_view unfinished, Sink sink, base::Instant now);
  bool has_settled(base::Instant now) const;
  void take_unfinished(std::string_view unfinished, Sink sink);
  void leave_file(Sink sink);
  bool cut_short(Sink sink);
  void flush(Sink sink);

  void tell(Sink sink);
  void note_tail(std::string_view before);
  Mark done(model::Stream stream) const;
  FilePlace place();

  base::Door& door_;
  const LogSpec spec_;
  const int64_t settle_;
  std::optional<FilePlace> resume_;  ///< until the files are found
  bool lost_ = false;                ///< a position was given that says nothing

  std::deque<OpenLog> files_;    ///< from the one of the lowest mark to the newest
  bool has_more_ = false;        ///< newer ones were found than are kept open at once
  uint64_t first_ = 0;           ///< what marks call files_[0]
  Mark read_;                    ///< every record before it was taken
  uint64_t tail_ = hash_of({});  ///< of the bytes before it
  bool skipping_ = false;        ///< the rest of a line, or record, that was too long
  uint64_t scanned_ = 0;         ///< so many bytes after `read_` have no line end

  Mark told_before_;                  ///< counted before the restart
  std::array<Mark, 2> given_before_;  ///< by stream: records before it were given before the restart
  std::array<Mark, 2> begun_;         ///< by stream: where its unfinished line begins, while one is open
  std::array<LineJoiner, 2> joiners_;

  uint64_t removed_ = 0;        ///< unlinked under the log's name
  uint64_t removed_known_ = 0;  ///< of them, those that were open by then, the newest not among them
  uint64_t missed_ = 0;         ///< of them, those that never were; counted as losses

  bool finishing_ = false;
  std::optional<base::Instant> quiet_since_;  ///< the end was reached, and nothing came since
  FileLook seen_;                             ///< of the file being read
  model::LogCounts counts_;                   ///< not told yet
  bool moved_ = false;                        ///< read on since the position was told
  std::optional<int64_t> last_;
  std::optional<base::Error> trouble_;
};

}  // namespace benchd::logs
