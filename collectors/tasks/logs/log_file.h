#pragma once

#include <cstdint>
#include <memory>

#include "base/fd.h"
#include "base/result.h"

namespace benchd::logs {

class Gunzip;

/// One open file of a log. A compressed one is read as what it holds, decompressed piece by piece: what was read last
/// can be read again at once, from further back it starts anew.
class LogFile {
 public:
  LogFile(base::Fd fd, bool compressed);
  LogFile(LogFile&&) noexcept;
  LogFile& operator=(LogFile&&) noexcept;
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  ~LogFile();

  int fd() const { return fd_.get(); }
  bool compressed() const { return gunzip_ != nullptr; }

  /// As many bytes from `offset` on as there are, at most `size`; fewer only at the end of the file. errno in the
  /// Error; EILSEQ for a compressed file that is damaged or not complete yet.
  base::Result<size_t> read_at(uint64_t offset, char* to, size_t size);

 private:
  base::Fd fd_;
  std::unique_ptr<Gunzip> gunzip_;
};

}  // namespace benchd::logs
