#pragma once

namespace benchd::daemon {

/// Where the daemon listens for `bench` and `compare`, unless it was told otherwise.
inline constexpr const char* kControlSocket = "/run/benchd/control.sock";

}  // namespace benchd::daemon
