#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/door.h"
#include "model/log.h"

namespace benchd::logs {

enum class LogKind : uint8_t {
  JsonFile,      ///< Docker's json-file and nerdctl's
  Cri,           ///< the kubelet's, and podman's k8s-file
  Plain,         ///< lines, without stamps
  EngineStream,  ///< GET /containers/ID/logs of an engine, where there is no file to be had
  Journal,       ///< what an engine's journald driver wrote
};

/// A log to follow.
struct LogSpec {
  std::string log;  ///< which one, for good: LogPosition::log
  LogKind kind = LogKind::Plain;
  base::LogFolder folder;   ///< of a file
  std::string file;         ///< its name in the folder; rotated files lie beside it
  std::string container;    ///< EngineStream and Journal: the engine's id of it, 64 hexadecimal digits
  base::EngineId engine;    ///< EngineStream
  std::string why_no_file;  ///< EngineStream: there is a file too, which is out of reach
  bool from_end = false;    ///< where no position is given: starts with what comes, not with what is there already
};

/// A log that is followed; never used again for another one.
using LogHandle = uint64_t;

/// What was read since the last time this was told. To be committed together with what the lines before it counted:
/// after a restart from `position` every line after it is given again, and none before it.
struct Reached {
  model::LogPosition position;
  model::LogCounts counts;  ///< to be added: bytes, malformed, truncated, rotations, truncations, lost_lines, losses
};

/// Told within Follower::read(), on its thread. Must not call the follower back, but for finish(), forget() and
/// release().
class LogListener {
 public:
  virtual ~LogListener() = default;
  virtual void line(LogHandle log, const model::LogLine& line) = 0;
  virtual void reached(LogHandle log, const Reached& reached) = 0;
  /// After finish(): everything is told, and the handle is void.
  virtual void ended(LogHandle log) = 0;
};

/// How a followed log is at this moment.
struct LogStatus {
  bool present = false;                ///< there is something to read from, be it a file that has lost its name
  bool at_end = false;                 ///< everything that was there at the last look is read
  uint64_t lag_bytes = 0;              ///< not read yet, as far as was seen; of compressed files nothing
  std::optional<int64_t> last;         ///< the stamp of the last line given
  std::optional<base::Error> trouble;  ///< why it cannot be read
  std::string why_no_file;             ///< it is read, but as LogSpec::why_no_file says
};

}  // namespace benchd::logs
