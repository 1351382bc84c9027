#pragma once

#include <cstddef>
#include <optional>

#include "base/result.h"
#include "model/status.h"

namespace benchd::daemon {

/// How the limit of open files is shared out, so that many containers or many clients never cost the host's files, the
/// listener or each other theirs.
struct OpenFiles {
  size_t limit = 0;
  size_t connections = 0;  ///< HTTP clients served at once; as many again may be told that there are too many
  size_t directories = 0;  ///< of containers, kept open; the others are opened for each reading
  size_t files = 0;        ///< of containers, kept open; likewise
  size_t namespaces = 0;   ///< of networks, each by one fd; the others are not read, which is a state
};

OpenFiles share_out(size_t limit, size_t wanted_connections);

/// Raises the soft limit to the hard one; returns what it is then.
size_t raise_open_files_limit();

/// An error where the limit is so low that benchd's own files would crowd out its listener.
base::Result<base::Done> enough_open_files(size_t limit);

/// What a limit this low costs; nothing where it is high enough for an ordinary host.
std::optional<model::State> state_of(const OpenFiles& open_files);

}  // namespace benchd::daemon
