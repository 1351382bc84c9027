#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace benchd::logs {

/// Which file it is, whatever its name. A file system may give the inode of a removed file to the next one at once
/// (ext4 does): then the birth differs.
struct FileIdentity {
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t born = 0;  ///< nanoseconds of Unix time; 0 where the file system does not know
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

/// How a file begins: tells a copy or a compressed file from others, and a file that was written anew from itself.
struct Head {
  uint32_t length = 0;  ///< bytes looked at, at most kMaxHead
  uint64_t hash = 0;
  friend bool operator==(const Head&, const Head&) = default;
};
inline constexpr size_t kMaxHead = 1024;
/// Of the bytes before a position, as many are hashed to know it again.
inline constexpr size_t kMaxTail = 256;

struct FileLook {
  FileIdentity identity;
  uint64_t size = 0;
  int64_t written = 0;  ///< last change of the content, nanoseconds of Unix time
  bool linked = true;   ///< some name still leads to it
};

base::Result<FileLook> look_at(int fd);

/// FNV-1a. Nobody gains by a collision but against his own log.
uint64_t hash_of(std::string_view bytes);

}  // namespace benchd::logs
