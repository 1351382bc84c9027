#include "collectors/tasks/rules/pairs.h"

#include <algorithm>
#include <utility>

namespace benchd::rules {
namespace {

constexpr size_t kMaxId = 256;

}  // namespace

Pairs::Pairs(std::span<const Rule> rules, size_t capacity) : capacity_(std::max<size_t>(capacity, 1)) {
  for (const Rule& rule : rules) {
    names_.push_back(rule.name);
    expiry_.push_back(rule.expire);
  }
}

void Pairs::take(const PairEvent& event, Sink& sink) {
  latest_ = std::max(latest_, event.at.value_or(latest_));
  const std::string_view id = event.id.substr(0, kMaxId);
  const auto found = table_.find(KeyView{event.rule, id});
  if (found != table_.end()) {
    Entry& other = found->second;
    const auto started = event.start ? event.at : other.at;
    const auto ended = event.start ? other.at : event.at;
    const bool backwards = started && ended && *ended < *started;
    if (other.is_end == event.start && !backwards) {
      model::TaskReport report{.rule = event.rule,
                               .outcome = event.start ? std::string_view(other.outcome) : event.outcome,
                               .duration = event.duration ? event.duration : other.duration,
                               .ended = ended,
                               .started = started,
                               .process = event.process ? event.process : other.process,
                               .thread = event.thread ? event.thread : other.thread};
      // The end's where both have one.
      const std::string_view own = other.kind;
      const bool others = event.kind.empty() || (event.start && !own.empty());
      report.kind = others ? own : event.kind;
      if (!report.duration && started && ended) report.duration = *ended - *started;
      sink.task(report);
      erase(*found);
      expire();
      return;
    }
    ++unpaired_;
    if (!other.is_end && !event.start) {  // the end of an incarnation that is over
      expire();
      return;
    }
    erase(*found);
  }
  add({event.rule, std::string(id)}, {.is_end = !event.start,
                                      .at = event.at,
                                      .duration = event.duration,
                                      .kind = std::string(event.kind),
                                      .outcome = std::string(event.outcome),
                                      .process = event.process,
                                      .thread = event.thread});
  expire();
}

void Pairs::add(Key key, Entry entry) {
  if (table_.size() >= capacity_) {
    erase(*due_.begin()->second);
    ++unpaired_;
  }
  int64_t when = 0;
  if (__builtin_add_overflow(entry.at.value_or(latest_), expiry_[key.rule], &when)) when = INT64_MAX;
  entry.due = {when, ++serial_};
  if (!entry.known) fresh_.push_back(entry.due);
  const auto [node, added] = table_.insert_or_assign(std::move(key), std::move(entry));
  due_.emplace(node->second.due, &*node);
}

void Pairs::erase(Node& node) {
  if (node.second.known) closed_.push_back(node.first);
  due_.erase(node.second.due);
  table_.erase(table_.find(node.first));
}

void Pairs::expire() {
  while (!due_.empty() && due_.begin()->first.first < latest_) {
    erase(*due_.begin()->second);
    ++unpaired_;
  }
}

void Pairs::restore(std::span<const model::OpenPair> open) {
  for (const model::OpenPair& pair : open) {
    const auto name = std::find(names_.begin(), names_.end(), pair.rule);
    if (name == names_.end()) {
      ++unpaired_;
      gone_.push_back(pair);
      continue;
    }
    latest_ = std::max(latest_, pair.at.value_or(latest_));
    add({static_cast<uint32_t>(name - names_.begin()), pair.id}, {.is_end = pair.is_end,
                                                                  .at = pair.at,
                                                                  .duration = pair.duration,
                                                                  .kind = pair.kind,
                                                                  .outcome = pair.outcome,
                                                                  .process = pair.process,
                                                                  .thread = pair.thread,
                                                                  .known = true});
  }
}

PairChanges Pairs::take_changes() {
  PairChanges changes{.opened = {}, .closed = std::exchange(gone_, {})};
  for (Key& key : closed_) {
    if (table_.count(key) == 0) changes.closed.push_back({.rule = names_[key.rule], .id = std::move(key.id)});
  }
  closed_.clear();
  for (const Due& due : fresh_) {
    const auto found = due_.find(due);
    if (found == due_.end()) continue;
    const Key& key = found->second->first;
    Entry& entry = found->second->second;
    entry.known = true;
    changes.opened.push_back({.rule = names_[key.rule],
                              .id = key.id,
                              .is_end = entry.is_end,
                              .at = entry.at,
                              .duration = entry.duration,
                              .kind = entry.kind,
                              .outcome = entry.outcome,
                              .process = entry.process,
                              .thread = entry.thread});
  }
  fresh_.clear();
  return changes;
}

std::optional<int64_t> Pairs::oldest_start() const {
  std::optional<int64_t> oldest;
  for (const auto& [key, entry] : table_) {
    if (!entry.is_end && entry.at) oldest = std::min(oldest.value_or(*entry.at), *entry.at);
  }
  return oldest;
}

uint64_t Pairs::take_unpaired() {
  return std::exchange(unpaired_, 0);
}

void Pairs::close() {
  while (!table_.empty()) {
    erase(*table_.begin());
    ++unpaired_;
  }
}

}  // namespace benchd::rules
