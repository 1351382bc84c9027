#include "collectors/tasks/logs/file_log.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include <unistd.h>

namespace benchd::logs {
namespace {

using Files = std::vector<OpenLog>;

/// Enough to make the system call cheap, little enough to stay in the cache.
constexpr size_t kPiece = 128UL << 10;
static_assert(kPiece < kMaxLine);

/// Files of one log that are kept open at once; what comes after them is found when they are read.
constexpr size_t kMaxFiles = 64;

bool has_no_name(const OpenLog& log) {
  const auto look = look_at(log.file.fd());
  return look.ok() && !look->linked;
}

}  // namespace

FileLog::FileLog(base::Door& door, LogSpec spec, const model::LogPosition& from, int64_t settle)
    : door_(door), spec_(std::move(spec)), settle_(settle), resume_(parse_file_place(from.place)) {
  lost_ = !from.place.empty() && !resume_;
}

void FileLog::look(base::Instant /*now*/) {
  auto current = open_current(door_, spec_.folder, spec_.file);
  trouble_.reset();
  if (!current.ok() && current.error().code != ENOENT) trouble_ = current.error();
  if (files_.empty()) {
    start();
    return;
  }
  const bool is_another = current.ok() && current->identity != files_.back().identity;
  // The name may stand for nothing, and for a file in between that has another name by now.
  const bool is_missing = !current.ok() && current.error().code == ENOENT;
  if ((is_another || is_missing) && files_.size() < kMaxFiles)
    add_successors(is_another ? std::optional(std::move(*current)) : std::nullopt);
  note_missed();
}

void FileLog::add_successors(std::optional<OpenLog> current) {
  auto all = open_all(door_, spec_.folder, spec_.file);
  if (!all.ok()) {
    trouble_ = all.error();
    return;
  }
  Files others = *std::move(all);
  // Another rotation may have moved it on, or removed it, since it was opened.
  if (current && !is_among(others, *current)) {
    const auto newest = std::find_if(others.begin(), others.end(), [](const OpenLog& other) { return other.current; });
    others.insert(newest, std::move(*current));
  }
  OpenLog& last = files_.back();
  auto next = successors(std::move(others), last);
  if (!next.empty()) removed_known_ += has_no_name(last) ? 1 : 0;
  keep_first(next, kMaxFiles - files_.size());
  std::move(next.begin(), next.end(), std::back_inserter(files_));
}

/// So many; the others are looked for when these are read.
void FileLog::keep_first(std::vector<OpenLog>& files, size_t most) {
  has_more_ = files.size() > most;
  if (has_more_) files.erase(files.begin() + static_cast<ptrdiff_t>(most), files.end());
}

/// Files of this name that were made and removed again between two looks: nobody has read them.
void FileLog::note_missed() {
  const uint64_t known = removed_known_ + (has_no_name(files_.back()) ? 1 : 0);
  if (removed_ <= known + missed_) return;
  counts_.losses += removed_ - known - missed_;
  missed_ = removed_ - known;
  moved_ = true;
}

void FileLog::start() {
  auto all = open_all(door_, spec_.folder, spec_.file);
  if (!all.ok()) trouble_ = all.error();
  if (!all.ok() || all->empty()) return;
  Files files = *std::move(all);
  bool from_end = spec_.from_end;
  if (resume_) {
    Resumed resumed = find_place(std::move(files), *resume_);
    if (resumed.files.empty()) return;
    files = std::move(resumed.files);
    read_ = resumed.read;
    given_before_ = {resumed.out, resumed.error};
    skipping_ = resumed.skipping && std::min(resumed.out, resumed.error) == resumed.read;
    counts_.truncations += resumed.truncated ? 1 : 0;
    counts_.losses += resumed.lost ? 1 : 0;
    from_end = resumed.from_end;
    moved_ = resumed.lost || resumed.truncated;
  } else if (lost_) {
    ++counts_.losses;
    from_end = true;
  }
  told_before_ = read_;
  if (from_end) files.erase(files.begin(), std::prev(files.end()));
  keep_first(files, kMaxFiles);
  files_.assign(std::make_move_iterator(files.begin()), std::make_move_iterator(files.end()));
  if (from_end) {
    start_at_end();
  } else if (resume_) {
    read_ = std::min(given_before_[0], given_before_[1]);
    note_tail({});
  }
  resume_.reset();
  lost_ = false;
}

/// After the last line end there is: what follows belongs to a line that began before.
void FileLog::start_at_end() {
  OpenLog& log = files_.back();
  const auto look = look_at(log.file.fd());
  if (!look.ok()) return;
  std::vector<char> bytes(std::min<uint64_t>(look->size, kMaxLine));
  const uint64_t from = look->size - bytes.size();
  const auto got = log.file.read_at(from, bytes.data(), bytes.size());
  const std::string_view text(bytes.data(), got.ok() ? *got : 0);
  const size_t end = text.rfind('\n');
  read_.offset = end == std::string_view::npos ? from : from + end + 1;
  skipping_ = end == std::string_view::npos && from > 0;
  told_before_ = read_;
  given_before_ = {read_, read_};
  extend_head(log, read_.offset);
  note_tail({});
  moved_ = true;
}

bool FileLog::poll(base::Instant /*now*/) {
  if (files_.empty()) return finishing_;
  const auto look = look_at(file_of(read_).file.fd());
  if (!look.ok()) return false;
  return look->size != seen_.size || look->written != seen_.written || has_next() || finishing_ || moved_ ||
         is_starved();
}

FileLog::Turn FileLog::read(Workspace& workspace, LogHandle handle, LogListener& listener, base::Instant now) {
  const Sink sink{handle, listener};
  if (files_.empty()) {
    if (finishing_) look(now);
    if (files_.empty()) {
      if (!finishing_) return Turn::Waiting;
      // A container's first line may come after its end, and its file with it.
      if (!quiet_since_) quiet_since_ = now;
      return has_settled(now) ? Turn::Ended : Turn::Waiting;
    }
    quiet_since_.reset();
  }
  // Looked at before it is read: what is written in between is seen as a change the next time.
  OpenLog& log = file_of(read_);
  const uint64_t seen_before = seen_.size;
  if (const auto look = look_at(log.file.fd()); look.ok()) seen_ = *look;
  if (log.file.compressed() && read_.offset == 0) extend_head(log, kMaxHead);

  const size_t tail = log.file.compressed() ? 0 : std::min<uint64_t>(read_.offset, kMaxTail);
  size_t wanted = scanned_ < kPiece ? kPiece : kMaxLine;
  const auto got = log.file.read_at(read_.offset - tail, workspace.bytes.data(), tail + wanted);
  if (!got.ok()) {
    trouble_ = got.error();
    if (!log.file.compressed() || !has_next()) return Turn::Waiting;
    ++counts_.losses;
    scanned_ = 0;
    leave_file(sink);
    return Turn::More;
  }
  const std::string_view bytes(workspace.bytes.data(), *got);
  if (!log.file.compressed() &&
      (bytes.size() < tail || seen_.size < seen_before || hash_of(bytes.substr(0, tail)) != tail_)) {
    if (!cut_short(sink)) {
      seen_.size = seen_before;  // so that it is seen the next time
      return Turn::Waiting;
    }
    tell(sink);
    return Turn::More;
  }

  const std::string_view fresh = bytes.substr(tail);
  const uint64_t before = read_.offset;
  const size_t taken = take_records(fresh, workspace, sink);
  if (read_.offset != before) {
    const bool leapt = read_.offset != before + taken;
    note_tail(leapt ? std::string_view() : bytes.substr(0, tail + taken));
    if (!log.file.compressed()) extend_head(log, read_.offset);
    quiet_since_.reset();
    scanned_ = 0;
  }
  Turn turn = Turn::More;
  const std::string_view unfinished = fresh.substr(taken);
  if (fresh.size() < wanted) {
    if (unfinished.size() != scanned_) quiet_since_.reset();
    scanned_ = unfinished.size();
    turn = at_end(unfinished, sink, now);
  } else if (taken == 0) {
    scanned_ = unfinished.size();  // the next read asks for more
  }
  tell(sink);
  return turn;
}

/// Takes whole records off the front and returns their length together.
size_t FileLog::take_records(std::string_view bytes, Workspace& workspace, Sink sink) {
  size_t at = 0;
  while (at < bytes.size()) {
    const uint64_t offset = read_.offset;
    if (!skipping_ && bytes[at] == '\0') {
      // A hole, left where a file was cut that its writer did not open for appending.
      const size_t end = std::min(bytes.find_first_not_of('\0', at), bytes.size());
      advance(offset + (end - at));
      at = end;
      if (at == bytes.size()) leap_over_hole();
      continue;
    }
    const void* const found = std::memchr(bytes.data() + at, '\n', bytes.size() - at);
    if (found == nullptr) {
      const std::string_view rest = bytes.substr(at);
      if (skipping_ || rest.size() >= kMaxLine) {
        if (!skipping_) take_head(rest.substr(0, kMaxLine), sink);
        advance(offset + rest.size());
        at = bytes.size();
      }
      break;
    }
    const auto end = static_cast<size_t>(static_cast<const char*>(found) - bytes.data());
    if (!skipping_) take_record(bytes.substr(at, end - at), offset, workspace, sink);
    skipping_ = false;
    advance(offset + (end + 1 - at));
    at = end + 1;
  }
  return at;
}

/// A hole may be as large as the file was before it was cut.
void FileLog::leap_over_hole() {
  const LogFile& file = file_of(read_).file;
  if (file.compressed()) return;
  const off_t data = ::lseek(file.fd(), static_cast<off_t>(read_.offset), SEEK_DATA);
  if (data > static_cast<off_t>(read_.offset)) advance(static_cast<uint64_t>(data));
}

bool FileLog::parse(std::string_view text, Workspace& workspace, Record& record) const {
  switch (spec_.kind) {
    case LogKind::JsonFile:
      return parse_json_file(text, workspace.text, record);
    case LogKind::Cri:
      return parse_cri(text, record);
    case LogKind::Plain:
      if (text.ends_with('\r')) text.remove_suffix(1);
      record.text = text;
      return true;
    case LogKind::EngineStream:
    case LogKind::Journal:
      break;  // in no file
  }
  return false;
}

void FileLog::take_record(std::string_view text, uint64_t offset, Workspace& workspace, Sink sink) {
  const Mark mark{read_.file, offset};
  Record record;
  if (!parse(text, workspace, record)) {
    if (mark >= told_before_) ++counts_.malformed;
    return;
  }
  const auto stream = static_cast<size_t>(record.stream);
  if (mark < given_before_[stream]) return;
  LineJoiner& joiner = joiners_[stream];
  if (!joiner.open() && !record.ends_line) begun_[stream] = mark;
  if (const auto line = joiner.take(record)) give(*line, sink);
}

/// What has more than kMaxLine bytes and no end yet: of a line its head counts, of a record nothing.
void FileLog::take_head(std::string_view head, Sink sink) {
  skipping_ = true;
  if (spec_.kind == LogKind::Plain)
    give({.text = head, .stamp = {}, .stream = model::Stream::Out, .truncated = true}, sink);
  else if (read_ >= told_before_)
    ++counts_.malformed;
}

void FileLog::give(const model::LogLine& line, Sink sink) {
  if (line.truncated) ++counts_.truncated;
  if (line.stamp) last_ = line.stamp;
  sink.listener.line(sink.handle, line);
}

/// On to `offset` of the file being read.
void FileLog::advance(uint64_t offset) {
  const Mark to{read_.file, offset};
  if (to > told_before_) {
    const uint64_t from = told_before_.file == to.file ? std::max(read_.offset, told_before_.offset) : read_.offset;
    counts_.bytes += offset - from;
  }
  read_ = to;
  moved_ = true;
}

FileLog::Turn FileLog::at_end(std::string_view unfinished, Sink sink, base::Instant now) {
  if (!quiet_since_) quiet_since_ = now;
  if (has_next()) {
    // An engine closes a file before it makes the next. Others may write on in the old one for a while, and have
    // begun the new one when that has something in it.
    if (spec_.kind == LogKind::Plain && !finishing_) {
      const auto next = look_at(files_[read_.file + 1 - first_].file.fd());
      if (next.ok() && next->size == 0 && read_.file + 2 - first_ == files_.size()) return Turn::Waiting;
      if (!has_settled(now)) return Turn::Waiting;
    }
    take_unfinished(unfinished, sink);
    leave_file(sink);
    return Turn::More;
  }
  if (!finishing_ && !has_more_) return Turn::Waiting;
  look(now);
  if (has_next()) return Turn::More;
  if (!finishing_ || is_starved()) return Turn::Waiting;
  if (seen_.linked && !has_settled(now)) return Turn::Waiting;
  take_unfinished(unfinished, sink);
  advance(read_.offset + unfinished.size());
  note_tail({});
  flush(sink);
  return Turn::Ended;
}

bool FileLog::has_settled(base::Instant now) const {
  return quiet_since_ && now - *quiet_since_ >= settle_;
}

/// The end of the file where no line end is: a line that will not go on, or a record that was cut.
void FileLog::take_unfinished(std::string_view unfinished, Sink sink) {
  if (unfinished.empty() || skipping_) return;
  if (spec_.kind == LogKind::Plain)
    give({.text = unfinished, .stamp = {}, .stream = model::Stream::Out, .truncated = false}, sink);
  else if (read_ >= told_before_)
    ++counts_.malformed;
}

/// On to the next file. Its beginning is told as the end of this one: nothing of it is known yet by which it could be
/// found after a restart, should it be compressed by then.
void FileLog::leave_file(Sink sink) {
  advance(read_.offset + scanned_);
  note_tail({});
  tell(sink);
  read_ = {.file = read_.file + 1, .offset = 0};
  if (read_ > told_before_) ++counts_.rotations;
  tail_ = hash_of({});
  skipping_ = false;
  scanned_ = 0;
  quiet_since_.reset();
  seen_ = {};
}

/// The file has not what was read of it any more. copytruncate leaves a copy: then only what was written between the
/// copy and the cut is gone, and nobody can tell how much that was. False: the copy cannot be looked for now.
bool FileLog::cut_short(Sink sink) {
  auto all = open_all(door_, spec_.folder, spec_.file);
  if (!all.ok()) {
    trouble_ = all.error();
    return false;
  }
  ++counts_.truncations;
  const auto here = files_.begin() + static_cast<ptrdiff_t>(read_.file - first_);
  auto copy = find_copy(*std::move(all), *here, read_.offset, tail_);
  here->head = {};
  if (copy) {
    files_.insert(here, std::move(*copy));
  } else {
    ++counts_.losses;
    flush(sink);
    read_.offset = 0;
    told_before_ = read_;
    given_before_ = {read_, read_};
    tail_ = hash_of({});
  }
  skipping_ = skipping_ && copy;
  seen_ = {};
  scanned_ = 0;
  quiet_since_.reset();
  moved_ = true;
  return true;
}

/// Lines that have begun and will not be finished.
void FileLog::flush(Sink sink) {
  for (LineJoiner& joiner : joiners_)
    if (const auto line = joiner.flush()) give(*line, sink);
}

/// The hash of what is before `read_`, from the end of `before`, or read again where that is not at hand.
void FileLog::note_tail(std::string_view before) {
  const size_t length = std::min<uint64_t>(read_.offset, kMaxTail);
  if (before.size() >= length) {
    tail_ = hash_of(before.substr(before.size() - length));
    return;
  }
  tail_ = tail_of(file_of(read_), read_.offset);
}

Mark FileLog::done(model::Stream stream) const {
  const auto index = static_cast<size_t>(stream);
  return joiners_[index].open() ? begun_[index] : read_;
}

FilePlace FileLog::place() {
  const Mark out = done(model::Stream::Out);
  const Mark error = done(model::Stream::Error);
  const uint64_t lowest = std::min(out.file, error.file);
  for (; first_ < lowest; ++first_) files_.pop_front();
  const auto relative = [&](Mark mark) { return Mark{mark.file - first_, mark.offset}; };
  FilePlace place{
      .read = relative(read_), .out = relative(out), .error = relative(error), .tail = tail_, .skipping = skipping_};
  for (uint64_t file = first_; file <= read_.file; ++file)
    place.files.push_back({files_[file - first_].identity, files_[file - first_].head});
  return place;
}

void FileLog::tell(Sink sink) {
  // Behind what was told before a restart there is nothing to tell.
  if (!moved_ || read_ < told_before_) return;
  sink.listener.reached(sink.handle, {.position = {spec_.log, to_text(place())}, .counts = counts_});
  counts_ = {};
  moved_ = false;
}

bool FileLog::has_open(const FileIdentity& identity) const {
  return std::any_of(files_.begin(), files_.end(), [&](const OpenLog& log) { return log.identity == identity; });
}

LogStatus FileLog::status() const {
  LogStatus status{.present = !files_.empty(), .last = last_, .trouble = trouble_};
  if (files_.empty()) return status;
  for (size_t i = read_.file - first_; i < files_.size(); ++i) {
    if (files_[i].file.compressed()) continue;
    const auto look = look_at(files_[i].file.fd());
    const uint64_t done = i == read_.file - first_ ? read_.offset : 0;
    if (look.ok() && look->size > done) status.lag_bytes += look->size - done;
  }
  status.at_end = quiet_since_.has_value() && !has_next();
  return status;
}

}  // namespace benchd::logs
