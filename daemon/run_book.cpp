#include "daemon/run_book.h"

#include <algorithm>

#include "analysis/run_figures.h"
#include "analysis/workload.h"
#include "base/text.h"
#include "collectors/results/records.h"
#include "exporters/report/runs.h"

namespace benchd::daemon {
namespace {

using base::kSecond;
using model::RunRecord;
using model::RunState;

/// How long labels, exit code and the end of the log are waited for after the end of a run.
constexpr int64_t kWait = 10 * kSecond;
/// That the tasks' thread may need to find out whether there is a log at all.
constexpr int64_t kLogWait = kSecond;
/// In an earlier process; the waiting begins anew with the first reading.
constexpr base::Instant kLongAgo = 0;

bool has_word(const std::vector<std::string>& words, const char* word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

void add_word(std::vector<std::string>& words, const char* word) {
  if (!has_word(words, word)) words.emplace_back(word);
}

int64_t nanoseconds(double unix_time) {
  return static_cast<int64_t>(unix_time * 1e9);
}

}  // namespace

RunBook::RunBook(Setup setup, std::vector<ledger::OpenRun> left) : setup_(std::move(setup)) {
  for (ledger::OpenRun& it : left) take_over(std::move(it));
}

/// The id is BOOT-ID/CGROUP-ID/START.
void RunBook::take_over(ledger::OpenRun left) {
  const auto base = results::parse_run(left.base);
  const auto ended = left.ended.empty() ? base : results::parse_run(left.ended);
  const auto number = base::parse_integer(std::string_view(left.id).substr(left.id.rfind('/') + 1));
  if (!base.ok() || !ended.ok() || !number) {
    gone_.push_back(left.id);
    return;
  }
  Start start{.stored = std::move(left), .base = *base, .run = *ended, .number = *number};
  start.in_ledger = true;
  start.dirty = false;
  start.label = base->experiment.empty() ? Label::Unknown : Label::Run;
  start.told_end = ended->exit_code.has_value();
  if (is_of_this_boot(start)) {
    latest_[start.stored.cgroup_id] = start.stored.id;
    if (!start.stored.ended.empty()) start.ended = kLongAgo;
  } else {
    start.ended = kLongAgo;
    if (start.stored.ended.empty()) {
      start.run.failure = "the host went down";
      for (const char* word : {"duration", "cpu", "memory", "io"}) add_word(start.run.incomplete, word);
    }
  }
  starts_.emplace(start.stored.id, std::move(start));
}

RunBook::Start* RunBook::latest(uint64_t cgroup_id) {
  const auto id = latest_.find(cgroup_id);
  if (id == latest_.end()) return nullptr;
  const auto found = starts_.find(id->second);
  return found == starts_.end() ? nullptr : &found->second;
}

RunBook::Beginning RunBook::beginning(const model::ContainerSnapshot& container, const model::Mark& mark) {
  const uint64_t cgroup_id = container.container->cgroup_id;
  const auto told = populated_at_.extract(cgroup_id);
  const auto empty = empty_at_.extract(cgroup_id);
  if (told) return {.at = told.mapped()};
  if (mark.runs == 1 && !empty) return {.at = container.container->first_seen};
  if (!container.ended) return {.at = container.reading.at};  // which was ahead of the kernel's word
  return {.at = empty ? empty.mapped() : container.reading.at, .known = false};
}

RunBook::Start& RunBook::begin(const model::ContainerSnapshot& container, const model::Mark& mark, bool seen,
                               const TaskBook& tasks) {
  const uint64_t cgroup_id = container.container->cgroup_id;
  const std::string id = setup_.boot_id + '/' + std::to_string(cgroup_id) + '/' + std::to_string(mark.runs);
  latest_[cgroup_id] = id;
  Start start{.stored = {.id = id, .cgroup_id = cgroup_id, .base = {}, .ended = {}}, .number = mark.runs};
  RunRecord& base = start.base;
  base.id = id;
  base.container = base::to_utf8(container.container->path);
  base.host = setup_.host;
  const Beginning began = beginning(container, mark);
  base.started_at = began.at + setup_.wall_offset();
  if (container.ended && *container.ended <= began.at) start.unseen_end = true;  // gone before anybody looked
  const bool watched = seen && !start.unseen_end;
  if (watched && began.known) start.began = began.at;
  if (!start.began) add_word(base.incomplete, "duration");
  if (!watched) add_word(base.incomplete, "threads");
  if (mark.runs > 1) {
    analysis::take_figures(container.reading, setup_.collects_io, base);
    analysis::take_tasks(tasks.counted(cgroup_id), base);
    if (base.memory_peak_bytes) add_word(base.incomplete, "memory_peak");
  }
  start.run = base;
  return starts_.insert_or_assign(id, std::move(start)).first->second;
}

void RunBook::populated(uint64_t cgroup_id, base::Instant at) {
  const Start* start = latest(cgroup_id);
  if (start == nullptr || start->ended) populated_at_.try_emplace(cgroup_id, at);
}

void RunBook::read(const model::ContainerSnapshot& container, const model::Mark& mark, bool began, bool was_there,
                   const TaskBook& tasks) {
  if (mark.run == RunState::NotYet) {
    empty_at_[container.container->cgroup_id] = container.reading.at;
    return;
  }
  Start* start = latest(container.container->cgroup_id);
  if (start == nullptr || start->number != mark.runs) {
    if (!began && mark.run != RunState::Going) return;
    start = &begin(container, mark, began && !was_there, tasks);
  }
  if (start->label == Label::Unknown) label(*start, container);
  if (start->label == Label::None) return;
  if (!start->ended) {
    analysis::take_figures(container.reading, setup_.collects_io, start->run);
    // The end was told before its time on a cpu was, which tells that there was a run at all.
    if (container.ended) ended(container);
    find_over(*start, container);
    return;
  }
  // What the kernel charged after it had told of the end.
  RunRecord later = start->run;
  analysis::take_figures(container.reading, setup_.collects_io, later);
  if (later == start->run) return;
  start->run = std::move(later);
  start->dirty = true;
}

void RunBook::ended(const model::ContainerSnapshot& container) {
  Start* start = latest(container.container->cgroup_id);
  if (start == nullptr || start->ended || !container.ended) return;
  start->ended = *container.ended;
  start->dirty = true;
  if (!start->began && !first_reading_done_ && start->in_ledger) {
    start->unseen_end = true;  // between the process before and this one
    add_word(start->run.incomplete, "duration");
  }
  const int64_t wall = *container.ended + setup_.wall_offset();
  start->run.duration_ns =
      start->began ? *container.ended - *start->began : std::max<int64_t>(wall - start->run.started_at, 0);
  if (container.metadata != nullptr) take(*start, *container.metadata);
}

/// Whether it is a run at all.
void RunBook::label(Start& start, const model::ContainerSnapshot& container) {
  const auto workload = analysis::workload_of(*container.container, container.metadata.get());
  if (!workload) return;
  start.dirty = true;
  // Who made it keeps its run: a second row of it would count twice.
  const bool is_of_bench = container.metadata != nullptr && container.metadata->labels.contains("benchd.campaign");
  start.label = workload->experiment.empty() || is_of_bench ? Label::None : Label::Run;
  start.has_engine = container.metadata != nullptr && container.container->match.runtime != model::Runtime::None;
  for (RunRecord* it : {&start.base, &start.run}) {
    it->experiment = workload->experiment;
    it->variant = workload->variant;
  }
  if (container.metadata != nullptr) take(start, *container.metadata);
}

void RunBook::take(Start& start, const model::Metadata& metadata) {
  const std::string path = start.base.container;
  for (RunRecord* it : {&start.base, &start.run}) analysis::describe(metadata, *it);
  start.base.container = path;
  const auto forget_word = [](RunRecord& record) { std::erase(record.incomplete, "duration"); };
  if (metadata.started && start.number == 1 && has_word(start.base.incomplete, "duration")) {
    // Nobody saw it begin, but the engine.
    const int64_t ended_at = start.run.started_at + start.run.duration_ns;
    start.base.started_at = start.run.started_at = nanoseconds(*metadata.started);
    if (start.ended) start.run.duration_ns = std::max<int64_t>(ended_at - start.run.started_at, 0);
    forget_word(start.base);
    if (!start.unseen_end) forget_word(start.run);
    start.dirty = true;
  }
  if (!start.ended || start.told_end || !analysis::take_end(metadata, start.run)) return;
  start.told_end = true;
  start.dirty = true;
  if (!start.unseen_end || has_word(start.base.incomplete, "duration")) return;
  start.run.duration_ns = nanoseconds(*metadata.finished) - start.run.started_at;
  forget_word(start.run);
}

void RunBook::told(const model::ContainerSnapshot& container) {
  // An engine's restart: what could not be named before has the labels of its successor.
  const std::string path = base::to_utf8(container.container->path);
  for (auto& [id, start] : starts_) {
    if (start.label == Label::Unknown && start.ended && start.base.container == path) label(start, container);
  }
  Start* start = latest(container.container->cgroup_id);
  if (start == nullptr || container.metadata == nullptr) return;
  if (start->label == Label::Unknown) label(*start, container);
  if (start->label != Label::Run) return;
  take(*start, *container.metadata);
  find_over(*start, container);
}

/// Empty when benchd began, and still there: the kernel tells of no end any more, but the engine does.
void RunBook::find_over(Start& start, const model::ContainerSnapshot& container) {
  const bool empty = container.reading.values.get(model::Field::CgroupPopulated).value_or(1) == 0;
  if (start.ended || start.began || !empty || container.metadata == nullptr) return;
  RunRecord any = start.run;
  if (!analysis::take_end(*container.metadata, any)) return;
  start.ended = container.reading.at;
  start.unseen_end = true;
  add_word(start.run.incomplete, "duration");
  take(start, *container.metadata);
}

void RunBook::told(uint64_t cgroup_id, std::shared_ptr<const model::Metadata> metadata) {
  const Start* start = latest(cgroup_id);
  if (start == nullptr || !start->ended) return;
  model::Container container;
  container.cgroup_id = cgroup_id;
  container.path = start->base.container;
  container.match.runtime = model::Runtime::Docker;
  model::ContainerSnapshot shown;
  shown.container = std::make_shared<const model::Container>(std::move(container));
  shown.metadata = std::move(metadata);
  told(shown);
}

void RunBook::forgotten(uint64_t cgroup_id, const TaskBook& tasks) {
  populated_at_.erase(cgroup_id);
  empty_at_.erase(cgroup_id);
  Start* start = latest(cgroup_id);
  latest_.erase(cgroup_id);
  if (start == nullptr) return;
  if (start->label == Label::None || !start->ended) {
    if (start->in_ledger) gone_.push_back(start->stored.id);
    starts_.erase(start->stored.id);
    return;
  }
  analysis::take_tasks(tasks.counted(cgroup_id), start->run);
  if (!tasks.is_read(cgroup_id)) add_word(start->run.incomplete, "tasks");
  start->has_tasks = true;
  start->dirty = true;
}

void RunBook::first_reading_done(base::Instant now, const std::function<const model::Mark*(uint64_t)>& mark_of) {
  first_reading_done_ = true;
  for (auto& [id, start] : starts_) {
    if (start.ended == kLongAgo) start.ended = now;
    if (start.ended || start.began || !start.in_ledger) continue;
    const model::Mark* mark = mark_of(start.stored.cgroup_id);
    if (mark != nullptr && mark->run == RunState::Going && mark->runs == start.number) {
      for (RunRecord* it : {&start.base, &start.run})
        add_word(it->incomplete, "threads");  // of the time without benchd
      start.dirty = true;
    } else {
      miss_end(start, now, mark);
    }
  }
}

/// Its cgroup was gone when benchd came back: what the process before had read last is all there is, until the engine
/// says more.
void RunBook::miss_end(Start& start, base::Instant now, const model::Mark* mark) const {
  start.ended = now;
  start.unseen_end = true;
  start.dirty = true;
  for (const char* word : {"duration", "cpu", "memory", "io", "threads"}) add_word(start.run.incomplete, word);
  if (mark == nullptr) return;
  start.run.cpu_usec = mark->cpu_usec;
  if (setup_.collects_io) {
    start.run.io_read_bytes = mark->io_read_bytes;
    start.run.io_written_bytes = mark->io_written_bytes;
  }
  start.run.threads = mark->threads;
  start.run.duration_ns = std::max<int64_t>(mark->at + setup_.wall_offset() - start.run.started_at, 0);
}

bool RunBook::is_complete(const Start& start, base::Instant now, const TaskBook& tasks) const {
  const int64_t since = now - *start.ended;
  if (since >= kWait) return true;
  if (start.label == Label::Unknown || (start.has_engine && !start.told_end)) return false;
  if (start.has_tasks) return true;
  return (!setup_.collects_tasks || since >= kLogWait) && tasks.is_read(start.stored.cgroup_id);
}

RunRecord RunBook::completed(const Start& start, const TaskBook& tasks) const {
  RunRecord run = start.run;
  if (!start.has_tasks) {
    analysis::take_tasks(tasks.counted(start.stored.cgroup_id), run);
    if (!tasks.is_read(start.stored.cgroup_id)) add_word(run.incomplete, "tasks");
  }
  analysis::subtract(run, start.base);
  if (start.has_engine && !start.told_end) add_word(run.incomplete, "exit_code");
  return run;
}

void RunBook::fill(ledger::Batch& batch, base::Instant now, const TaskBook& tasks) {
  finished_.clear();
  batch.runs.clear();
  batch.open_runs.clear();
  batch.open_runs_gone = gone_;
  for (auto& [id, start] : starts_) {
    const bool over = start.ended && (start.label == Label::None || is_complete(start, now, tasks));
    start.written = over;
    if (over || (start.label == Label::None && start.in_ledger)) {
      if (start.in_ledger) batch.open_runs_gone.push_back(id);
      if (over && start.label == Label::Run) finished_.push_back(completed(start, tasks));
    } else if (start.dirty && start.label != Label::None) {
      start.stored.base = report::run_json(start.base);
      start.stored.ended = start.ended ? report::run_json(start.run) : "";
      batch.open_runs.push_back(&start.stored);
    }
  }
  for (const RunRecord& run : finished_) batch.runs.push_back(&run);
}

void RunBook::committed() {
  gone_.clear();
  for (auto& [id, start] : starts_) {
    if (start.label != Label::None) start.in_ledger = start.in_ledger || start.dirty;
    if (start.label == Label::None) start.in_ledger = false;
    start.dirty = false;
  }
  std::erase_if(starts_, [](const auto& it) { return it.second.written; });
}

std::vector<std::pair<uint64_t, std::string>> RunBook::wanted() const {
  std::vector<std::pair<uint64_t, std::string>> containers;
  for (const auto& [id, start] : starts_) {
    if (is_of_this_boot(start) && start.ended && !start.told_end)
      containers.emplace_back(start.stored.cgroup_id, start.base.container);
  }
  return containers;
}

}  // namespace benchd::daemon
