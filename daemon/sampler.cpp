#include "daemon/sampler.h"

#include <algorithm>

#include <spdlog/spdlog.h>

#include "collectors/cgroup/labels.h"

namespace benchd::daemon {
namespace {

/// A finished container costs about 3 KiB here and in each snapshot; a host that ends more than this within the
/// retention time loses the oldest, counted.
constexpr size_t kMaxFinished = 10'000;

/// Figures that others hold of a container may come as late as this after its end; later only its metadata changes.
constexpr int64_t kSettlesAfter = 10 * base::kSecond;

/// What is still true of a container that has ended: what it has counted and the most it has used.
bool outlives_the_end(const model::FieldSpec& spec) {
  using model::Field;
  return spec.kind == model::Kind::Counter || spec.field == Field::MemoryPeak || spec.field == Field::SwapPeak ||
         spec.field == Field::PidsPeak;
}

void drop_gauges(model::Reading& reading) {
  for (const model::FieldSpec& spec : model::kFields) {
    if (!outlives_the_end(spec)) reading.values.clear(spec.field);
  }
}

/// A run of an experiment: it ends with its last process, not with its cgroup.
bool is_labelled(const model::ContainerSnapshot& container) {
  return container.metadata != nullptr && container.metadata->labels.contains("benchd.experiment");
}

bool same_subject(const std::vector<model::State>& states, const model::State& state) {
  return std::any_of(states.begin(), states.end(),
                     [&](const model::State& other) { return other.subject == state.subject; });
}

void log_changes(const std::vector<model::State>& before, const std::vector<model::State>& after) {
  for (const model::State& state : after) {
    if (std::find(before.begin(), before.end(), state) != before.end()) continue;
    spdlog::warn("{}: {}; {}{}{}", state.subject, state.found, state.cost,
                 state.cure.empty() ? "" : "; to mend: ", state.cure);
  }
  for (const model::State& state : before) {
    if (!same_subject(after, state)) spdlog::info("{}: mended", state.subject);
  }
}

}  // namespace

Sampler::Sampler(Parts parts)
    : parts_(std::move(parts)),
      duration_bounds_(std::make_shared<const std::vector<int64_t>>(parts_.duration_bounds)) {}

Sampler::Tracked* Sampler::find(uint64_t cgroup_id) {
  const auto found = by_cgroup_id_.find(cgroup_id);
  return found == by_cgroup_id_.end() ? nullptr : found->second;
}

void Sampler::evict(uint64_t cgroup_id) {
  const auto found = std::find_if(tracked_.begin(), tracked_.end(), [&](const auto& tracked) {
    return tracked->shown.container->cgroup_id == cgroup_id;
  });
  if (!(*found)->shown.ended) end(**found);
  forget(**found);
  std::swap(*found, tracked_.back());
  tracked_.pop_back();
}

/// One owner per label set: the labels of the finished container of this path are the new one's from now on.
void Sampler::track(std::unique_ptr<Tracked> tracked) {
  const model::Container& container = *tracked->shown.container;
  if (const auto previous = by_path_.find(container.path); previous != by_path_.end()) evict(previous->second);
  by_cgroup_id_[container.cgroup_id] = tracked.get();
  by_path_[container.path] = container.cgroup_id;
  tracked_.push_back(std::move(tracked));
  ++counts_.started;
}

void Sampler::appeared(std::shared_ptr<const model::Container> container, base::Fd directory) {
  dispatch_kernel();  // the end of the cgroup that was here before comes first
  auto made = std::make_unique<Tracked>();
  Tracked* const tracked = made.get();
  tracked->shown.container = container;
  tracked->files = std::make_unique<cgroup::ContainerFiles>(std::move(directory), parts_.reader,
                                                            parts_.tree.directory_of(*container));
  track(std::move(made));
  if (parts_.threads != nullptr) {
    const bool estimated = parts_.kernel_mode == model::KernelMode::Estimated;
    const auto before = parts_.workloads != nullptr
                            ? parts_.workloads->threads_before(container->cgroup_id, estimated, base::now())
                            : std::nullopt;
    kernel::ShownBefore shown_before;
    if (before) {
      model::Reading& reading = tracked->shown.reading;
      if (parts_.threads->knows_threads()) reading.threads = before->shown;
      reading.threads_estimated = estimated;
      reading.cpus = before->cpus;
      shown_before = {.threads = before->counted, .cpus = before->cpus};
    }
    parts_.threads->started(container->cgroup_id, tracked->files->directory(), std::move(shown_before));
  }
  if (parts_.network != nullptr) parts_.network->started(container->cgroup_id, container->path, container->first_seen);
  look_for_labels(*tracked);
  // At once, not at the next tick: it may be gone by then, and would have shown nothing.
  read(*tracked, std::nullopt);
  charge(*tracked);
  ++counts_.running;
  spdlog::debug("container appeared: {}", container->path);
  if (on_appeared) on_appeared(*container);
}

/// No engine tells of a cgroup that only `include` names: who made it may have said on the directory itself what it is
/// a run of, before its first process.
void Sampler::look_for_labels(Tracked& tracked) {
  if (tracked.shown.container->match.runtime != model::Runtime::None || tracked.shown.metadata != nullptr) return;
  auto labels = cgroup::labels_on(tracked.files->directory());
  if (labels.empty()) return;
  auto metadata = std::make_shared<model::Metadata>();
  metadata->labels = std::move(labels);
  tracked.shown.metadata = std::move(metadata);
  if (parts_.workloads != nullptr) parts_.workloads->told(tracked.shown);
}

void Sampler::changed(uint64_t cgroup_id) {
  if (Tracked* tracked = find(cgroup_id)) tracked->cold_due = true;
}

void Sampler::populated(uint64_t cgroup_id, bool populated) {
  Tracked* tracked = find(cgroup_id);
  if (tracked == nullptr || tracked->files == nullptr) return;
  const auto shown = tracked->shown.reading.values.get(model::Field::CgroupPopulated);
  tracked->cold_due = tracked->cold_due || shown != uint64_t{populated};
  // A cgroup that only `include` names may be empty for a while, a slice between two services say: its end is its
  // removal.
  look_for_labels(*tracked);
  const bool ends = tracked->shown.container->match.runtime != model::Runtime::None || is_labelled(tracked->shown);
  if (populated) {
    if (parts_.workloads != nullptr) parts_.workloads->populated(cgroup_id, base::now());
    if (tracked->shown.ended) revive(*tracked);
  } else if (!tracked->shown.ended) {
    if (ends)
      end(*tracked);
    else
      read_last(*tracked);
  }
}

void Sampler::removed(uint64_t cgroup_id) {
  dispatch_kernel();  // knows its last values, and ends it
  Tracked* tracked = find(cgroup_id);
  if (tracked == nullptr || tracked->files == nullptr) return;
  if (!tracked->shown.ended) end(*tracked);
  let_go(*tracked);
}

/// The cgroup is removed: whoever reads by its directory's fd stops before that is closed.
void Sampler::let_go(Tracked& tracked) {
  if (parts_.threads != nullptr) parts_.threads->ended(tracked.shown.container->cgroup_id);
  tracked.files.reset();
}

void Sampler::cgroup_removed(uint64_t cgroup_id, std::string_view path, const kernel::Final& final) {
  Tracked* const tracked = find(cgroup_id);
  if (tracked == nullptr) return missed(cgroup_id, path, final);
  if (!tracked->shown.ended) end(*tracked);
  kernel::apply(final, tracked->shown.reading);
  tracked->shown.settled = 0;
  charge(*tracked);
  let_go(*tracked);
}

/// A cgroup that nobody saw alive. If it was a container, all that is known of it is its end.
void Sampler::missed(uint64_t cgroup_id, std::string_view path, const kernel::Final& final) {
  if (path.empty() || !path.starts_with(parts_.below)) return;
  path.remove_prefix(parts_.below.size());
  auto match = parts_.tree.classify(path);
  if (!match) return;
  auto tracked = std::make_unique<Tracked>();
  const auto container = std::make_shared<model::Container>(model::Container{
      .cgroup_id = cgroup_id, .path = std::string(path), .match = *std::move(match), .first_seen = final.at});
  tracked->shown.container = container;
  tracked->shown.ended = final.at;
  kernel::apply(final, tracked->shown.reading);
  if (parts_.workloads != nullptr) parts_.workloads->ended(tracked->shown);
  ++counts_.ended;
  ++counts_.finished;
  ++counts_.seen_dead_only;
  if (on_appeared) on_appeared(*container);
  if (on_ended) on_ended(*container);
  const auto newest = by_path_.find(container->path);
  if (newest == by_path_.end() || find(newest->second)->shown.ended) return track(std::move(tracked));
  // A living successor has its labels by now: only its workload counts it.
  ++counts_.started;
  forget(*tracked);
}

void Sampler::read_last(Tracked& tracked) {
  if (tracked.files != nullptr) tracked.files->finish(base::now(), tracked.shown.reading);
}

void Sampler::end(Tracked& tracked) {
  read_last(tracked);
  const base::Instant now = base::now();
  if (parts_.network != nullptr) parts_.network->ended(tracked.shown.container->cgroup_id, now, tracked.shown.reading);
  drop_gauges(tracked.shown.reading);
  tracked.shown.ended = now;
  if (parts_.workloads != nullptr) parts_.workloads->ended(tracked.shown);
  ++counts_.ended;
  --counts_.running;
  ++counts_.finished;
  spdlog::debug("container ended: {}", tracked.shown.container->path);
  if (on_ended) on_ended(*tracked.shown.container);
}

void Sampler::revive(Tracked& tracked) {
  tracked.shown.ended.reset();
  tracked.cold_due = true;
  if (parts_.workloads != nullptr) {
    parts_.workloads->restarted(tracked.shown, static_cast<double>(base::now() + base::wall_offset()) / base::kSecond);
  }
  --counts_.ended;
  ++counts_.running;
  --counts_.finished;
  const model::Container& container = *tracked.shown.container;
  if (parts_.network != nullptr) parts_.network->started(container.cgroup_id, container.path, base::now());
  if (on_revived) on_revived(container);
}

void Sampler::forget(const Tracked& tracked) {
  const model::Container& container = *tracked.shown.container;
  by_cgroup_id_.erase(container.cgroup_id);
  if (const auto newest = by_path_.find(container.path);
      newest != by_path_.end() && newest->second == container.cgroup_id) {
    by_path_.erase(newest);
  }
  --counts_.finished;
  if (parts_.workloads != nullptr) parts_.workloads->forgotten(container.cgroup_id);
  if (parts_.threads != nullptr) parts_.threads->ended(container.cgroup_id);
  if (on_forgotten) on_forgotten(container);
}

void Sampler::forget_old(base::Instant now) {
  // Empty but not removed is not forgotten: it may be populated again, and the tree would not tell of it anew.
  const auto is_gone = [](const Tracked& tracked) { return tracked.shown.ended && tracked.files == nullptr; };
  base::Instant newest_to_go = now - retention_;
  if (counts_.finished > kMaxFinished) {
    ends_.clear();
    for (const auto& tracked : tracked_)
      if (is_gone(*tracked)) ends_.push_back(*tracked->shown.ended);
    const size_t too_many = std::min(counts_.finished - kMaxFinished, ends_.size());
    if (too_many > 0) {
      const auto last = ends_.begin() + static_cast<std::ptrdiff_t>(too_many - 1);
      std::nth_element(ends_.begin(), last, ends_.end());
      newest_to_go = std::max(newest_to_go, *last);
    }
  }
  // A name may come late, and with it the workload and the rules: who is forgotten gets none any more.
  const auto waits_for_name = [&](const Tracked& tracked) {
    return tracked.shown.metadata == nullptr && tracked.shown.container->match.runtime != model::Runtime::None &&
           now - *tracked.shown.ended < WorkloadBook::kNameWait && counts_.finished <= kMaxFinished;
  };
  // The last takes the place of one that goes: were all others to move up, none would be where it was in the snapshots.
  for (size_t i = 0; i < tracked_.size();) {
    const Tracked& tracked = *tracked_[i];
    if (!is_gone(tracked) || *tracked.shown.ended > newest_to_go || waits_for_name(tracked)) {
      ++i;
      continue;
    }
    counts_.finished_dropped += now - *tracked.shown.ended >= retention_ ? 0 : 1;
    forget(tracked);
    std::swap(tracked_[i], tracked_.back());
    tracked_.pop_back();
  }
}

void Sampler::settle(Tracked& tracked, base::Instant now) {
  const model::ContainerSnapshot& shown = tracked.shown;
  if (shown.settled != 0 || !shown.ended || tracked.files != nullptr || now - *shown.ended < kSettlesAfter) return;
  tracked.shown.settled = ++settled_;
}

/// 10,000 finished containers, copied at each tick, cost 3 ms: what has settled is copied once into each snapshot.
void Sampler::publish_containers(std::vector<model::ContainerSnapshot>& containers) {
  containers.resize(tracked_.size());
  for (size_t i = 0; i < tracked_.size(); ++i) {
    const model::ContainerSnapshot& shown = tracked_[i]->shown;
    if (shown.settled == 0 || containers[i].settled != shown.settled) containers[i] = shown;
  }
}

void Sampler::set_metadata(uint64_t cgroup_id, std::shared_ptr<const model::Metadata> metadata) {
  Tracked* tracked = find(cgroup_id);
  if (tracked == nullptr) {
    if (parts_.workloads != nullptr) parts_.workloads->told_of_ended(cgroup_id, std::move(metadata));
    return;
  }
  if (parts_.network != nullptr && metadata->init_pid && !tracked->shown.ended) {
    parts_.network->init_pid(cgroup_id, *metadata->init_pid);
  }
  tracked->shown.metadata = std::move(metadata);
  tracked->shown.settled = 0;
  if (parts_.workloads != nullptr) parts_.workloads->told(tracked->shown);
}

/// After this its threads have moved nothing.
std::optional<base::Instant> Sampler::still_since(const Tracked& tracked) const {
  if (parts_.threads == nullptr) return std::nullopt;
  const auto awake = parts_.threads->last_awake(tracked.shown.container->cgroup_id);
  return awake ? std::optional(*awake + kernel::ThreadSource::kSettles) : std::nullopt;
}

void Sampler::read(Tracked& tracked, std::optional<base::Instant> still_since) {
  const base::Instant now = base::now();
  const bool cold_due = std::exchange(tracked.cold_due, false);
  tracked.files->read(now, cold_due, tracked.shown.reading, still_since);
  // Nobody in it, nobody's namespace: looking for a process at each tick would be in vain.
  const bool populated = tracked.shown.reading.values.get(model::Field::CgroupPopulated).value_or(1) != 0;
  if (parts_.network != nullptr && populated) {
    parts_.network->read(tracked.shown.container->cgroup_id, now, tracked.shown.reading, still_since);
  }
}

void Sampler::charge(const Tracked& tracked) {
  if (parts_.workloads != nullptr) parts_.workloads->read(tracked.shown);
}

/// After the files, as ThreadSource::look_at_cpus wants it.
void Sampler::read_threads(base::Instant now) {
  if (parts_.threads == nullptr) return;
  parts_.threads->look_at_cpus();
  for (const auto& tracked : tracked_) {
    if (tracked->files == nullptr) continue;
    model::Reading& reading = tracked->shown.reading;
    parts_.threads->read(tracked->shown.container->cgroup_id, reading);
    // The spread's families have exact names: nothing estimated goes into them.
    if (!tracked->shown.ended && !reading.threads_estimated)
      tracked->spread.look(now, reading.cpus, reading.cpu_spread);
  }
}

void Sampler::gather_states() {
  size_t used = 0;
  const auto add = [&](const model::State& state) {
    if (used == gathered_.size()) gathered_.emplace_back();
    gathered_[used++] = state;
  };
  for (const model::State& state : parts_.standing_states) add(state);
  if (parts_.tree.state()) add(*parts_.tree.state());
  if (parts_.network != nullptr) std::for_each(parts_.network->states().begin(), parts_.network->states().end(), add);
  if (parts_.host != nullptr) std::for_each(parts_.host->states().begin(), parts_.host->states().end(), add);
  if (parts_.workloads != nullptr && parts_.workloads->state()) add(*parts_.workloads->state());
  for (const auto& [name, other] : others_) std::for_each(other.states.begin(), other.states.end(), add);
  gathered_.resize(used);
  if (gathered_ == states_) return;
  log_changes(states_, gathered_);
  states_ = gathered_;
}

/// 0, or how many series of time per cpu there would be above the cap.
uint64_t Sampler::cpu_series_dropped() const {
  uint64_t series = 0;
  for (const auto& tracked : tracked_) {
    const size_t cpus = tracked->shown.reading.cpus.size();
    series += cpus == 0 ? 0 : cpus + 1;
  }
  return series > parts_.max_cpu_series ? series : 0;
}

void Sampler::commit(base::Instant now) {
  if (parts_.tasks != nullptr) {
    parts_.tasks->take(batches_);
    parts_.workloads->take(batches_);
  }
  parts_.workloads->commit(now);
  for (const uint64_t cgroup_id : parts_.workloads->tasks().take_changed()) {
    Tracked* const tracked = find(cgroup_id);
    if (tracked == nullptr) continue;
    tracked->shown.tasks = parts_.workloads->tasks().shown(cgroup_id);
    tracked->shown.settled = 0;
  }
}

void Sampler::sample(base::Instant now) {
  dispatch_kernel();
  forget_old(now);
  stalls_.look(parts_.reader.buffer);
  parts_.reader.stalls = stalls_.turns();
  parts_.reader.all_watched = parts_.tree.counts().unwatched == 0;
  if (parts_.threads != nullptr) parts_.threads->look_at_threads();
  const base::Instant threads_seen = base::now();
  for (const auto& tracked : tracked_) {
    if (!tracked->shown.ended) {
      read(*tracked, still_since(*tracked));
    } else if (tracked->files != nullptr) {
      // Empty, not yet removed: kernels before 6.18 charge the last process's exit after they call the cgroup empty.
      tracked->files->read(base::now(), false, tracked->shown.reading);
      drop_gauges(tracked->shown.reading);
    }
    settle(*tracked, now);
  }
  const base::Instant containers_read = base::now();
  read_threads(now);
  for (const auto& tracked : tracked_) {
    if (tracked->files != nullptr) charge(*tracked);
  }
  read_host(now);
  if (parts_.workloads != nullptr) commit(now);
  gather_states();

  model::Snapshot& draft = parts_.board.draft();
  draft.taken = now;
  draft.wall_offset = base::wall_offset();
  draft.boot_id = parts_.boot_id;
  draft.kernel_mode = parts_.kernel_mode;
  draft.kernel_mode_reason = parts_.kernel_mode_reason;
  draft.cpu_series_dropped = cpu_series_dropped();
  publish_containers(draft.containers);
  if (parts_.workloads != nullptr) {
    draft.workloads = parts_.workloads->shown();
    draft.host_tasks = parts_.workloads->tasks().shown(ledger::kHost);
  }
  draft.duration_bounds = duration_bounds_;
  draft.comparisons = comparisons_;
  draft.host = host_;
  draft.collectors.clear();
  draft.collectors.push_back({.collector = "cgroup",
                              .success = !parts_.tree.state(),
                              .duration_seconds = static_cast<double>(containers_read - threads_seen) / base::kSecond});
  if (parts_.network != nullptr) draft.collectors.push_back(parts_.network->status());
  if (parts_.host != nullptr) draft.collectors.push_back(parts_.host->status());
  if (parts_.threads != nullptr) draft.collectors.push_back(parts_.threads->status());
  for (const auto& [name, other] : others_) draft.collectors.push_back(other.collector);
  draft.states = states_;
  parts_.board.publish();
  ++counts_.readings;
  last_sample_ = now;
}

}  // namespace benchd::daemon
