#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace benchd::model {

enum class Stream : uint8_t { Out, Error };

/// One line of a log as it was written, without its end and without what an engine put around it. The text is the
/// giver's and lives through the call; it may hold any bytes.
struct LogLine {
  std::string_view text;
  std::optional<int64_t> stamp;  ///< when the engine got it, in nanoseconds of Unix time; plain files have none
  Stream stream = Stream::Out;
  bool truncated = false;  ///< longer than the bound: this is its head
};

/// How far a log is read. Kept in the ledger in one transaction with what the lines up to there counted, and given back
/// after a restart. Only the reader of that kind of log understands `place`.
struct LogPosition {
  std::string log;    ///< which one, for good: "docker:ID", "file:/srv/app.log"
  std::string place;  ///< empty: nothing of it is read
  friend bool operator==(const LogPosition&, const LogPosition&) = default;
};

/// What was read of a log, ever. Never falls.
struct LogCounts {
  uint64_t bytes = 0;      ///< read of the log itself, an engine's wrapping included
  uint64_t matched = 0;    ///< lines that at least one rule took
  uint64_t unmatched = 0;  ///< lines that none took
  uint64_t malformed = 0;  ///< records that are not what this kind of log has, and lines whose fields make no sense
  uint64_t truncated = 0;  ///< lines of which only the head was looked at; also counted as one of the above
  uint64_t rotations = 0;
  uint64_t truncations = 0;  ///< the file was cut while it was being read: what it held and was not read is lost
  uint64_t lost_lines = 0;   ///< known to be lost, where the log numbers its lines
  uint64_t losses = 0;       ///< times that something was lost, however much
  uint64_t late = 0;         ///< lines that tell of a time before what was told already
  uint64_t coarse = 0;       ///< matched lines whose time is the engine's stamp of a flush, not of the line
  uint64_t overflowed = 0;   ///< tasks counted under "other" because their rule has too many kinds or outcomes
  uint64_t unpaired = 0;     ///< ends without a beginning, and beginnings that expired or made room
  friend bool operator==(const LogCounts&, const LogCounts&) = default;
};

/// One log as of a snapshot.
struct LogFigures {
  std::string log;  ///< as in LogPosition
  LogCounts counts;
  std::optional<uint64_t> lag_bytes;  ///< there, but not read yet; absent where it cannot be known
  std::optional<int64_t> last_stamp;  ///< of its last line, in nanoseconds of Unix time
};

/// What came of one rule of the configuration since benchd began. A rule that is for no log, or takes no line of one,
/// is a mistake as a rule.
struct RuleUse {
  std::string rule;        ///< its name
  std::string origin;      ///< where it stands, "benchd.yml:11"
  uint64_t logs = 0;       ///< that are read and that it is for
  uint64_t logs_ever = 0;  ///< and those that were
  uint64_t lines = 0;      ///< of them, those that it took
};

/// The last lines of one log that no rule took, oldest first: a few, each cut to a bound. Any bytes.
struct UnmatchedLines {
  uint64_t cgroup_id = 0;  ///< whose log it is; 0: the host's
  std::string log;         ///< as in LogPosition
  std::vector<std::string> lines;
};

/// A beginning whose end has not been told yet, or an end that was told first. Kept like a position: the other side may
/// come after a restart.
struct OpenPair {
  std::string rule;                 ///< its name
  std::string id;                   ///< any bytes
  bool is_end = false;              ///< the end came first
  std::optional<int64_t> at;        ///< nanoseconds of Unix time; absent where neither line nor engine tells
  std::optional<int64_t> duration;  ///< nanoseconds, where an end tells it
  std::string kind;
  std::string outcome;
  std::optional<int64_t> process;
  std::optional<int64_t> thread;
  friend bool operator==(const OpenPair&, const OpenPair&) = default;
};

}  // namespace benchd::model
