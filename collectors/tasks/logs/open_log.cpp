#include "collectors/tasks/logs/open_log.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/exhausted.h"
#include "collectors/tasks/logs/siblings.h"

namespace benchd::logs {
namespace {

using Files = std::vector<OpenLog>;

/// With fewer bytes in common the file that has the log's name is more often a new one than a copy.
constexpr uint32_t kTellingHead = 64;

base::Result<OpenLog> open_one(base::Door& door, const base::LogFolder& folder, const Sibling& sibling) {
  auto fd = door.open_log(folder, sibling.name);
  if (!fd.ok()) return fd.error();
  const auto look = look_at(fd->get());
  if (!look.ok()) return look.error();
  return OpenLog{.file = LogFile(std::move(*fd), sibling.compressed), .identity = look->identity};
}

void keep_from(Files& files, Files::iterator first) {
  files.erase(files.begin(), first);
}

Files::iterator find_identity(Files& files, const FileIdentity& identity) {
  return std::find_if(files.begin(), files.end(), [&](const OpenLog& log) { return log.identity == identity; });
}

/// The only file, other than the current one, with this content up to `offset`: compressed or copied. Of two nobody
/// can say which.
Files::iterator find_content(Files& files, const Head& head, uint64_t offset, uint64_t tail) {
  const auto matches = [&](OpenLog& log) {
    return !log.current && begins_with(log, head) && ends_with(log, offset, tail);
  };
  if (head.length == 0) return files.end();
  const auto found = std::find_if(files.begin(), files.end(), matches);
  if (found == files.end()) return found;
  return std::any_of(std::next(found), files.end(), matches) ? files.end() : found;
}

/// The file itself, or what it was compressed to, which is known by its content, read or not.
Files::iterator find_file(Files& files, OpenLog& log) {
  const auto found = find_identity(files, log.identity);
  const auto look = look_at(log.file.fd());
  if (found != files.end() || !look.ok() || log.file.compressed()) return found;
  extend_head(log, look->size);
  return find_content(files, log.head, look->size, tail_of(log, look->size));
}

/// Those that were made after `identity`, by their birth. Of a compressed file that is not known: its birth is that of
/// the compression.
void keep_younger(Files& files, const FileIdentity& identity) {
  std::erase_if(files, [&](const OpenLog& log) {
    if (log.identity == identity) return true;
    return !log.current && (log.file.compressed() || log.identity.born <= identity.born);
  });
}

/// What stood behind a name that was listed; nothing if it was gone when it was opened.
struct Seen {
  std::string name;
  FileIdentity identity;
  friend bool operator==(const Seen&, const Seen&) = default;
};

struct Siblings {
  Files files;
  std::vector<Seen> seen;
};

/// Opens one name after the other. They may move on meanwhile, and a file be passed over.
base::Result<Siblings> open_siblings(base::Door& door, const base::LogFolder& folder, const std::string& file) {
  Siblings all;
  auto& [files, seen] = all;
  auto directory = door.open_log_folder(folder);
  if (!directory.ok() && base::means_exhausted(directory.error().code)) return directory.error();
  if (!directory.ok()) return all;
  for (const Sibling& sibling : siblings_of(file, names_in(std::move(*directory)))) {
    auto opened = open_one(door, folder, sibling);
    if (!opened.ok() && base::means_exhausted(opened.error().code)) return opened.error();
    seen.push_back({sibling.name, opened.ok() ? opened->identity : FileIdentity{}});
    if (!opened.ok() || find_identity(files, opened->identity) != files.end()) continue;
    opened->current = sibling.name == file;
    files.push_back(std::move(*opened));
  }
  return all;
}

/// The file that was being read: by its identity, else by its content. A device may have another number after a boot.
Files::iterator find_read_file(Files& files, const FilePlace& place) {
  const FilePlace::File& wanted = place.files.back();
  const auto has_content = [&](OpenLog& log) {
    return begins_with(log, wanted.head) && ends_with(log, place.read.offset, place.tail);
  };
  const auto same = std::find_if(files.begin(), files.end(), [&](OpenLog& log) {
    return log.identity.inode == wanted.identity.inode && log.identity.born == wanted.identity.born &&
           (log.identity.device == wanted.identity.device || wanted.identity.born != 0) && has_content(log);
  });
  if (same != files.end()) return same;
  const auto copy = find_content(files, wanted.head, place.read.offset, place.tail);
  if (copy != files.end() || wanted.head.length < kTellingHead) return copy;
  return std::find_if(files.begin(), files.end(), [&](OpenLog& log) { return log.current && has_content(log); });
}

}  // namespace

base::Result<OpenLog> open_current(base::Door& door, const base::LogFolder& folder, const std::string& file) {
  auto opened = open_one(door, folder, {.name = file, .compressed = false});
  if (opened.ok()) opened->current = true;
  return opened;
}

base::Result<Files> open_all(base::Door& door, const base::LogFolder& folder, const std::string& file) {
  constexpr int kAttempts = 8;
  std::vector<Seen> before;
  for (int attempt = 1;; ++attempt) {
    auto all = open_siblings(door, folder, file);
    if (!all.ok()) return all.error();
    if (attempt == kAttempts || (attempt > 1 && all->seen == before)) return std::move(all->files);
    before = std::move(all->seen);
  }
}

void extend_head(OpenLog& log, uint64_t read) {
  const auto length = static_cast<uint32_t>(std::min<uint64_t>(read, kMaxHead));
  if (log.head.length >= length) return;
  char bytes[kMaxHead];
  const auto got = log.file.read_at(0, bytes, length);
  if (got.ok() && *got == length) log.head = {.length = length, .hash = hash_of({bytes, length})};
}

bool begins_with(OpenLog& log, const Head& head) {
  if (head.length == 0) return true;
  char bytes[kMaxHead];
  const auto got = log.file.read_at(0, bytes, head.length);
  return got.ok() && *got == head.length && hash_of({bytes, head.length}) == head.hash;
}

uint64_t tail_of(OpenLog& log, uint64_t offset) {
  char bytes[kMaxTail];
  const size_t length = std::min<uint64_t>(offset, kMaxTail);
  const auto got = log.file.read_at(offset - length, bytes, length);
  return got.ok() && *got == length ? hash_of({bytes, length}) : 0;
}

bool ends_with(OpenLog& log, uint64_t offset, uint64_t tail) {
  return tail_of(log, offset) == tail;
}

bool is_among(Files& files, OpenLog& log) {
  return find_file(files, log) != files.end();
}

Files successors(Files files, OpenLog& last) {
  const auto found = find_file(files, last);
  if (found != files.end())
    keep_from(files, std::next(found));
  else
    keep_younger(files, last.identity);
  return files;
}

std::optional<OpenLog> find_copy(Files files, const OpenLog& lost, uint64_t offset, uint64_t tail) {
  const auto copy = find_content(files, lost.head, offset, tail);
  if (copy == files.end()) return std::nullopt;
  OpenLog found = std::move(*copy);
  found.head = lost.head;
  return found;
}

Resumed find_place(Files files, const FilePlace& place) {
  const size_t files_before = place.files.size() - 1;
  Resumed resumed{.read = place.read, .out = place.out, .error = place.error, .skipping = place.skipping};

  const FileIdentity& wanted = place.files.back().identity;
  const auto found = find_read_file(files, place);
  const auto cut = find_identity(files, wanted);
  resumed.truncated = cut != files.end() && cut->current && cut != found;
  if (found != files.end()) {
    const bool all_there =
        std::distance(files.begin(), found) >= static_cast<ptrdiff_t>(files_before) &&
        begins_with(*std::prev(found, static_cast<ptrdiff_t>(files_before)), place.files.front().head);
    if (!all_there) {
      // The beginning of an unfinished line is in a file that is gone.
      resumed.lost = true;
      resumed.read = resumed.out = resumed.error = {.file = 0, .offset = place.read.offset};
    }
    for (size_t before = 0; before <= (all_there ? files_before : 0); ++before)
      std::prev(found, static_cast<ptrdiff_t>(before))->head = place.files[files_before - before].head;
    keep_from(files, all_there ? std::prev(found, static_cast<ptrdiff_t>(files_before)) : found);
    resumed.files = std::move(files);
    return resumed;
  }

  if (resumed.truncated)
    keep_from(files, cut);
  else
    keep_younger(files, wanted);
  resumed.from_end = !resumed.truncated && !files.empty() && files.front().current && wanted.born != 0 &&
                     files.front().identity.born <= wanted.born;
  resumed.lost = true;
  resumed.read = resumed.out = resumed.error = {};
  resumed.skipping = false;
  resumed.files = std::move(files);
  return resumed;
}

}  // namespace benchd::logs
