#include "collectors/tasks/logs/file_identity.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace benchd::logs {
namespace {

int64_t nanoseconds(const statx_timestamp& stamp) {
  return stamp.tv_sec * 1'000'000'000 + stamp.tv_nsec;
}

}  // namespace

base::Result<FileLook> look_at(int fd) {
  struct statx about {};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &about) != 0)
    return base::errno_error("look at a log");
  return FileLook{
      .identity = {.device = makedev(about.stx_dev_major, about.stx_dev_minor),
                   .inode = about.stx_ino,
                   .born = (about.stx_mask & STATX_BTIME) != 0 ? nanoseconds(about.stx_btime) : 0},
      .size = about.stx_size,
      .written = nanoseconds(about.stx_mtime),
      .linked = about.stx_nlink > 0,
  };
}

uint64_t hash_of(std::string_view bytes) {
  uint64_t hash = 14695981039346656037ULL;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211ULL;
  return hash;
}

}  // namespace benchd::logs
