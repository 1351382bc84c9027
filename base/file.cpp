#include "base/file.h"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace benchd::base {
namespace {

Result<Fd> open_at(int dirfd, const char* path, int flags) {
  const int fd = ::openat(dirfd, path, flags | O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno_error(std::string("open ") + path);
  return Fd(fd);
}

}  // namespace

Result<Fd> open_file(int dirfd, const char* path) {
  return open_at(dirfd, path, O_NOCTTY);
}

Result<Fd> open_directory(int dirfd, const char* path) {
  return open_at(dirfd, path, O_DIRECTORY);
}

FileText read_fd(int fd, ReadBuffer& buffer) {
  for (;;) {
    const ssize_t got = ::pread(fd, buffer.data(), buffer.size(), 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      return {.error = errno};
    }
    if (static_cast<size_t>(got) < buffer.size()) return {.text = {buffer.data(), static_cast<size_t>(got)}};
    buffer.grow();
  }
}

FileText read_fd_to_end(int fd, ReadBuffer& buffer) {
  size_t used = 0;
  for (;;) {
    if (used == buffer.size()) buffer.grow();
    const ssize_t got = ::pread(fd, buffer.data() + used, buffer.size() - used, static_cast<off_t>(used));
    if (got < 0) {
      if (errno == EINTR) continue;
      return {.error = errno};
    }
    if (got == 0) return {.text = {buffer.data(), used}};
    used += static_cast<size_t>(got);
  }
}

FileText read_file(int dirfd, const char* path, ReadBuffer& buffer) {
  const Fd fd(::openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd) return {.error = errno};
  return read_fd_to_end(fd.get(), buffer);
}

Result<std::string> read_text(const std::string& path) {
  const auto failed = [&path](int code) { return Error{.code = code, .attempt = "read " + path}; };
  const auto fd = open_file(AT_FDCWD, path.c_str());
  if (!fd.ok()) return failed(fd.error().code);
  std::string text;
  std::vector<char> chunk(1 << 16);
  for (;;) {
    const ssize_t bytes = ::read(fd->get(), chunk.data(), chunk.size());
    if (bytes == 0) return text;
    if (bytes > 0)
      text.append(chunk.data(), static_cast<size_t>(bytes));
    else if (errno != EINTR)
      return failed(errno);
  }
}

}  // namespace benchd::base
