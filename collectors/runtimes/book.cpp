#include "collectors/runtimes/book.h"

#include <algorithm>
#include <utility>

namespace benchd::runtimes {
namespace {

/// Between the end of a run and the start of the next an engine calls the container finished; not for this long.
constexpr int64_t kSettledNs = 5'000'000'000;

double seconds(int64_t wall_ns) {
  return static_cast<double>(wall_ns) / 1e9;
}

/// What belongs to one run and not to the next.
void forget_run(model::Metadata& metadata) {
  metadata.started.reset();
  metadata.finished.reset();
  metadata.exit_code.reset();
  metadata.oom_killed.reset();
  metadata.init_pid.reset();
  metadata.health.clear();
}

}  // namespace

Book::Record& Book::record_of(const std::string& runtime_id, int64_t now) {
  const auto [found, is_new] = records_.try_emplace(runtime_id);
  if (is_new) {
    set_unasked(runtime_id, found->second, now);
    while (unasked_.size() > limits_.max_unasked && unasked_.front().runtime_id != runtime_id) {
      ++dropped_;
      records_.erase(unasked_.front().runtime_id);
      unasked_.pop_front();
    }
  }
  return found->second;
}

void Book::set_unasked(const std::string& runtime_id, Record& record, int64_t now) {
  record.unasked = unasked_.insert(unasked_.end(), {runtime_id, now});
}

void Book::want(uint64_t cgroup_id, const model::PathMatch& match, int64_t seen_at, uid_t owner) {
  if (!ids_.emplace(cgroup_id, match.runtime_id).second) return;
  Record& record = records_[match.runtime_id];
  if (record.unasked) {
    unasked_.erase(*record.unasked);
    record.unasked.reset();
  }
  record.served = false;
  if (!record.known) {
    if (!record.askers.empty()) --nameless_[record.match.runtime];
    ++nameless_[match.runtime];
  }
  record.match = match;
  // One container has one cgroup: an event of the last run's end is still under way.
  const bool came_second = !record.askers.empty() && record.ended_at == 0 && record.metadata.started.has_value();
  record.askers.push_back({.cgroup_id = cgroup_id, .seen_at = seen_at, .owner = owner, .came_second = came_second});
  if (record.known) deliver(record);
}

bool Book::is_owned_by(uid_t user, const std::string& runtime_id) const {
  const auto found = records_.find(runtime_id);
  if (found == records_.end()) return false;
  const Record& record = found->second;
  const auto is_users = [user](const Asker& asker) { return asker.owner == user; };
  const bool asked = !record.askers.empty() || (record.past && !record.past->askers.empty());
  return asked && std::ranges::all_of(record.askers, is_users) &&
         (!record.past || std::ranges::all_of(record.past->askers, is_users));
}

void Book::forget(uint64_t cgroup_id, int64_t now) {
  const auto id = ids_.find(cgroup_id);
  if (id == ids_.end()) return;
  if (const auto found = records_.find(id->second); found != records_.end()) {
    Record& record = found->second;
    const bool was_asked = !record.askers.empty();
    const auto is_it = [cgroup_id](const Asker& asker) { return asker.cgroup_id == cgroup_id; };
    std::erase_if(record.askers, is_it);
    if (record.past) std::erase_if(record.past->askers, is_it);
    if (was_asked && record.askers.empty() && !record.known) --nameless_[record.match.runtime];
    record.served = record.askers.empty();
    if (record.askers.empty() && !record.unasked) {
      if (record.known)
        set_unasked(found->first, record, now);
      else
        records_.erase(found);
    }
    erase_if_over(id->second);
  }
  ids_.erase(id);
}

/// The engine has it no more, and who asked for it either: nobody will.
void Book::erase_if_over(const std::string& runtime_id) {
  const auto found = records_.find(runtime_id);
  if (found == records_.end() || !found->second.removed || !found->second.served) return;
  if (found->second.unasked) unasked_.erase(*found->second.unasked);
  records_.erase(found);
}

void Book::become_known(Record& record) {
  if (!std::exchange(record.known, true) && !record.askers.empty()) --nameless_[record.match.runtime];
}

std::set<model::Runtime> Book::nameless() const {
  std::set<model::Runtime> runtimes;
  for (const auto& [runtime, count] : nameless_)
    if (count != 0) runtimes.insert(runtime);
  return runtimes;
}

void Book::describe(Record& record, const std::string& name, const std::string& image,
                    const std::map<std::string, std::string>& labels) {
  become_known(record);
  if (!name.empty()) record.metadata.name = name;
  if (!image.empty()) record.metadata.image = image;
  if (!labels.empty()) record.metadata.labels = labels;
}

/// Whoever asked during the run that is over has its final metadata and gets no more.
void Book::begin_run(const std::string& runtime_id, Record& record, int64_t now) {
  ++record.run;
  const auto leaving = std::stable_partition(record.askers.begin(), record.askers.end(),
                                             [&record](const Asker& asker) { return awaits_next_run(record, asker); });
  record.past.reset();
  if (record.ended_at == 0) record.past = Past{.metadata = record.metadata, .askers = {leaving, record.askers.end()}};
  record.askers.erase(leaving, record.askers.end());
  for (Asker& asker : record.askers) asker.came_second = false;
  if (record.askers.empty() && !record.unasked) set_unasked(runtime_id, record, now);
  record.ended_at = 0;
  record.detailed = false;
  record.removed = false;
  forget_run(record.metadata);
}

void Book::end_past(Record& record, const EngineEvent& event) {
  model::Metadata& metadata = record.past->metadata;
  metadata.finished = seconds(event.wall_ns);
  metadata.exit_code = event.exit_code;
  metadata.init_pid.reset();
  const auto shared = std::make_shared<const model::Metadata>(std::move(metadata));
  for (const Asker& asker : record.past->askers) deliver_(asker.cgroup_id, shared);
  record.past.reset();
}

/// The runtime makes the cgroup before it tells of the start: one seen after the last end is the next run's.
bool Book::awaits_next_run(const Record& record, const Asker& asker) {
  if (asker.came_second) return true;
  return record.ended_at != 0 && !record.removed && asker.seen_at > record.ended_at;
}

bool Book::is_next_run_awaited(const Record& record) {
  return std::any_of(record.askers.begin(), record.askers.end(),
                     [&record](const Asker& asker) { return awaits_next_run(record, asker); });
}

void Book::deliver(Record& record) {
  std::shared_ptr<const model::Metadata> shared;
  for (Asker& asker : record.askers) {
    model::Metadata view = record.metadata;
    if (awaits_next_run(record, asker)) forget_run(view);
    if (asker.delivered && *asker.delivered == view) continue;
    if (!shared || *shared != view) shared = std::make_shared<const model::Metadata>(std::move(view));
    asker.delivered = shared;
    deliver_(asker.cgroup_id, shared);
  }
}

void Book::apply(const EngineEvent& event, int64_t now) {
  using What = EngineEvent::What;
  Record& record = record_of(event.id, now);
  const bool before_this_run =
      event.what == What::Die && record.metadata.started && seconds(event.wall_ns) < *record.metadata.started;
  if (before_this_run && record.past) return end_past(record, event);
  // Events of a run that is over, replayed after the list of running containers was seen. Podman stamps a start later
  // than the very short run's end: a second is given.
  const bool is_stale =
      record.metadata.started && event.what == What::Die && seconds(event.wall_ns) < *record.metadata.started - 1;
  if (is_stale) return;
  describe(record, event.name, event.image, event.labels);

  model::Metadata& metadata = record.metadata;
  switch (event.what) {
    case What::Create:
      metadata.created = metadata.created.value_or(seconds(event.wall_ns));
      break;
    case What::Start:
      if (record.ended_at != 0 || is_next_run_awaited(record)) begin_run(event.id, record, now);
      metadata.started = seconds(event.wall_ns);
      record.detailed = false;
      record.removed = false;
      break;
    case What::Die:
      record.ended_at = event.wall_ns;
      metadata.finished = seconds(event.wall_ns);
      metadata.exit_code = event.exit_code;
      metadata.init_pid.reset();
      break;
    case What::Oom:
      metadata.oom_killed = true;
      break;
    case What::Remove:
      record.removed = true;
      break;
    case What::Health:
      metadata.health = event.health;
      break;
    case What::Rename:
    case What::Other:
      break;
  }
  deliver(record);
  erase_if_over(event.id);
}

void Book::apply(const ListedContainer& listed, int64_t now) {
  Record& record = record_of(listed.id, now);
  if (record.ended_at != 0) begin_run(listed.id, record, now);
  describe(record, listed.name, listed.image, listed.labels);
  if (!listed.image_digest.empty()) record.metadata.image_digest = listed.image_digest;
  deliver(record);
}

void Book::apply(const std::string& runtime_id, uint64_t run, const Inspected& inspected, int64_t now) {
  const auto found = records_.find(runtime_id);
  if (found == records_.end() || found->second.run != run) return;
  Record& record = found->second;
  const double started = inspected.metadata.started.value_or(0);
  const bool is_next = record.ended_at != 0 ? started > seconds(record.ended_at)
                                            : is_next_run_awaited(record) && started > *record.metadata.started;
  if (inspected.running && is_next) begin_run(runtime_id, record, now);
  // A cgroup that was seen late, after a very short run's end, awaits a next run that never comes.
  if (inspected.finished && record.ended_at != 0 && now - record.ended_at > kSettledNs) {
    for (Asker& asker : record.askers) {
      asker.seen_at = std::min(asker.seen_at, record.ended_at);
      asker.came_second = false;
    }
  }

  const model::Metadata before = record.metadata;
  record.metadata = inspected.metadata;
  become_known(record);
  record.detailed = inspected.running || inspected.finished;
  if (before.oom_killed.value_or(false)) record.metadata.oom_killed = true;
  // An event that came while the answer was under way knows better how the run ended.
  if (record.ended_at != 0) {
    record.metadata.finished = before.finished;
    record.metadata.exit_code = before.exit_code;
    record.metadata.init_pid.reset();
  } else if (inspected.finished) {
    record.ended_at = static_cast<int64_t>(inspected.metadata.finished.value_or(0) * 1e9);
  }
  deliver(record);
}

void Book::mark_removed(const std::string& runtime_id) {
  const auto found = records_.find(runtime_id);
  if (found != records_.end() && found->second.known) found->second.removed = true;
  erase_if_over(runtime_id);
}

bool Book::needs_detail(const std::string& runtime_id) const {
  const auto found = records_.find(runtime_id);
  if (found == records_.end() || found->second.askers.empty()) return false;
  const Record& record = found->second;
  if (!record.known) return true;
  if (record.removed) return false;
  if (is_next_run_awaited(record)) return true;
  return !record.detailed && record.ended_at == 0;
}

bool Book::has_name(const std::string& runtime_id) const {
  const auto found = records_.find(runtime_id);
  return found != records_.end() && found->second.known;
}

uint64_t Book::run_of(const std::string& runtime_id) const {
  const auto found = records_.find(runtime_id);
  return found == records_.end() ? 0 : found->second.run;
}

const model::PathMatch* Book::asked(const std::string& runtime_id) const {
  const auto found = records_.find(runtime_id);
  return found == records_.end() || found->second.askers.empty() ? nullptr : &found->second.match;
}

std::vector<std::string> Book::asked_and_alive() const {
  std::vector<std::string> ids;
  for (const auto& [id, record] : records_)
    if (!record.askers.empty() && record.ended_at == 0 && !record.removed) ids.push_back(id);
  return ids;
}

void Book::expire(int64_t now) {
  while (!unasked_.empty() && now - unasked_.front().since > limits_.keep_unasked_ns) {
    records_.erase(unasked_.front().runtime_id);
    unasked_.pop_front();
  }
}

}  // namespace benchd::runtimes
