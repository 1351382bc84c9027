#include "daemon/serve.h"

#include <algorithm>
#include <csignal>
#include <mutex>
#include <optional>
#include <utility>

#include <linux/capability.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "analysis/workload.h"
#include "base/capabilities.h"
#include "base/cpu_set.h"
#include "base/file.h"
#include "base/resident.h"
#include "base/text.h"
#include "collectors/cgroup/mount.h"
#include "collectors/host/facts.h"
#include "collectors/kernel/kernel_collector.h"
#include "collectors/kernel/thread_estimator.h"
#include "collectors/kernel/unavailable.h"
#include "collectors/runtimes/path_rules.h"
#include "collectors/tasks/logs/sources.h"
#include "daemon/campaign_desk.h"
#include "daemon/log.h"
#include "daemon/make_door.h"
#include "daemon/open_files.h"
#include "daemon/poller.h"
#include "daemon/runtimes_thread.h"
#include "daemon/sampler.h"
#include "daemon/service.h"
#include "daemon/tasks/task_loop.h"
#include "daemon/web.h"

namespace benchd::daemon {
namespace {

using base::Done;
using base::Result;

/// Two scrapes closer together than this share a reading.
constexpr int64_t kFreshEnough = 10 * base::kMillisecond;
constexpr int64_t kStatusEvery = 10 * base::kSecond;
/// The signals the daemon answers to: blocked here and in all threads made later, and readable from the fd.
Result<base::Fd> take_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  base::Fd fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) return base::errno_error("signalfd");
  return fd;
}

std::string boot_id_in(const std::string& proc) {
  const auto boot_id = base::boot_id(proc);
  return boot_id.ok() ? *boot_id : "";
}

double unix_time() {
  return static_cast<double>(base::now() + base::wall_offset()) / base::kSecond;
}

/// The sampler's thread: waits for the tick, the cgroup tree, scrapes, the runtimes and signals, one after the other.
class Daemon {
 public:
  using Reload = std::function<Result<Options>()>;

  Daemon(const Options& options, cgroup::Mount mount, base::Fd signals, Reload reload);

  Result<Done> run();

 private:
  std::optional<model::State> start_kernel();
  base::Result<Done> load_kernel(const base::CpuSet& online);
  model::KernelMode kernel_mode() const;
  kernel::ThreadSource* threads() const;
  void watch();
  void tick();
  void answer_scrape();
  void take_updates();
  void take_signal();
  void reload();
  void open_ledger(std::vector<model::State>& standing_states);
  void work_at_desk();
  void start_tasks();
  void listen_to_sampler();
  void adopt_logs();
  void adopt_runs();
  void sample(base::Instant now);
  int64_t tick_interval() const;
  std::optional<model::PathMatch> classify(std::string_view path) const;

  Options options_;
  const cgroup::Mount mount_;
  const base::Fd signals_;
  const Reload reload_;
  bool stop_ = false;

  const OpenFiles open_files_;
  cgroup::ReaderShare reader_;
  cgroup::Tree tree_;
  std::unique_ptr<kernel::KernelCollector> kernel_;
  std::unique_ptr<kernel::ThreadEstimator> estimator_;  ///< null where there is kernel_
  std::optional<network::NetworkCollector> network_;
  std::optional<host::HostCollector> host_;
  const std::string boot_id_;
  std::optional<WorkloadBook> workloads_;
  TaskInbox tasks_inbox_;
  TaskHistory task_history_;
  SnapshotBoard board_;
  std::optional<Sampler> sampler_;
  const std::unique_ptr<base::Door> door_;
  std::optional<RuntimesThread> runtimes_;
  std::vector<runtimes::Update> updates_;
  std::vector<model::Container> left_over_;  ///< whose logs an earlier process has read, until they are adopted
  std::optional<TaskLoop> tasks_;            ///< none without a ledger: what cannot be kept must not be counted

  int64_t tick_interval_;
  Ticker ticker_;
  Wakeup scrape_wanted_;
  base::Instant next_status_ = 0;
  std::mutex self_mutex_;  ///< guards self_: written here, read by the web thread
  SelfCounts self_;
  Web web_;
  std::optional<CampaignDesk> desk_;  ///< none without a ledger
  Poller poller_;
};

Daemon::Daemon(const Options& options, cgroup::Mount mount, base::Fd signals, Reload reload)
    : options_(options),
      mount_(std::move(mount)),
      signals_(std::move(signals)),
      reload_(std::move(reload)),
      open_files_(share_out(raise_open_files_limit(), static_cast<size_t>(options.web_max_connections))),
      reader_(open_files_.files, open_files_.directories),
      tree_(mount_.path, [this](std::string_view path) { return classify(path); }),
      boot_id_(boot_id_in(options.path_procfs)),
      door_(make_door(options)),
      tick_interval_(tick_interval()),
      ticker_(tick_interval_),
      web_(
          {.board = board_,
           .ask_for_reading = [this] { scrape_wanted_.notify(); },
           .self_counts =
               [this] {
                 const std::lock_guard lock(self_mutex_);
                 return self_;
               },
           .tasks = task_history_,
           .unmatched = [this] { return tasks_ ? tasks_->report().unmatched() : std::vector<model::UnmatchedLines>(); },
           .rule_uses = [this] { return tasks_ ? tasks_->report().rule_uses() : std::vector<model::RuleUse>(); },
           .proc = options.path_procfs,
           .limits = {.connections = open_files_.connections}}) {
  // First, because capabilities are given up before there is another thread.
  const std::optional<model::State> no_kernel = start_kernel();
  reader_.possible = cgroup::files_with(mount_.controllers);
  if (options.collector_network)
    network_.emplace(network::NetworkRoots{options.path_procfs, mount_.path, mount_.below}, open_files_.namespaces);
  if (options.collector_host) host_.emplace(host::HostRoots{options.path_procfs, options.path_sysfs});
  auto standing_states = cgroup::missing_in(mount_, cgroup::controllers_by_libcgroup());
  if (const auto state = state_of(open_files_)) standing_states.push_back(*state);
  if (no_kernel) standing_states.push_back(*no_kernel);
  if (kernel_ && !kernel_->knows_threads()) standing_states.push_back(kernel::hidden_threads());
  open_ledger(standing_states);
  sampler_.emplace(Sampler::Parts{.tree = tree_,
                                  .reader = reader_,
                                  .board = board_,
                                  .network = network_ ? &*network_ : nullptr,
                                  .host = host_ ? &*host_ : nullptr,
                                  .workloads = workloads_ ? &*workloads_ : nullptr,
                                  .tasks = options.collector_tasks ? &tasks_inbox_ : nullptr,
                                  .duration_bounds = options.tasks_buckets,
                                  .kernel = kernel_.get(),
                                  .threads = threads(),
                                  .below = mount_.below,
                                  .kernel_mode = kernel_mode(),
                                  .kernel_mode_reason = no_kernel ? no_kernel->found : "",
                                  .max_cpu_series = static_cast<uint64_t>(options.percpu_max_series),
                                  .boot_id = boot_id_,
                                  .standing_states = std::move(standing_states)});
  sampler_->set_retention(options.retention);
  if (options.collector_runtimes) runtimes_.emplace(*door_, options.runtimes_labels);
  if (options.collector_tasks && workloads_) start_tasks();
  listen_to_sampler();
}

void Daemon::start_tasks() {
  auto left = workloads_->tasks().left();
  for (const auto& [log, its] : left) {
    const auto id = logs::docker_id(log);
    if (!id || its.cgroup_id == ledger::kHost) continue;
    model::Container& container = left_over_.emplace_back();
    container.cgroup_id = its.cgroup_id;
    container.match = {.runtime = model::Runtime::Docker, .runtime_id = *id, .pod_uid = ""};
  }
  task_history_.set_tick(tick_interval_);
  tasks_.emplace(TaskLoop::Setup{.door = *door_,
                                 .board = board_,
                                 .inbox = tasks_inbox_,
                                 .rules = options_.tasks,
                                 .bounds = options_.tasks_buckets,
                                 .left = std::move(left),
                                 .cgroup_root = mount_.path,
                                 .proc = options_.path_procfs,
                                 .journal = options_.path_journal});
}

/// Containers that ended while no benchd was running: their logs, where they are still there, are read to the end.
void Daemon::adopt_logs() {
  for (const model::Container& container : std::exchange(left_over_, {})) {
    if (sampler_->knows(container.cgroup_id)) continue;
    tasks_->appeared(container, false);
    tasks_->container_ended(container.cgroup_id);
    if (runtimes_) runtimes_->registry().wanted(container);
  }
}

/// Containers whose run ended while no benchd was running, or just before: their engine may still know how.
void Daemon::adopt_runs() {
  for (const auto& [cgroup_id, path] : workloads_->runs().wanted()) {
    auto match = classify(path);
    if (sampler_->knows(cgroup_id) || !match || match->runtime == model::Runtime::None) continue;
    model::Container container;
    container.cgroup_id = cgroup_id;
    container.path = path;
    container.match = *std::move(match);
    runtimes_->registry().wanted(container);
  }
}

void Daemon::listen_to_sampler() {
  sampler_->on_appeared = [this](const model::Container& container) {
    if (tasks_) tasks_->appeared(container, sampler_->counts().readings > 0);
    if (runtimes_) runtimes_->registry().wanted(container);
  };
  sampler_->on_ended = [this](const model::Container& container) {
    if (tasks_) tasks_->container_ended(container.cgroup_id);
  };
  sampler_->on_revived = [this](const model::Container& container) {
    if (tasks_) tasks_->revived(container.cgroup_id);
  };
  sampler_->on_forgotten = [this](const model::Container& container) {
    if (tasks_) tasks_->forgotten(container.cgroup_id);
    if (runtimes_) runtimes_->registry().forget(container.cgroup_id);
  };
}

/// Without a ledger there are no workload counters: they would fall at each restart.
void Daemon::open_ledger(std::vector<model::State>& standing_states) {
  WorkloadBook::Setup setup{.path = options_.storage_path + "/ledger.db",
                            .boot_id = boot_id_,
                            .declared = {},
                            .collects_threads = kernel_ != nullptr,
                            .keeps_cpus = threads() != nullptr && threads()->needs_cpus_before(),
                            .collects_io = reader_.possible.test(static_cast<size_t>(model::File::IoStat)),
                            .duration_bounds = options_.tasks_buckets,
                            .collects_tasks = options_.collector_tasks,
                            .host = host::read_facts({options_.path_procfs, options_.path_sysfs})};
  for (const std::string& text : options_.workload_declare) {
    setup.declared.push_back(*analysis::declared_workload(text));  // checked when the option was set
  }
  const std::string path = setup.path;
  Result<WorkloadBook> book = WorkloadBook::open(std::move(setup), base::now());
  if (book.ok()) {
    workloads_.emplace(*std::move(book));
    desk_.emplace(path);
    if (options_.control_socket.empty()) return;
    if (auto state = desk_->listen(options_.control_socket)) standing_states.push_back(*std::move(state));
  } else {
    standing_states.push_back(no_ledger(book.error(), path));
  }
}

void Daemon::work_at_desk() {
  const uint64_t refused =
      desk_->work([this](const ControlServer::Change& change) { return workloads_->change_runs(change); });
  if (refused == 0) return;
  const std::lock_guard lock(self_mutex_);
  self_.refused_requests += refused;
}

/// Nothing where it works or is not wanted; else what is missing.
std::optional<model::State> Daemon::start_kernel() {
  const auto text = base::read_text(options_.path_sysfs + "/devices/system/cpu/online");
  const base::CpuSet online = text.ok() ? base::parse_cpu_list(*text).value_or(base::CpuSet()) : base::CpuSet();
  const Result<Done> loaded = options_.collector_kernel ? load_kernel(online) : Done{};
  if (auto dropped = base::drop_capabilities({CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN}); !dropped.ok())
    spdlog::warn("{}", dropped.error().message());
  if (loaded.ok()) return std::nullopt;
  auto estimator = kernel::ThreadEstimator::make(options_.path_procfs, online);
  if (!estimator.ok()) return kernel::unavailable(loaded.error(), &estimator.error());
  estimator_ = *std::move(estimator);
  return kernel::unavailable(loaded.error(), nullptr);
}

Result<Done> Daemon::load_kernel(const base::CpuSet& online) {
  auto handles = door_->kernel();
  if (!handles.ok()) return handles.error();
  auto collector = kernel::KernelCollector::make(*std::move(handles), online);
  if (!collector.ok()) return collector.error();
  kernel_ = *std::move(collector);
  return Done{};
}

model::KernelMode Daemon::kernel_mode() const {
  if (kernel_) return model::KernelMode::Exact;
  return estimator_ ? model::KernelMode::Estimated : model::KernelMode::Off;
}

kernel::ThreadSource* Daemon::threads() const {
  return kernel_ ? static_cast<kernel::ThreadSource*>(kernel_.get()) : estimator_.get();
}

std::optional<model::PathMatch> Daemon::classify(std::string_view path) const {
  if (auto match = runtimes::match_path(path)) return match;
  const std::string text(path);
  const auto included = [&](const std::string& glob) { return base::glob_match(glob, text); };
  if (std::any_of(options_.cgroup_include.begin(), options_.cgroup_include.end(), included)) return model::PathMatch{};
  return std::nullopt;
}

/// The service manager must hear from the sampler twice within its watchdog time.
int64_t Daemon::tick_interval() const {
  const auto watchdog = service::watchdog_time();
  return watchdog ? std::min(options_.interval, *watchdog / 2) : options_.interval;
}

void Daemon::sample(base::Instant now) {
  sampler_->dispatch(now);  // what is told by now is read by now
  if (now >= tree_.next_sweep()) sampler_->sweep(now);
  std::optional<runtimes::RegistryStatus> runtimes;
  if (runtimes_ && now >= next_status_) {
    runtimes = runtimes_->registry().status();
    sampler_->set_other(runtimes->collector, runtimes->states);
  }
  if (tasks_ && now >= next_status_) {
    LogReport::Status status = tasks_->report().status();
    sampler_->set_other(status.collector, std::move(status.states));
  }
  if (desk_) {
    if (auto news = desk_->news()) sampler_->set_comparisons(*std::move(news));
  }
  sampler_->sample(now);
  if (tasks_) task_history_.note(*board_.newest());
  {
    const std::lock_guard lock(self_mutex_);
    if (runtimes) self_.runtimes = *std::move(runtimes);
    self_.sampler = sampler_->counts();
    if (workloads_) self_.workloads = workloads_->counts();
    self_.tree = tree_.counts();
    self_.files = reader_.counts;
    if (kernel_) self_.kernel = kernel_->counts();
    if (estimator_) self_.estimator = estimator_->counts();
    self_.kept_fds = reader_.fds.used();
  }
  service::watchdog();
  if (now < next_status_) return;
  next_status_ = now + kStatusEvery;
  service::status(fmt::format("{} containers running", sampler_->counts().running));
}

void Daemon::tick() {
  const uint64_t ticks = ticker_.elapsed();
  if (ticks == 0) return;
  const base::Instant now = base::now();
  sample(now);
  {
    const std::lock_guard lock(self_mutex_);
    self_.skipped_ticks += ticks - 1;
  }
}

void Daemon::answer_scrape() {
  scrape_wanted_.drain();
  const base::Instant now = base::now();
  if (now - sampler_->last_sample() >= kFreshEnough) {
    sample(now);
    // Who scrapes as often as the tick comes has one reading a turn, not two; when scrapes stay away the tick is back.
    ticker_.postpone(tick_interval_ * 5 / 4);
  }
  if (workloads_) workloads_->scraped(now);
  web_.on_published();
}

void Daemon::take_updates() {
  runtimes_->registry().take_updates(updates_);
  for (const runtimes::Update& update : updates_) {
    sampler_->set_metadata(update.cgroup_id, update.metadata);
    if (tasks_) tasks_->told(update.cgroup_id, update.metadata);
  }
}

void Daemon::take_signal() {
  signalfd_siginfo signal{};
  while (::read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
    if (signal.ssi_signo == SIGHUP) {
      reload();
    } else {
      stop_ = true;
    }
  }
}

void Daemon::reload() {
  service::reloading();
  const Result<Options> loaded = reload_();
  if (loaded.ok()) {
    Options next = options_;
    next.interval = loaded->interval;
    next.retention = loaded->retention;
    next.log_level = loaded->log_level;
    next.log_format = loaded->log_format;
    if (!(next == *loaded)) spdlog::warn("some changed options take effect at the next restart only");
    options_ = next;
    tick_interval_ = tick_interval();
    task_history_.set_tick(tick_interval_);
    ticker_.set_interval(tick_interval_);
    sampler_->set_retention(options_.retention);
    set_up_log(options_.log_level, options_.log_format);
    spdlog::info("configuration loaded anew");
  } else {
    spdlog::error("configuration stays as it was: {}", loaded.error().message());
  }
  {
    const std::lock_guard lock(self_mutex_);
    self_.last_reload_good = loaded.ok();
    if (loaded.ok()) self_.last_reload_time = unix_time();
  }
  service::ready(loaded.ok() ? "Reloaded" : "Reload failed, the old configuration stays");
}

void Daemon::watch() {
  if (tree_.fd() >= 0) poller_.add(tree_.fd(), [this] { sampler_->dispatch(base::now()); });
  if (kernel_) poller_.add(kernel_->fd(), [this] { sampler_->dispatch_kernel(); });
  if (runtimes_) poller_.add(runtimes_->registry().updates_fd(), [this] { take_updates(); });
  if (desk_ && desk_->fd() >= 0) poller_.add(desk_->fd(), [this] { work_at_desk(); });
  poller_.add(ticker_.fd(), [this] { tick(); });
  poller_.add(scrape_wanted_.fd(), [this] { answer_scrape(); });
  poller_.add(signals_.get(), [this] { take_signal(); });
}

Result<Done> Daemon::run() {
  self_.last_reload_time = unix_time();
  // The listener and the host's files first: however many containers there are, they take none of theirs.
  if (Result<Done> listening = web_.listen(options_.web_listen_address); !listening.ok()) return listening;
  sampler_->read_host(base::now());
  sample(base::now());
  if (tasks_) adopt_logs();
  if (workloads_ && runtimes_) adopt_runs();
  if (Result<Done> started = web_.start(); !started.ok()) return started;
  if (desk_) {
    if (Result<Done> started = desk_->start(); !started.ok()) return started;
  }
  watch();
  spdlog::info("serving on {}, port {}; cgroup2 at {} ({}), {} containers", options_.web_listen_address, web_.port(),
               mount_.path, mount_.unified ? "unified" : "hybrid", sampler_->counts().running);
  service::ready(fmt::format("{} containers running", sampler_->counts().running));
  base::give_back_memory();  // the kernel's type information alone took some megabytes to read
  while (!stop_) poller_.wait();
  spdlog::info("stopping");
  service::stopping();
  if (desk_) desk_->stop();
  web_.stop();
  return Done{};
}

}  // namespace

Result<Done> serve(const Options& options, const std::function<Result<Options>()>& reload) {
  set_up_log(options.log_level, options.log_format);
  Result<base::Fd> signals = take_signals();
  if (!signals.ok()) return signals.error();
  Result<cgroup::Mount> mount = cgroup::find_mount({.proc = options.path_procfs, .given_root = options.path_cgroupfs});
  if (!mount.ok()) return mount.error();
  if (Result<Done> enough = enough_open_files(raise_open_files_limit()); !enough.ok()) return enough;
  return Daemon(options, *std::move(mount), *std::move(signals), reload).run();
}

}  // namespace benchd::daemon
