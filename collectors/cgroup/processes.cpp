#include "collectors/cgroup/processes.h"

#include <array>

#include <fcntl.h>

#include "base/fd.h"
#include "base/subdirectories.h"
#include "collectors/cgroup/parse.h"

namespace benchd::cgroup {
namespace {

/// Anyone with a delegated cgroup can nest deeper than a thread's stack.
constexpr int kMaxDepth = 64;

uint64_t count_below(int directory, int depth, base::ReadBuffer& buffer) {
  uint64_t processes = 0;
  alignas(dirent64) std::array<char, 2048> entries;
  base::for_each_subdirectory(directory, entries.data(), entries.size(), [&](const char* name) {
    const base::Fd child(::openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!child) return;
    const base::FileText own = base::read_file(child.get(), "cgroup.procs", buffer);
    if (own.ok()) processes += count_lines(own.text);
    if (depth < kMaxDepth) processes += count_below(child.get(), depth + 1, buffer);
  });
  return processes;
}

}  // namespace

ProcessCount count_processes(int directory, bool subtree, base::ReadBuffer& buffer) {
  const base::FileText own = base::read_file(directory, "cgroup.procs", buffer);
  if (!own.ok()) return {.error = own.error};
  uint64_t processes = count_lines(own.text);
  if (subtree) processes += count_below(directory, 1, buffer);
  return {.processes = processes};
}

}  // namespace benchd::cgroup
