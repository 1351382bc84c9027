#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace benchd::logs {

/// Tells whether an engine's stamps of one stream are those of flushes: a program whose output is no terminal writes
/// when its buffer of 4096 or 8192 bytes is full (glibc, CPython, Java), and all lines in it get the stamp of that
/// instant. Seen by lines that come in bursts, whose bytes fill such buffers but for a line, with silence between.
class Flushes {
 public:
  /// A line's stamp, in nanoseconds of Unix time, and its bytes with the end. True: the stamp is a flush's, as far as
  /// the bursts before tell.
  bool take(int64_t stamp, size_t bytes);

  /// The last bursts were flushes.
  bool coarse() const { return coarse_; }

 private:
  void judge();

  int64_t last_ = 0;    ///< stamp
  uint64_t bytes_ = 0;  ///< of this burst
  uint64_t lines_ = 0;  ///< likewise
  size_t longest_ = 0;  ///< line of it
  double evidence_ = 0;
  bool coarse_ = false;
};

}  // namespace benchd::logs
