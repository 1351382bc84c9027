#include "collectors/tasks/logs/journal_log.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include <sys/epoll.h>
#include <systemd/sd-journal.h>

#include "base/text.h"

namespace benchd::logs {
namespace {

constexpr std::string_view kVersion = "journal1";
/// Of one piece: what takes about a millisecond.
constexpr size_t kMaxEntries = 256;
constexpr size_t kPriorityOfErrors = 3;
/// A container's loggers are as many as dockerd's starts since it runs.
constexpr size_t kMaxLoggers = 64;

base::Error error_of(int code, const char* attempt) {
  return {.code = -code, .attempt = attempt};
}

}  // namespace

std::string to_text(const JournalPlace& place) {
  std::string text(kVersion);
  for (const uint64_t after : place.after) text += " " + std::to_string(after);
  return text + " " + place.cursor;
}

std::optional<JournalPlace> parse_journal_place(std::string_view text) {
  if (base::cut(text, ' ') != kVersion) return std::nullopt;
  JournalPlace place;
  for (uint64_t& after : place.after) {
    const auto number = base::parse_integer(base::cut(text, ' '));
    if (!number) return std::nullopt;
    after = *number;
  }
  place.cursor = text;
  return place;
}

void JournalLog::Close::operator()(sd_journal* journal) const {
  ::sd_journal_close(journal);
}

JournalLog::JournalLog(LogSpec spec, const model::LogPosition& from, int64_t settle, int epoll, LogHandle handle,
                       std::string directory)
    : spec_(std::move(spec)), settle_(settle), epoll_(epoll), handle_(handle), directory_(std::move(directory)) {
  const auto place = parse_journal_place(from.place);
  if (place) done_ = *place;
  if (!place && !from.place.empty()) ++counts_.losses;
  from_end_ = !place && (spec_.from_end || !from.place.empty());
  to_skip_ = done_.after;
}

JournalLog::~JournalLog() = default;

void JournalLog::open() {
  sd_journal* opened = nullptr;
  const int error = directory_.empty() ? ::sd_journal_open(&opened, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM)
                                       : ::sd_journal_open_directory(&opened, directory_.c_str(), 0);
  if (error < 0) {
    trouble_ = error_of(error, "open the journal");
    return;
  }
  journal_.reset(opened);
  // Files that this user may not read are left out without a word.
  ::sd_journal_seek_tail(opened);
  if (::sd_journal_previous(opened) <= 0)
    trouble_ = {.code = EACCES, .attempt = "read the journal, in which nothing is to be seen (group systemd-journal)"};
  const std::string match = "CONTAINER_ID_FULL=" + spec_.container;
  ::sd_journal_set_data_threshold(opened, kMaxLine + 64);
  if (const int failed = ::sd_journal_add_match(opened, match.data(), match.size()); failed < 0)
    trouble_ = error_of(failed, "select a container in the journal");
  const int fd = ::sd_journal_get_fd(opened);
  if (fd < 0) return;
  epoll_event event{};
  event.events = static_cast<uint32_t>(EPOLLIN) | EPOLLET;
  event.data.u64 = handle_;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
}

void JournalLog::look(base::Instant /*now*/) {
  if (!journal_) open();
}

bool JournalLog::poll(base::Instant now) {
  look(now);
  return journal_ != nullptr || finishing_;
}

/// To the entry that was read last, at first to that of the cursor; false while there is nothing at all.
bool JournalLog::seek() {
  sd_journal* const journal = journal_.get();
  at_unread_ = false;
  if (from_end_) {
    ::sd_journal_seek_tail(journal);
    if (::sd_journal_previous(journal) > 0) {
      char* cursor = nullptr;
      if (::sd_journal_get_cursor(journal, &cursor) == 0) done_.cursor = cursor;
      ::free(cursor);  // NOLINT(cppcoreguidelines-no-malloc): libsystemd's
      note_ordinal();
    } else {
      ::sd_journal_seek_head(journal);
    }
    from_end_ = false;
    moved_ = true;
    return true;
  }
  const std::string& cursor = read_cursor_.empty() ? done_.cursor : read_cursor_;
  if (cursor.empty()) {
    ::sd_journal_seek_head(journal);
    return true;
  }
  ::sd_journal_seek_cursor(journal, cursor.c_str());
  if (::sd_journal_next(journal) <= 0) return false;
  if (::sd_journal_test_cursor(journal, cursor.c_str()) > 0) {
    note_ordinal();
    return true;
  }
  // The entry is gone, and this is the nearest one after it.
  at_unread_ = true;
  if (found_place_) return true;
  ++counts_.losses;
  to_skip_ = {};
  done_.after = {};
  moved_ = true;
  return true;
}

std::string_view JournalLog::field(const char* name) const {
  const void* data = nullptr;
  size_t length = 0;
  if (::sd_journal_get_data(journal_.get(), name, &data, &length) < 0) return {};
  std::string_view text(static_cast<const char*>(data), length);
  base::cut(text, '=');
  return text;
}

std::optional<uint64_t> JournalLog::number(const char* name) const {
  return base::parse_integer(field(name));
}

/// Entries that are missing in front of this one.
void JournalLog::note_ordinal() {
  const auto ordinal = number("CONTAINER_LOG_ORDINAL");
  const std::string_view logger = field("CONTAINER_LOG_EPOCH");
  if (!ordinal || logger.empty()) return;
  if (ordinals_.size() > kMaxLoggers) ordinals_.clear();
  const auto [last, first_seen] = ordinals_.try_emplace(std::string(logger), *ordinal);
  if (first_seen) return;
  if (*ordinal > last->second + 1) provisional_.lost_lines += *ordinal - last->second - 1;
  last->second = std::max(last->second, *ordinal);
}

LogReader::Turn JournalLog::read(Workspace& /*workspace*/, LogHandle handle, LogListener& listener, base::Instant now) {
  look(now);
  if (journal_) {
    // journald counts an entry in its file before it puts it into the index of each field. libsystemd, coming between,
    // takes the file for read to its end, until it grows again, and goes on with a later file: so back after each
    // change.
    const bool changed = ::sd_journal_process(journal_.get()) != SD_JOURNAL_NOP;
    if (changed || !at_place_) at_place_ = seek();
    found_place_ = found_place_ || at_place_;
  }
  size_t entries = 0;
  size_t bytes = 0;
  while (at_place_ && entries < kMaxEntries && bytes < kMaxLine) {
    const int next = std::exchange(at_unread_, false) ? 1 : ::sd_journal_next(journal_.get());
    if (next < 0) trouble_ = error_of(next, "read the journal");
    if (next <= 0) break;
    trouble_.reset();
    bytes += take_entry(handle, listener);
    ++entries;
  }
  tell(handle, listener);
  if (entries > 0) {
    quiet_since_.reset();
    return Turn::More;
  }
  if (!quiet_since_) quiet_since_ = now;
  if (!finishing_ || now - *quiet_since_ < settle_) return Turn::Waiting;
  for (LineJoiner& joiner : joiners_)
    if (const auto line = joiner.flush()) give(*line, handle, listener);
  pieces_ = {};
  if (!read_cursor_.empty() && read_cursor_ != done_.cursor) {
    note_done(read_cursor_);
    moved_ = true;
  }
  tell(handle, listener);
  return Turn::Ended;
}

/// Returns its length.
size_t JournalLog::take_entry(LogHandle handle, LogListener& listener) {
  char* text = nullptr;
  read_cursor_ = ::sd_journal_get_cursor(journal_.get(), &text) == 0 ? text : "";
  ::free(text);  // NOLINT(cppcoreguidelines-no-malloc): libsystemd's
  note_ordinal();
  Record record{.text = field("MESSAGE")};
  const size_t stream = number("PRIORITY") == kPriorityOfErrors ? 1 : 0;
  const size_t length = record.text.size();
  provisional_.bytes += length;
  moved_ = true;
  if (to_skip_[stream] > 0) {
    --to_skip_[stream];
    return length;
  }
  // One string at a time is valid.
  const std::string message(record.text);
  record.text = message;
  record.stream = static_cast<model::Stream>(stream);
  record.ends_line = field("CONTAINER_PARTIAL_MESSAGE") != "true";
  record.stamp = parse_stamp(field("SYSLOG_TIMESTAMP"));
  uint64_t microseconds = 0;
  if (!record.stamp && ::sd_journal_get_realtime_usec(journal_.get(), &microseconds) == 0)
    record.stamp = static_cast<int64_t>(microseconds) * 1000;

  const auto line = joiners_[stream].take(record);
  if (line) give(*line, handle, listener);
  ++pieces_[stream];
  if (!joiners_[stream].open()) done_.after[stream] += std::exchange(pieces_[stream], 0);
  if (!joiners_[0].open() && !joiners_[1].open() && to_skip_[0] == 0 && to_skip_[1] == 0) note_done(read_cursor_);
  return length;
}

void JournalLog::note_done(const std::string& cursor) {
  done_ = {.cursor = cursor, .after = {}};
  counts_.bytes += provisional_.bytes;
  counts_.truncated += provisional_.truncated;
  counts_.lost_lines += provisional_.lost_lines;
  provisional_ = {};
}

void JournalLog::give(const model::LogLine& line, LogHandle handle, LogListener& listener) {
  if (line.truncated) ++provisional_.truncated;
  if (line.stamp) last_ = line.stamp;
  listener.line(handle, line);
}

void JournalLog::tell(LogHandle handle, LogListener& listener) {
  if (!moved_) return;
  listener.reached(handle, {.position = {spec_.log, to_text(done_)}, .counts = counts_});
  counts_ = {};
  moved_ = false;
}

LogStatus JournalLog::status() const {
  return {.present = found_place_, .at_end = quiet_since_.has_value(), .last = last_, .trouble = trouble_};
}

}  // namespace benchd::logs
