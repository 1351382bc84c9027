#pragma once

#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/clock.h"
#include "base/cpu_set.h"
#include "base/fd.h"
#include "base/result.h"

namespace benchd::campaign {

/// A program as execve() wants it, made ready before the clock runs.
struct Program {
  std::string path;
  std::vector<std::string> arguments;    ///< the first is its name
  std::vector<std::string> environment;  ///< "NAME=VALUE"
  std::string directory;                 ///< that it works in; empty: this process's
};

/// This process's environment, changed by `changes`, and the program's path found in its PATH, or from `directory` on
/// where it is named by a path. ENOENT: command not found; EACCES: found, and not to be executed.
base::Result<Program> find_program(const std::vector<std::string>& command,
                                   const std::map<std::string, std::string>& changes,
                                   const std::string& directory = {});

struct SpawnOptions {
  int cgroup = -1;  ///< fd of the directory of the cgroup that it is born in; -1: this process's own
  int input = -1;   ///< its standard descriptors, all above 2; -1: this process's own
  int output = -1;
  int error = -1;
  base::CpuSet cpus;  ///< that it may use; none: as this process
};

/// A child process of this one. It is killed when this process dies.
struct Child {
  pid_t pid = 0;
  base::Fd pidfd;              ///< readable when it has ended
  base::Instant executed = 0;  ///< just before its first instruction
};

/// Starts a program in a process group of its own. It is in its cgroup before it is anything: clone3's
/// CLONE_INTO_CGROUP (Linux 5.7), else it goes there itself before the program is executed. The Error is also that of
/// execve() and sched_setaffinity().
base::Result<Child> spawn(const Program& program, const SpawnOptions& options);

struct ExitStatus {
  int code = 0;    ///< as a shell would say: 128 + signal where it was killed
  int signal = 0;  ///< 0: it ended by itself
};

/// Reaps the child, waiting for its end if need be.
ExitStatus wait_for(const Child& child);

}  // namespace benchd::campaign
