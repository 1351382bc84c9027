#pragma once

#include <string>

#include <fcntl.h>

#include "base/file.h"

namespace benchd::host {

/// A file that is read at every turn: its fd is opened at the first and kept. While it is absent each read tries again,
/// which costs about a microsecond and no allocation.
class KeptFile {
 public:
  explicit KeptFile(std::string path) : path_(std::move(path)) {}

  /// The whole text, whether the kernel makes it in one piece or record by record; the errno where there is none.
  base::FileText read(base::ReadBuffer& buffer) {
    if (!fd_) fd_.reset(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!fd_) return {.error = errno};
    const base::FileText text = base::read_fd_to_end(fd_.get(), buffer);
    if (!text.ok()) fd_.reset();
    return text;
  }

 private:
  std::string path_;
  base::Fd fd_;
};

}  // namespace benchd::host
