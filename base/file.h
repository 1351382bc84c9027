#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace benchd::base {

/// The memory that file reads share: one per thread, reused for every file, grown when a file does not fit.
/// A view into it lives until the next read with the same buffer.
class ReadBuffer {
 public:
  explicit ReadBuffer(size_t bytes = 16384) : bytes_(bytes) {}
  char* data() { return bytes_.data(); }
  size_t size() const { return bytes_.size(); }
  void grow() { bytes_.resize(bytes_.size() * 2); }

 private:
  std::vector<char> bytes_;
};

/// What a read gave: the text, or the errno. Cheap on failure, so that a file that is absent on every tick costs no
/// allocation; whoever reports it adds the path.
struct FileText {
  int error = 0;
  std::string_view text;

  bool ok() const { return error == 0; }
};

/// Opens for reading, O_CLOEXEC, relative to `dirfd` (AT_FDCWD for a plain path). errno in the Error.
Result<Fd> open_file(int dirfd, const char* path);
/// The same for a directory.
Result<Fd> open_directory(int dirfd, const char* path);

/// The text behind a kept fd by one pread. A kernel file that is shown in one piece (seq_file's single_open, every
/// cgroup file but cgroup.procs and cgroup.threads) makes its text anew at each read from offset 0 and hands it out
/// whole, so this is one consistent text at the price of one system call; when it fills the buffer it is read again
/// with a larger one, never continued.
FileText read_fd(int fd, ReadBuffer& buffer);

/// The text behind a fd that is handed out record by record (/proc/net/dev, cgroup.procs) or is an ordinary file:
/// reads on until the end.
FileText read_fd_to_end(int fd, ReadBuffer& buffer);

/// open + read_fd_to_end + close.
FileText read_file(int dirfd, const char* path, ReadBuffer& buffer);

/// For start-up, commands and tests: the whole of a file as a string. Reads on from where it is, so that a pipe will
/// do.
Result<std::string> read_text(const std::string& path);

}  // namespace benchd::base
