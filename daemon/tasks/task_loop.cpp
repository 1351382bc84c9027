#include "daemon/tasks/task_loop.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "collectors/tasks/logs/sources.h"

namespace benchd::daemon {
namespace {

using base::kMillisecond;
using base::kSecond;
using logs::LogHandle;
using logs::LogSpec;

/// How long one turn reads before it looks for other news.
constexpr int64_t kTurn = 20 * kMillisecond;
constexpr int64_t kTick = kSecond;
/// A task's CPU time is told to this part of what it takes, as far as looking so often costs next to nothing.
constexpr int64_t kLooksPerTask = 8;
constexpr int64_t kMostOften = 10 * kMillisecond;
constexpr int64_t kForEachContainer = 2 * kMillisecond;
constexpr int64_t kActive = 10 * kSecond;

/// So many batches that nobody took: the sampler hangs, or the log is read much faster than it is committed.
constexpr size_t kMaxWaiting = 1'000;

constexpr int64_t kLookInterval = 10 * kSecond;
constexpr int64_t kGoneInterval = 30 * kSecond;
/// Of a container that the sampler has forgotten nobody will tell any more after that.
constexpr int64_t kLongestUndecided = 60 * kSecond;

}  // namespace

TaskLoop::TaskLoop(Setup setup)
    : setup_(std::move(setup)),
      follower_(setup_.door, {.journal_directory = setup_.journal}),
      folders_(setup_.door),
      held_(follower_),
      finished_(setup_.door),
      report_(setup_.rules),
      ticker_(kTick),
      closer_(kTick) {
  for (const auto& [log, left] : setup_.left) places_[log] = left.place;
  if (follower_.fd() >= 0) poller_.add(follower_.fd(), [this] { follower_.dispatch(base::now()); });
  if (folders_.fd() >= 0) poller_.add(folders_.fd(), [this] { take_folders(folders_.dispatch()); });
  poller_.add(ticker_.fd(), [this] { tick(); });
  poller_.add(closer_.fd(), [this] { look_closer(); });
  poller_.add(work_.fd(), [this] { work_.drain(); });
  thread_ = std::thread([this] { run(); });
}

TaskLoop::~TaskLoop() {
  stop_ = true;
  work_.notify();
  thread_.join();
}

void TaskLoop::appeared(const model::Container& container, bool is_new) {
  tell({.what = News::What::Appeared,
        .cgroup_id = container.cgroup_id,
        .is_new = is_new,
        .container = std::make_shared<const model::Container>(container)});
}

void TaskLoop::told(uint64_t cgroup_id, std::shared_ptr<const model::Metadata> metadata) {
  tell({.what = News::What::Told, .cgroup_id = cgroup_id, .metadata = std::move(metadata)});
}

void TaskLoop::container_ended(uint64_t cgroup_id) {
  tell({.what = News::What::Ended, .cgroup_id = cgroup_id});
}

void TaskLoop::revived(uint64_t cgroup_id) {
  tell({.what = News::What::Revived, .cgroup_id = cgroup_id});
}

void TaskLoop::forgotten(uint64_t cgroup_id) {
  tell({.what = News::What::Forgotten, .cgroup_id = cgroup_id});
}

void TaskLoop::tell(News news) {
  {
    const std::lock_guard lock(mutex_);
    news_.push_back(std::move(news));
  }
  work_.notify();
}

void TaskLoop::run() {
  tick();
  while (!stop_) {
    poller_.wait();
    take_news();
    read_logs();
  }
}

void TaskLoop::take_news() {
  std::vector<News> news;
  {
    const std::lock_guard lock(mutex_);
    news.swap(news_);
  }
  for (const News& it : news) take(it);
}

TaskLoop::Watched* TaskLoop::find(uint64_t cgroup_id) {
  const auto found = watched_.find(cgroup_id);
  return found == watched_.end() ? nullptr : &found->second;
}

void TaskLoop::take(const News& news) {
  if (news.what == News::What::Appeared) {
    Watched& watched = watched_[news.cgroup_id];
    watched.container = news.container;
    watched.is_new = news.is_new;
    undecided_.insert(news.cgroup_id);
    return;
  }
  Watched* const watched = find(news.cgroup_id);
  if (watched == nullptr) return;
  switch (news.what) {
    case News::What::Told:
      watched->metadata = news.metadata;
      decide(*watched);
      break;
    case News::What::Ended:
      watched->ended = true;
      for (const LogHandle log : watched->logs) follower_.finish(log);
      break;
    case News::What::Revived:
      watched->ended = false;
      watched->revived = !watched->logs.empty();
      if (watched->logs.empty()) follow_again(news.cgroup_id, *watched);
      break;
    case News::What::Forgotten:
      watched->forgotten = base::now();
      forget_if_done(news.cgroup_id);
      break;
    case News::What::Appeared:
      break;
  }
}

/// Its rules may not be known yet: names come late, and tasks count all the same.
void TaskLoop::forget_if_done(uint64_t cgroup_id) {
  const Watched* const watched = find(cgroup_id);
  if (watched == nullptr || !watched->forgotten || !watched->logs.empty()) return;
  if (watched->decided || base::now() - *watched->forgotten >= kLongestUndecided) watched_.erase(cgroup_id);
}

/// What it used up to now is charged.
void TaskLoop::follow_again(uint64_t cgroup_id, Watched& watched) {
  watched.revived = false;
  watched.is_new = false;
  watched.costs.reset();
  watched.decided = false;
  undecided_.insert(cgroup_id);
}

void TaskLoop::decide(Watched& watched) {
  if (watched.decided || watched.metadata == nullptr) return;
  if (watched.metadata->log_driver.empty() && !watched.ended) return;
  watched.decided = true;
  const LogSpec as_file = logs::docker_log(watched.container->match.runtime_id);
  // It may be nowhere else by now.
  const auto open = held_.has_open(as_file.log) ? std::optional(as_file) : std::nullopt;
  WantedLogs wanted = logs_of_container(setup_.door, setup_.rules, *watched.container, *watched.metadata, open);
  for (model::State& state : wanted.states) report_.note(std::move(state));
  for (WantedLog& log : wanted.logs) {
    if (!follow(watched, std::move(log))) watched.decided = false;
  }
  if (watched.decided) held_.let_go(as_file.log);
}

void TaskLoop::decide_all() {
  std::erase_if(undecided_, [&](uint64_t cgroup_id) {
    if (Watched* const watched = find(cgroup_id)) decide(*watched);
    forget_if_done(cgroup_id);
    const Watched* const still = find(cgroup_id);
    return still == nullptr || still->decided;
  });
}

/// How far a log was read when it was told last.
model::LogPosition TaskLoop::position_of(const std::string& log) const {
  const auto found = places_.find(log);
  return {.log = log, .place = found == places_.end() ? "" : found->second};
}

/// False: that of the incarnation before is not read to its end yet, the next tick tries again.
bool TaskLoop::follow(Watched& watched, WantedLog wanted) {
  LogSpec& spec = wanted.spec;
  if (const auto read = by_name_.find(spec.log); read != by_name_.end())
    return std::find(watched.logs.begin(), watched.logs.end(), read->second) != watched.logs.end();
  const bool is_host = watched.container == nullptr;
  auto compiled =
      rules::RuleSet::compile(wanted.rules, {.timezone = spec.folder.home == base::LogHome::Host ? "local" : "UTC"});
  if (!compiled.ok()) {
    report_.note({.subject = "rules for " + spec.log,
                  .found = compiled.error().message(),
                  .cost = "the tasks in this log are not counted",
                  .cure = "benchd rules test FILE --config.file=CONFIG"});
    return true;
  }
  LogTasks::Setup setup{.log = spec.log,
                        .cgroup_id = is_host ? ledger::kHost : watched.container->cgroup_id,
                        .rules = *std::move(compiled),
                        .bounds = setup_.bounds,
                        .open_pairs = {},
                        .keys = {}};
  if (const auto left = setup_.left.find(spec.log); left != setup_.left.end()) {
    setup.open_pairs = std::move(left->second.open_pairs);
    setup.keys = std::move(left->second.keys);
    setup_.left.erase(left);
  }
  if (!is_host && watched.costs == nullptr) {
    const std::string directory = setup_.cgroup_root + watched.container->path;
    watched.costs = std::make_unique<ContainerCosts>();
    watched.threads = std::make_unique<kernel::ContainerThreads>(setup_.proc, directory);
    watched.cpu = std::make_unique<ContainerCpu>(directory);
    if (watched.is_new) watched.costs->born(watched.container->first_seen);
    costed_.insert(watched.container->cgroup_id);
  }
  setup.threads = watched.threads.get();
  const model::LogPosition from = position_of(spec.log);
  auto tasks = std::make_unique<LogTasks>(std::move(setup), present_, watched.costs.get());
  setup_.inbox.give(tasks->born(from));
  ReadLog read{.tasks = std::move(tasks), .lifetime = finished_.lifetime_of(spec)};
  // What is held is the file: of a container whose log is somewhere else it is none.
  if (spec.kind != logs::LogKind::JsonFile) held_.let_go(spec.log);
  const auto held = held_.release(spec.log);
  const LogHandle handle = held ? *held : follower_.follow(std::move(spec), from, base::now());
  report_.began(*read.tasks);
  by_name_[from.log] = handle;
  if (watched.main_log.empty()) watched.main_log = from.log;
  watched.logs.push_back(handle);
  logs_[handle] = std::move(read);
  finished_.forget(from.log);
  if (watched.ended) follower_.finish(handle);
  return true;
}

void TaskLoop::read_logs() {
  if (!follower_.ready()) return;
  if (setup_.inbox.waiting() > kMaxWaiting) return;  // the tick looks again
  const base::Instant now = base::now();
  present_ = {.now = now, .wall_offset = base::wall_offset()};
  if (follower_.read(*this, now, now + kTurn)) work_.notify();
}

void TaskLoop::line(LogHandle log, const model::LogLine& line) {
  logs_.at(log).tasks->line(line);
}

void TaskLoop::reached(LogHandle log, const logs::Reached& reached) {
  LogTasks& tasks = *logs_.at(log).tasks;
  // What the container has used by now is what its tasks up to here have: the closer to the line, the truer their cost.
  if (tasks.take_had_tasks()) {
    if (Watched* watched = find(tasks.cgroup_id())) {
      watched->had_tasks_at = base::now();
      read_cpu(*watched);
    }
  }
  places_[reached.position.log] = reached.position.place;
  TaskBatch batch = tasks.reached(reached);
  batch.lag_bytes = lags_[reached.position.log];
  setup_.inbox.give(std::move(batch));
}

void TaskLoop::ended(LogHandle log) {
  auto [tasks, lifetime] = std::move(logs_.extract(log).mapped());
  by_name_.erase(tasks->log());
  lags_.erase(tasks->log());
  report_.ended(*tasks);
  TaskBatch last = tasks->ended();
  last.ended = true;
  last.gone = finished_.is_gone(lifetime);
  if (Watched* const watched = find(tasks->cgroup_id())) {
    std::erase(watched->logs, log);
    if (watched->logs.empty()) {
      finish(*watched);
      if (watched->revived) follow_again(tasks->cgroup_id(), *watched);
      forget_if_done(tasks->cgroup_id());
    }
  }
  if (last.gone) {
    places_.erase(tasks->log());
  } else {
    finished_.add(tasks->log(), std::move(lifetime), tasks->cgroup_id());
  }
  setup_.inbox.give(std::move(last));  // after the costs: it may be the end of all that is kept of the log
}

/// Nobody needs to know any more how far it was read.
void TaskLoop::let_go(const std::string& log, uint64_t cgroup_id) {
  setup_.inbox.give({.position = position_of(log), .cgroup_id = cgroup_id, .ended = true, .gone = true});
  places_.erase(log);
}

/// All logs of an ended container are read.
void TaskLoop::finish(Watched& watched) {
  const auto view = setup_.board.newest();
  for (const model::ContainerSnapshot& it : view->containers) {
    if (it.container->cgroup_id == watched.container->cgroup_id) watched.costs->read(it.reading);
  }
  give_costs(watched, watched.costs->finish());
}

void TaskLoop::read_cpu(Watched& watched) {
  if (watched.ended || watched.cpu == nullptr) return;
  const base::Instant now = base::now();
  if (const auto used = watched.cpu->read(now)) watched.costs->read_cpu(now, *used);
}

void TaskLoop::give_costs(Watched& watched, ContainerCosts::Grown grown) {
  if (grown.empty() || watched.main_log.empty()) return;
  TaskBatch batch{.position = position_of(watched.main_log),
                  .cgroup_id = watched.container->cgroup_id,
                  .counts = {},
                  .tasks = std::move(grown.tasks),
                  .residual = grown.residual};
  if (const auto log = by_name_.find(watched.main_log); log != by_name_.end()) {
    batch.lag_bytes = lags_[watched.main_log];
    batch.last_stamp = logs_.at(log->second).tasks->last_stamp();
  }
  setup_.inbox.give(std::move(batch));
}

void TaskLoop::tick() {
  ticker_.elapsed();
  const base::Instant now = base::now();
  if (now >= follower_.next_sweep()) follower_.sweep(now);
  if (now >= next_look_) {
    next_look_ = now + kLookInterval;
    take_folders(folders_.sweep());
    follow_host_files();
  }
  if (now >= next_gone_look_) {
    next_gone_look_ = now + kGoneInterval;
    for (const auto& [log, cgroup_id] : finished_.take_gone()) let_go(log, cgroup_id);
  }
  held_.let_go_of_old(now);
  tell_lag();
  take_readings();
  decide_all();
  tell_costs();
  publish_report();
}

void TaskLoop::take_readings() {
  const auto view = setup_.board.newest();
  for (const model::ContainerSnapshot& it : view->containers) {
    Watched* const watched = find(it.container->cgroup_id);
    if (watched == nullptr || watched->costs == nullptr || it.ended) continue;
    watched->costs->read(it.reading);
  }
}

/// And how often to look at the CPU time of containers that have tasks.
void TaskLoop::tell_costs() {
  const base::Instant now = base::now();
  active_.clear();
  int64_t shortest = kTick * kLooksPerTask;
  std::erase_if(costed_, [&](uint64_t cgroup_id) {
    const Watched* const watched = find(cgroup_id);
    return watched == nullptr || watched->ended;
  });
  for (const uint64_t cgroup_id : costed_) {
    Watched& watched = watched_.at(cgroup_id);
    if (now - watched.had_tasks_at < kActive && watched.costs->typical()) {
      active_.push_back(cgroup_id);
      shortest = std::min(shortest, *watched.costs->typical());
    }
    std::optional<base::Instant> held;
    for (const LogHandle log : watched.logs) {
      const auto its = logs_.at(log).tasks->held();
      if (its) held = std::min(held.value_or(*its), *its);
    }
    give_costs(watched, watched.costs->close(now, held));
  }
  const int64_t least = std::max(kMostOften, static_cast<int64_t>(active_.size()) * kForEachContainer);
  closer_.set_interval(std::clamp(shortest / kLooksPerTask, std::min(least, kTick), kTick));
}

/// What is new here is a log that is opened before anybody knows whose it is: `docker run --rm` may remove it at once.
void TaskLoop::take_folders(const std::vector<logs::ContainerFolders::Change>& changes) {
  for (const logs::ContainerFolders::Change& change : changes) {
    LogSpec spec = logs::docker_log(change.id);
    if (!change.made && !by_name_.contains(spec.log)) {
      if (const auto cgroup_id = finished_.take_gone(spec.log)) let_go(spec.log, *cgroup_id);
      places_.erase(spec.log);
    }
    if (!change.made || by_name_.contains(spec.log) || held_.holds(spec.log)) continue;
    const model::LogPosition from = position_of(spec.log);
    held_.hold(std::move(spec), from, base::now());
  }
}

void TaskLoop::tell_lag() {
  for (const auto& [name, handle] : by_name_) {
    const logs::LogStatus status = follower_.status(handle);
    std::optional<uint64_t>& told = lags_[name];
    if (!status.present || told == status.lag_bytes) continue;
    told = status.lag_bytes;
    TaskBatch batch = logs_.at(handle).tasks->reached({.position = position_of(name), .counts = {}});
    batch.lag_bytes = told;
    setup_.inbox.give(std::move(batch));
  }
}

void TaskLoop::follow_host_files() {
  // What is left of a log may have another name alone, until its writer makes the next file.
  std::vector<std::string> left;
  for (const auto& [log, its] : setup_.left) {
    if (auto path = logs::host_path(log)) left.push_back(*std::move(path));
  }
  for (const WantedLog& wanted : logs_of_host(setup_.door, setup_.rules, left)) {
    // During a rotation the old file may stand there alone, under its new name.
    if (by_name_.contains(wanted.spec.log) || follower_.has_open(wanted.spec)) continue;
    if (wanted.container.empty()) {
      follow(host_, wanted);
      continue;
    }
    for (auto& [cgroup_id, watched] : watched_) {
      const bool is_it = watched.container->path == wanted.container ||
                         (watched.metadata != nullptr && watched.metadata->name == wanted.container);
      if (is_it && !watched.ended) follow(watched, wanted);
    }
  }
}

void TaskLoop::look_closer() {
  closer_.elapsed();
  for (const uint64_t cgroup_id : active_) {
    if (Watched* watched = find(cgroup_id)) read_cpu(*watched);
  }
}

std::string TaskLoop::name_of(uint64_t cgroup_id) const {
  const auto watched = watched_.find(cgroup_id);
  if (watched == watched_.end() || watched->second.metadata == nullptr) return {};
  return watched->second.metadata->name;
}

void TaskLoop::publish_report() {
  report_.begin(base::now());
  for (const auto& [handle, read] : logs_)
    report_.look(*read.tasks, name_of(read.tasks->cgroup_id()), follower_.status(handle));
  report_.publish(follower_.state());
}

}  // namespace benchd::daemon
