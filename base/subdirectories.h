#pragma once

#include <cstddef>
#include <string_view>

#include <dirent.h>
#include <unistd.h>

namespace benchd::base {

/// Calls `visit(const char* name)` for each directory in the directory behind `fd`, from its start. Without opendir's
/// allocation; `buffer` is any memory of a few KiB, aligned for dirent64. Returns false when the directory could not be
/// read.
template <class Visit>
bool for_each_subdirectory(int fd, void* buffer, size_t buffer_size, Visit visit) {
  if (::lseek(fd, 0, SEEK_SET) < 0) return false;
  for (;;) {
    const ssize_t got = ::getdents64(fd, buffer, buffer_size);
    if (got <= 0) return got == 0;
    const char* at = static_cast<const char*>(buffer);
    for (const char* const end = at + got; at < end;) {
      const auto* entry = reinterpret_cast<const dirent64*>(at);
      const std::string_view name = entry->d_name;
      if (entry->d_type == DT_DIR && name != "." && name != "..") {
        visit(static_cast<const char*>(entry->d_name));
      }
      at += entry->d_reclen;
    }
  }
}

}  // namespace benchd::base
