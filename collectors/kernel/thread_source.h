#pragma once

#include <cstdint>
#include <vector>

#include "model/reading.h"
#include "model/status.h"

namespace benchd::kernel {

/// What an earlier benchd had shown of a container, where that is not the kernel's to remember.
struct ShownBefore {
  model::ThreadTimes threads;
  std::vector<model::CpuTime> cpus;  ///< by cpu
};

/// Where time per cpu and thread states of containers come from. One thread.
class ThreadSource {
 public:
  ThreadSource() = default;
  ThreadSource(const ThreadSource&) = delete;
  ThreadSource& operator=(const ThreadSource&) = delete;
  virtual ~ThreadSource() = default;

  /// A container to be read. `directory`: an open fd of its cgroup, as long as it is known here. Nothing happens if it
  /// is known.
  virtual void started(uint64_t cgroup_id, int directory, ShownBefore before) = 0;
  /// It will not be read any more.
  virtual void ended(uint64_t cgroup_id) = 0;

  /// Begins a round: what is read next is as of now. After the containers' files: from 6.6 on the kernel's sums per cpu
  /// are as of the last look at cpu.stat.
  virtual void walk() = 0;

  /// Sets `cpus` and `threads` of the reading, and whether they are estimated. Nothing for a container not known. What
  /// the reading shows already never falls.
  virtual void read(uint64_t cgroup_id, model::Reading& reading) = 0;

  /// Whether time per cpu is what this process knows, so that a later one has to be told of it.
  virtual bool needs_cpus_before() const = 0;

  /// collector "kernel", the duration that of the last round.
  virtual const model::CollectorStatus& status() const = 0;
};

}  // namespace benchd::kernel
