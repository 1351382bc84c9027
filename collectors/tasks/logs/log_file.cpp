#include "collectors/tasks/logs/log_file.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include <unistd.h>
#include <zlib.h>

namespace benchd::logs {
namespace {

base::Result<size_t> read_plain(int fd, uint64_t offset, char* to, size_t size) {
  size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(fd, to + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::errno_error("read a log");
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return done;
}

}  // namespace

/// gzip, one member after another (RFC 1952), in bounded memory: zlib's window and what was asked for last.
class Gunzip {
 public:
  Gunzip() { restart(); }
  ~Gunzip() { ::inflateEnd(&stream_); }
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  base::Result<size_t> read_at(int fd, uint64_t offset, char* to, size_t size) {
    if (offset < kept_from_) {
      ::inflateEnd(&stream_);
      restart();
    }
    // Forward to the offset, keeping no more than one piece.
    while (kept_from_ + kept_.size() < offset) {
      kept_from_ += kept_.size();
      kept_.clear();
      const auto more = inflate(fd, std::min<uint64_t>(kPiece, offset - kept_from_));
      if (!more.ok()) return more.error();
      if (*more == 0) return size_t{0};
    }
    kept_.erase(0, offset - kept_from_);
    kept_from_ = offset;
    while (kept_.size() < size) {
      const auto more = inflate(fd, size - kept_.size());
      if (!more.ok()) return more.error();
      if (*more == 0) break;
    }
    const size_t got = std::min(size, kept_.size());
    std::memcpy(to, kept_.data(), got);
    return got;
  }

 private:
  static constexpr size_t kPiece = 64UL << 10;

  void restart() {
    stream_ = z_stream{};
    constexpr int kGzipOnly = 16 + MAX_WBITS;
    usable_ = ::inflateInit2(&stream_, kGzipOnly) == Z_OK;
    compressed_offset_ = 0;
    kept_.clear();
    kept_from_ = 0;
    at_end_ = false;
  }

  /// Appends at most `size` bytes to what is kept; 0 = the end.
  base::Result<size_t> inflate(int fd, size_t size) {
    const size_t before = kept_.size();
    kept_.resize(before + size);
    stream_.next_out = reinterpret_cast<Bytef*>(kept_.data() + before);
    stream_.avail_out = static_cast<uInt>(size);
    while (usable_ && stream_.avail_out > 0 && !at_end_) {
      if (stream_.avail_in == 0) {
        const auto got = read_plain(fd, compressed_offset_, input_.data(), input_.size());
        if (!got.ok()) {
          kept_.resize(before);
          return got.error();
        }
        if (*got == 0) {
          at_end_ = between_members_;
          usable_ = between_members_;
          break;
        }
        compressed_offset_ += *got;
        stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
        stream_.avail_in = static_cast<uInt>(*got);
      }
      between_members_ = false;
      const int result = ::inflate(&stream_, Z_NO_FLUSH);
      if (result == Z_STREAM_END) {
        between_members_ = true;
        ::inflateReset(&stream_);
      } else if (result != Z_OK) {
        usable_ = false;
      }
    }
    const size_t got = size - stream_.avail_out;
    kept_.resize(before + got);
    if (got == 0 && !usable_) return base::Error{.code = EILSEQ, .attempt = "decompress a log"};
    return got;
  }

  z_stream stream_{};
  bool usable_ = false;
  bool between_members_ = false;
  bool at_end_ = false;
  uint64_t compressed_offset_ = 0;
  uint64_t kept_from_ = 0;  ///< where in the decompressed text `kept_` begins
  std::string kept_;
  std::array<char, 32UL << 10> input_{};
};

LogFile::LogFile(base::Fd fd, bool compressed)
    : fd_(std::move(fd)), gunzip_(compressed ? std::make_unique<Gunzip>() : nullptr) {}
LogFile::LogFile(LogFile&&) noexcept = default;
LogFile& LogFile::operator=(LogFile&&) noexcept = default;
LogFile::~LogFile() = default;

base::Result<size_t> LogFile::read_at(uint64_t offset, char* to, size_t size) {
  return gunzip_ ? gunzip_->read_at(fd_.get(), offset, to, size) : read_plain(fd_.get(), offset, to, size);
}

}  // namespace benchd::logs
