#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/door.h"
#include "collectors/tasks/logs/file_place.h"
#include "collectors/tasks/logs/log_file.h"

namespace benchd::logs {

/// One of the files of a log that rotates, open.
struct OpenLog {
  LogFile file;
  FileIdentity identity;
  Head head;             ///< of what was read of it so far
  bool current = false;  ///< it had the log's own name when it was opened
};

/// The file that has the log's name.
base::Result<OpenLog> open_current(base::Door& door, const base::LogFolder& folder, const std::string& file);

/// All files of the log, oldest first, as they stood at one moment; those that cannot be opened are left out. An error
/// base::means_exhausted(): then nobody can tell which there are.
base::Result<std::vector<OpenLog>> open_all(base::Door& door, const base::LogFolder& folder, const std::string& file);

/// Reads on until `head` covers the first kMaxHead of the `read` bytes that are known of the file.
void extend_head(OpenLog& log, uint64_t read);

/// Whether the file begins with what `head` was made of.
bool begins_with(OpenLog& log, const Head& head);

/// The hash of the kMaxTail bytes before `offset`, 0 if they cannot be read.
uint64_t tail_of(OpenLog& log, uint64_t offset);

/// Whether the bytes before `offset` are those that `tail` was made of.
bool ends_with(OpenLog& log, uint64_t offset, uint64_t tail);

/// Whether one of `files` is `log`, compressed by now or not.
bool is_among(std::vector<OpenLog>& files, OpenLog& log);

/// Of `files`, oldest first, those that came after `last`, which may itself be among them, compressed by now, or gone.
std::vector<OpenLog> successors(std::vector<OpenLog> files, OpenLog& last);

/// A file, other than the current one, that holds what `lost` held up to `offset`: what copytruncate made.
std::optional<OpenLog> find_copy(std::vector<OpenLog> files, const OpenLog& lost, uint64_t offset, uint64_t tail);

/// Where to go on after a restart.
struct Resumed {
  std::vector<OpenLog> files;  ///< oldest first; the marks below count them from 0
  Mark read;                   ///< from here on everything is new
  Mark out;
  Mark error;
  bool skipping = false;
  bool truncated = false;  ///< the file is there, but was cut since
  bool lost = false;       ///< the place is not found: some of what came after it may be gone
  bool from_end = false;   ///< and what is there may be what was read: only what comes is certainly new
};

/// Finds the place among the files there are now. Not found: what is certainly younger than the place is to be read
/// whole, the rest not at all.
Resumed find_place(std::vector<OpenLog> files, const FilePlace& place);

}  // namespace benchd::logs
