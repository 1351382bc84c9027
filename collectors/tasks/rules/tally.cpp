#include "collectors/tasks/rules/tally.h"

#include <algorithm>

#include "base/text.h"

namespace benchd::rules {
namespace {

constexpr size_t kMaxLabel = 128;
constexpr uint32_t kMaxOthers = 10;
constexpr std::string_view kOther = "other";

uint64_t add_up_to_max(uint64_t a, uint64_t b) {
  uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/// Length of the control character at the front: C0, DEL, or C1 (U+0080 to U+009F, which terminals obey too).
size_t control_length(std::string_view text) {
  const auto byte = static_cast<unsigned char>(text[0]);
  if (byte < 0x20 || byte == 0x7F) return 1;
  const bool c1 = byte == 0xC2 && text.size() > 1 && static_cast<unsigned char>(text[1]) < 0xA0;
  return c1 ? 2 : 0;
}

/// The span from the first start, or end where no start is told, to the last end.
void note_times(model::TaskTotals& totals, const model::TaskReport& report) {
  if (!report.ended) return;
  const bool single = report.count == 1 && report.duration;
  const int64_t start = report.started.value_or(single ? *report.ended - *report.duration : *report.ended);
  totals.first_start = std::min(totals.first_start.value_or(start), start);
  totals.last_end = std::max(totals.last_end.value_or(*report.ended), *report.ended);
}

void count_duration(model::Durations& durations, int64_t each, uint64_t tasks) {
  if (tasks == 0) return;
  const uint32_t bucket = model::duration_bucket(static_cast<uint64_t>(std::max<int64_t>(each, 0)));
  const auto place = std::lower_bound(durations.begin(), durations.end(), bucket,
                                      [](const auto& it, uint32_t wanted) { return it.first < wanted; });
  if (place != durations.end() && place->first == bucket) {
    place->second = add_up_to_max(place->second, tasks);
  } else {
    durations.emplace(place, bucket, tasks);
  }
}

}  // namespace

std::string label_text(std::string_view text) {
  const std::string valid = base::to_utf8(base::trim(text.substr(0, 4 * kMaxLabel)));
  std::string label;
  for (size_t i = 0; i < valid.size();) {
    if (const size_t control = control_length(std::string_view(valid).substr(i)); control > 0) {
      i += control;
      continue;
    }
    // A character as a whole, or not at all.
    size_t end = i + 1;
    while (end < valid.size() && (static_cast<unsigned char>(valid[end]) & 0xC0) == 0x80) ++end;
    if (label.size() + end - i > kMaxLabel) break;
    label.append(valid, i, end - i);
    i = end;
  }
  return std::string(base::trim(label));
}

Tally::Tally(std::span<const Rule> rules, std::span<const int64_t> bounds) : bounds_(bounds.begin(), bounds.end()) {
  for (const Rule& rule : rules) {
    rules_.push_back({.name = label_text(rule.name), .outcome = label_text(rule.outcome), .room = rule.max_labels});
  }
}

void Tally::restore(std::span<const model::TaskKey> keys) {
  for (const model::TaskKey& key : keys) {
    if (known(key) != nullptr) continue;
    make(key);
    // Whose it is nobody wrote down: it takes room of all that may have brought it.
    for (RuleState& rule : rules_) {
      const bool its_own = key.task == rule.name && key.outcome == rule.outcome;
      if (!its_own && rule.room > 0) --rule.room;
    }
  }
}

const model::TaskKey& Tally::add(const model::TaskReport& report) {
  Cell& cell = cell_of({report.rule, report.kind, report.outcome}, report.count);
  model::TaskTotals& totals = cell.totals;
  if (totals.tasks == 0) touched_.push_back(&cell);
  totals.tasks = add_up_to_max(totals.tasks, report.count);
  note_times(totals, report);
  if (!report.duration) return *cell.key;
  const int64_t each = *report.duration / static_cast<int64_t>(std::max<uint64_t>(report.count, 1));
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), each) - bounds_.begin();
  totals.timed = add_up_to_max(totals.timed, report.count);
  totals.duration_ns = add_up_to_max(totals.duration_ns, static_cast<uint64_t>(*report.duration));
  uint64_t& in_bucket = totals.buckets.at(static_cast<size_t>(bucket));
  in_bucket = add_up_to_max(in_bucket, report.count);
  count_duration(totals.durations, each, report.count);
  return *cell.key;
}

uint64_t Tally::take_overflowed() {
  return std::exchange(overflowed_, 0);
}

Tally::Cell& Tally::cell_of(const RawView& raw, uint64_t tasks) {
  if (last_cell_ != nullptr && last_ == raw) return *last_cell_;
  const auto found = by_raw_.find(raw);
  if (found == by_raw_.end()) return admit(raw, tasks);
  last_ = view(found->first);
  last_cell_ = found->second;
  return *last_cell_;
}

Tally::Cell& Tally::admit(const RawView& raw, uint64_t tasks) {
  RuleState& rule = rules_.at(raw.rule);
  std::string kind = label_text(raw.kind);
  std::string outcome = label_text(raw.outcome);
  const bool own = kind.empty() && outcome.empty();
  model::TaskKey key{.task = kind.empty() ? rule.name : std::move(kind),
                     .outcome = outcome.empty() ? rule.outcome : std::move(outcome)};
  Cell* cell = known(key);
  if (cell == nullptr && (own || rule.room > 0)) {
    if (!own) --rule.room;
    cell = &make(key);
  }
  if (cell != nullptr) {
    // Different texts may be one label; not so many that it matters.
    if (by_raw_.size() < 8 * cells_.size()) {
      by_raw_.emplace(Raw{raw.rule, std::string(raw.kind), std::string(raw.outcome)}, cell);
    }
    return *cell;
  }
  overflowed_ += tasks;
  if (!raw.kind.empty()) key.task = kOther;
  // The outcomes of a rule that captures too many kinds stay apart.
  cell = raw.kind.empty() ? nullptr : known(key);
  if (cell != nullptr) return *cell;
  if (!raw.kind.empty() && rule.others < kMaxOthers) {
    ++rule.others;
    return make(std::move(key));
  }
  key.outcome = kOther;
  cell = known(key);
  return cell != nullptr ? *cell : make(std::move(key));
}

Tally::Cell* Tally::known(const model::TaskKey& key) {
  const auto found = cells_.find(key);
  return found == cells_.end() ? nullptr : &found->second;
}

Tally::Cell& Tally::make(model::TaskKey key) {
  const auto place = cells_.emplace(std::move(key), Cell()).first;
  place->second.key = &place->first;
  place->second.totals.buckets.assign(bounds_.size() + 1, 0);
  return place->second;
}

void Tally::clear(Cell& cell) {
  cell.totals.tasks = 0;
  cell.totals.timed = 0;
  cell.totals.duration_ns = 0;
  std::fill(cell.totals.buckets.begin(), cell.totals.buckets.end(), 0);
  cell.totals.durations.clear();
  cell.totals.first_start.reset();
  cell.totals.last_end.reset();
}

}  // namespace benchd::rules
