#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "collectors/tasks/logs/engine_frames.h"
#include "collectors/tasks/logs/line_joiner.h"

namespace benchd::logs {

/// The whole lines of an engine's `/containers/ID/logs?timestamps=1`, as its body arrives in pieces.
class EngineLines : private EngineFrames::Listener {
 public:
  using Take = std::function<void(const model::LogLine&)>;
  explicit EngineLines(Take take) : take_(std::move(take)) {}

  void take(std::string_view body) { frames_.take(body, *this); }
  /// Lines as far as they came: their ends will not come.
  void flush() {
    for (LineJoiner& joiner : joiners_)
      if (const auto line = joiner.flush()) take_(*line);
  }
  /// Why the engine could not read everything; empty: it could.
  const std::string& error() const { return error_; }

 private:
  void record(const Record& record, size_t /*bytes*/, bool /*truncated*/) override {
    if (const auto line = joiners_.at(static_cast<size_t>(record.stream)).take(record)) take_(*line);
  }
  void engine_error(std::string_view text) override { error_ = text; }

  Take take_;
  EngineFrames frames_;
  std::array<LineJoiner, 2> joiners_;  ///< by stream
  std::string error_;
};

}  // namespace benchd::logs
