#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "collectors/cgroup/directory.h"
#include "collectors/cgroup/fd_budget.h"
#include "collectors/cgroup/host_stalls.h"
#include "collectors/cgroup/io_counters.h"
#include "model/field.h"
#include "model/reading.h"

namespace benchd::cgroup {

using FileSet = std::bitset<model::kFileCount>;

/// Files that move only while a thread of the cgroup, or one that was in it, runs or waits for a cpu; with a quota,
/// shortly afterwards too.
inline constexpr std::array kThreadFiles{model::File::CpuPressure, model::File::CpuStat, model::File::CpuStatLocal,
                                         model::File::IrqPressure};

/// Totals over all containers since the start, by file. Loss is never silent.
struct FileCounts {
  std::array<uint64_t, model::kFileCount> reads{};
  std::array<uint64_t, model::kFileCount> errors{};     ///< reads that failed, other than "no such file"
  std::array<uint64_t, model::kFileCount> malformed{};  ///< rows and values that were not understood, and left out
  std::array<uint64_t, model::kFileCount> final_incomplete{};  ///< finish() came too late for this file
};

/// The files that a host with these controllers in its cgroup2 hierarchy can show at all (Mount::controllers).
FileSet files_with(const std::vector<std::string>& controllers);

/// What the readers of all containers share. Belongs to the sampler's thread; outlives every ContainerFiles.
struct ReaderShare {
  explicit ReaderShare(size_t kept_fds, size_t kept_directories = std::numeric_limits<size_t>::max())
      : fds(kept_fds), directories(kept_directories) {}
  FdBudget fds;
  FdBudget directories;
  /// Others are never asked for: on a hybrid host 26 vain opens for each container at each cold turn.
  FileSet possible = FileSet().set();
  base::ReadBuffer buffer;
  FileCounts counts;
  /// What tells that hot files have not changed; told nothing, all of them are read.
  StallTurns stalls{};
  bool all_watched = false;      ///< the kernel tells of each change of a cgroup.events (TreeListener::changed)
  unsigned containers_made = 0;  ///< spreads their cold turns over the 10 s: 1,000 at one tick would be 60 ms
};

/// Reads the files of one container's cgroup, each as often as its heat says (model/field.h). Never allocates in steady
/// state. A file is in one of these conditions, and its fields follow:
///   read           fields have the kernel's values; a key that this kernel does not show is absent
///   not there      (ENOENT, EOPNOTSUPP: controller not enabled, threaded cgroup) fields absent, one reading later than
///                  the file, lest a cgroup that is being removed loses its last values; tried at cold turns
///   failing        (any other errno) fields absent, counted, tried again when due
///   not understood fields of the bad rows absent, counted
/// When the cgroup itself is gone, everything keeps the value it had.
class ContainerFiles {
 public:
  enum class Outcome : uint8_t {
    Read,
    Gone,  ///< the cgroup is removed; what could not be read any more keeps its last value
  };

  /// `directory` is the cgroup's, as TreeListener::appeared gives it, and `path` where it is: it is opened there for
  /// each reading once ReaderShare::directories is used up; without a path the fd is kept.
  ContainerFiles(base::Fd directory, ReaderShare& share, std::string path = {});
  ~ContainerFiles();
  ContainerFiles(const ContainerFiles&) = delete;
  ContainerFiles& operator=(const ContainerFiles&) = delete;
  ContainerFiles(ContainerFiles&&) = delete;
  ContainerFiles& operator=(ContainerFiles&&) = delete;

  /// Updates `reading` (always the same one for this container) with what is due: hot files always, but where
  /// ReaderShare tells that they have not changed only with the cold ones; warm files once a second; cold ones at the
  /// first call, when `cold_due` (TreeListener::changed), and every 10 s; for the first 10 s, those of them that say a
  /// peak or a count once a second. kThreadFiles that were read later than `still_since`, after which no thread has
  /// moved them, only with the cold ones too. `now` is the instant of this call and becomes reading.at if anything
  /// could be read, or had not to be: ask the clock for each container.
  Outcome read(base::Instant now, bool cold_due, model::Reading& reading,
               std::optional<base::Instant> still_since = std::nullopt);

  /// The last reading, when the container has become empty: all files whatever their heat. May be called again.
  /// Files that were there and can be read no more are counted in FileCounts::final_incomplete.
  Outcome finish(base::Instant now, model::Reading& reading);

  /// Files that the last attempt found. A controller is enabled for this container if one of its files is here.
  const FileSet& present() const { return present_; }

  /// The cgroup's directory: what else is opened in it is of this incarnation. -1 where its fd is not kept.
  int directory() const { return directory_.fd(); }

 private:
  struct Pass {
    Outcome outcome = Outcome::Read;
    FileSet missed;  ///< were there before, and could not be read now
  };

  FileSet unmoved(const model::Reading& reading, std::optional<base::Instant> still_since) const;
  FileSet unchanged() const;
  Pass read_files(FileSet due, base::Instant now, model::Reading& reading);
  int read_text(size_t file, model::Reading& reading);
  int read_processes(model::Reading& reading);
  void note_read(size_t file, base::Instant now);
  void settle(size_t file, int error, model::Reading& reading);
  void forget_vanished(model::Reading& reading);
  bool alive() const;
  void drop(size_t file);

  Directory directory_;
  ReaderShare& share_;
  std::array<base::Fd, model::kFileCount> kept_;  ///< each taken from the budget
  FileSet present_;                               ///< read without an error at the last attempt
  FileSet absent_;            ///< not there at the last attempt: left alone until the next cold turn
  FileSet vanished_;          ///< absent since the last reading, which kept their values
  StallTurns stalls_read_{};  ///< ReaderShare::stalls when the file was last read
  std::array<base::Instant, kThreadFiles.size()> thread_files_read_{};
  IoCounters io_;
  std::optional<base::Instant> born_;  ///< when it was first read
  base::Instant next_warm_ = 0;
  base::Instant next_cold_ = 0;
  base::Instant cold_phase_;  ///< how much shorter than the others the first wait for a cold turn is
  bool gone_ = false;
  bool finished_ = false;
};

}  // namespace benchd::cgroup
