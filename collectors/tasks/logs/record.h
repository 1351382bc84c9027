#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/log.h"

namespace benchd::logs {

/// Longest line that is looked at, and longest record that is held: the rest of a longer one is skipped.
inline constexpr size_t kMaxLine = 256UL << 10;

/// What one record of an engine's log holds: a line, or a piece of one.
struct Record {
  std::string_view text;         ///< without the line's end
  std::optional<int64_t> stamp;  ///< nanoseconds of Unix time
  model::Stream stream = model::Stream::Out;
  bool ends_line = true;  ///< false: the stream's next record goes on with this line
};

/// Nanoseconds of Unix time for an RFC 3339 stamp with any fraction ("2025-01-02T03:04:05.123456789Z", "…+01:00") that
/// is all of `text`; nothing for anything else. A stamp that fits no int64 (before 1678, after 2261) is none.
std::optional<int64_t> parse_stamp(std::string_view text);

/// Docker's json-file, also written by nerdctl: {"log":"…\n","stream":"stdout","attrs":{…},"time":"…"} in any order of
/// keys, without the newline after it. A piece of a long line has no \n within `log` (moby
/// daemon/logger/jsonfilelog/jsonlog/jsonlogbytes.go, daemon/logger/copier.go). `scratch` keeps the text where it held
/// escapes; it is grown once and reused. False: no such record.
bool parse_json_file(std::string_view text, std::string& scratch, Record& record);

/// The kubelet's format, also podman's k8s-file: `STAMP stdout|stderr P|F[:TAG…] TEXT`, where P is a piece of a line
/// (kubernetes/design-proposals-archive, node/kubelet-cri-logging.md). False: no such record.
bool parse_cri(std::string_view text, Record& record);

}  // namespace benchd::logs
