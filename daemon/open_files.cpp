#include "daemon/open_files.h"

#include <algorithm>
#include <string>

#include <sys/resource.h>

namespace benchd::daemon {
namespace {

/// 65 with everything on: kernel programs and their maps (16), the host's files (13), event loops and timers (25), the
/// ledger (5). The rest for engines, and for what is opened for a moment only.
constexpr size_t kOwn = 96;
/// An eighth: those that are turned away take as many again for a moment.
constexpr size_t kConnectionShare = 8;
constexpr size_t kLeast = 128;
constexpr size_t kEnough = 1024;

}  // namespace

OpenFiles share_out(size_t limit, size_t wanted_connections) {
  OpenFiles shared{.limit = limit};
  shared.connections = std::clamp<size_t>(limit / kConnectionShare, 1, std::max<size_t>(wanted_connections, 1));
  const size_t taken = kOwn + 2 * shared.connections;
  const size_t left = limit > taken ? limit - taken : 0;
  shared.directories = shared.files = shared.namespaces = left / 4;  // and a quarter for logs
  return shared;
}

size_t raise_open_files_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

base::Result<base::Done> enough_open_files(size_t limit) {
  if (limit >= kLeast) return base::Done{};
  return base::Error{.attempt = "open files: at most " + std::to_string(limit) + " for benchd, which needs " +
                                std::to_string(kLeast) + "; LimitNOFILE=65536 in the service, or ulimit -n 65536"};
}

std::optional<model::State> state_of(const OpenFiles& open_files) {
  if (open_files.limit >= kEnough) return std::nullopt;
  return model::State{.subject = "open files",
                      .found = "at most " + std::to_string(open_files.limit) + " for benchd",
                      .cost = "containers' files are opened anew for each reading, network of at most " +
                              std::to_string(open_files.namespaces) + " containers is read, and " +
                              std::to_string(open_files.connections) + " connections are served at once",
                      .cure = "LimitNOFILE=65536 in the service, or ulimit -n 65536"};
}

}  // namespace benchd::daemon
