#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/tasks/logs/file_identity.h"

namespace benchd::logs {

/// A point in a log that rotates: the how-manieth of its files, and the byte in it.
struct Mark {
  uint64_t file = 0;
  uint64_t offset = 0;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 means the 0 that a rewritten < compares with
  friend auto operator<=>(const Mark&, const Mark&) = default;
};

/// What a LogPosition's `place` says for a log in files. Lines of the two streams may be mixed in pieces: each stream
/// is done up to a mark of its own, the start of its unfinished line where it has one. Text and back without loss.
struct FilePlace {
  struct File {
    FileIdentity identity;
    Head head;
    friend bool operator==(const File&, const File&) = default;
  };
  std::vector<File> files;  ///< from the one of the lowest mark to the one being read, at least one
  Mark read;                ///< every record before it was taken; marks count `files` from 0
  Mark out;                 ///< ≤ read
  Mark error;               ///< ≤ read
  uint64_t tail = 0;        ///< hash of the min(kMaxTail, offset) bytes before `read`
  bool skipping = false;    ///< `read` is inside a line of which the head was given: the rest is skipped
  friend bool operator==(const FilePlace&, const FilePlace&) = default;
};

std::string to_text(const FilePlace& place);
/// Nothing for a text that is not one of to_text().
std::optional<FilePlace> parse_file_place(std::string_view text);

}  // namespace benchd::logs
