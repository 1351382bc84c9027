#include "daemon/tasks/log_states.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace benchd::daemon {
namespace {

/// Of containers that come and go with rules of their own there may be any number.
constexpr size_t kMostStanding = 100;
/// So many lines without a task, from the start on, are no chance.
constexpr uint64_t kMisfit = 1'000;
constexpr int64_t kRemarkStays = 60 * base::kSecond;
/// Some programs make their log with its first line.
constexpr int64_t kLongAbsent = 10 * base::kSecond;

std::string title(const LogStates::Look& look) {
  if (look.container.empty()) return "log " + look.log;
  return "log of container " + look.container + " (" + look.log + ")";
}

}  // namespace

void LogStates::note(model::State state) {
  const auto same = std::find_if(standing_.begin(), standing_.end(),
                                 [&](const model::State& other) { return other.subject == state.subject; });
  if (same != standing_.end()) {
    *same = std::move(state);
  } else if (standing_.size() < kMostStanding) {
    standing_.push_back(std::move(state));
  }
}

void LogStates::begin(base::Instant now) {
  now_ = now;
  troubles_.clear();
  was_absent_ = std::exchange(absent_, {});
  std::erase_if(remarks_, [&](const auto& entry) { return entry.second.until < now; });
}

void LogStates::look(const Look& look) {
  if (look.status.trouble) {
    troubles_.push_back({.subject = title(look),
                         .found = look.status.trouble->message(),
                         .cost = "the tasks in it are not counted",
                         .cure = ""});
  }
  if (!look.status.present && !look.status.trouble) note_absence(look);
  if (!look.status.why_no_file.empty()) {
    remark({.subject = "files of containers' logs",
            .found = "out of reach, their engine hands them out: " + look.status.why_no_file,
            .cost = "the engine copies each line, and what it rotates away while no benchd runs is lost",
            .cure = "deploy/systemd/20-logs.conf, or run as root; --runtimes.docker.root, --runtimes.podman.storage"});
  }
  if (look.tasks.coarse()) {
    remark({.subject = "times in the " + title(look),
            .found = "its lines come in blocks: the program writes them when its buffer is full",
            .cost = "when a task ended, and what it cost, is known to the length of a block only",
            .cure = "PYTHONUNBUFFERED=1 in its environment, python -u, or stdbuf -oL COMMAND"});
  }
  const LogTasks::Seen& seen = look.tasks.seen();
  if (seen.lines >= kMisfit && seen.matched == 0) {
    remark({.subject = "rules for the " + title(look),
            .found = "none of the lines that came matches one",
            .cost = "no task of it is counted",
            .cure = "look at /api/v1/tasks/unmatched, and try rules with benchd rules test"});
  }
}

void LogStates::note_absence(const Look& look) {
  const auto before = was_absent_.find(look.log);
  const base::Instant since = before == was_absent_.end() ? now_ : before->second;
  absent_[look.log] = since;
  if (now_ - since < kLongAbsent) return;
  remark({.subject = title(look),
          .found = "there is no such log yet",
          .cost = "no task of it is counted",
          .cure = "see where the program, or its engine, writes it"});
}

void LogStates::remark(model::State state) {
  const std::string subject = state.subject;
  remarks_[subject] = {.state = std::move(state), .until = now_ + kRemarkStays};
}

std::vector<model::State> LogStates::all() const {
  std::vector<model::State> states = standing_;
  states.insert(states.end(), troubles_.begin(), troubles_.end());
  std::transform(remarks_.begin(), remarks_.end(), std::back_inserter(states),
                 [](const auto& entry) { return entry.second.state; });
  return states;
}

}  // namespace benchd::daemon
