#include "analysis/task_costs.h"

#include <algorithm>
#include <cmath>

namespace benchd::analysis {
namespace {

using base::Instant;
using model::Usage;

constexpr std::array<uint64_t Usage::*, 6> kFields = {&Usage::cpu_ns,        &Usage::on_cpu_ns,
                                                      &Usage::runnable_ns,   &Usage::blocked_ns,
                                                      &Usage::io_read_bytes, &Usage::io_written_bytes};
constexpr size_t kCpu = 0;
constexpr size_t kBlocked = 3;

/// Logs round their times: tasks one after the other may seem to overlap by this part of their time.
constexpr double kAlone = 0.01;

template <size_t N>
void add(std::array<double, N>& totals, const std::array<double, N>& more) {
  for (size_t i = 0; i < N; ++i) totals[i] += more[i];
}

template <size_t N>
std::array<double, N> difference(const std::array<double, N>& later, const std::array<double, N>& earlier) {
  std::array<double, N> grown;
  for (size_t i = 0; i < N; ++i) grown[i] = later[i] - earlier[i];
  return grown;
}

double since(uint64_t first, uint64_t total) {
  return total > first ? static_cast<double>(total - first) : 0;
}

/// Moves the whole units of `exact` into `given` and leaves the fractions.
template <size_t N>
void give_whole(std::array<double, N>& exact, Usage& given) {
  for (size_t i = 0; i < N; ++i) {
    const double whole = std::max(0.0, std::floor(exact[i]));
    given.*kFields[i] += static_cast<uint64_t>(whole);
    exact[i] -= whole;
  }
}

}  // namespace

void TaskCosts::Curve::add(const Point& point) {
  auto after = std::upper_bound(points.begin(), points.end(), point.at,
                                [](Instant at, const Point& other) { return at < other.at; });
  if (after != points.begin() && std::prev(after)->at == point.at) {
    std::prev(after)->total = point.total;
    --after;
  } else {
    after = points.insert(after, point);
  }
  // A total that falls would give somebody back what he used.
  for (auto here = after; here != points.end(); ++here) {
    if (here == points.begin()) continue;
    bool rose = false;
    for (size_t i = 0; i < kQuantities; ++i) {
      const double before = std::prev(here)->total[i];
      rose = rose || before > here->total[i];
      here->total[i] = std::max(here->total[i], before);
    }
    if (!rose && here != after) break;
  }
  if (points.size() <= kMaxPoints) return;
  // Every second one goes, but for the ends.
  size_t kept = 1;
  for (size_t i = 2; i + 1 < points.size(); i += 2) points[kept++] = points[i];
  points[kept++] = points.back();
  points.resize(kept);
}

/// `at` does not go back between two calls, but for the first after forget_before() or add().
TaskCosts::Quantities TaskCosts::Curve::total_at(Instant at) {
  if (points.empty()) return {};
  while (next < points.size() && points[next].at <= at) ++next;
  if (next == 0) return points.front().total;
  const Point& before = points[next - 1];
  if (next == points.size()) return before.total;
  const Point& after = points[next];
  const double part = static_cast<double>(at - before.at) / static_cast<double>(after.at - before.at);
  Quantities total = before.total;
  for (size_t i = 0; i < kQuantities; ++i) total[i] += part * (after.total[i] - before.total[i]);
  return total;
}

/// The last point at or before `at` stays: what comes after begins there.
void TaskCosts::Curve::forget_before(Instant at) {
  const auto after =
      std::upper_bound(points.begin(), points.end(), at, [](Instant t, const Point& other) { return t < other.at; });
  if (after != points.begin()) points.erase(points.begin(), std::prev(after));
  next = 0;
}

void TaskCosts::used(Instant at, const Usage& usage) {
  if (!closed_until_) {
    closed_until_ = at;
    first_ = usage;
  }
  if (at < *closed_until_) return;
  Curve::Point point{.at = at};
  for (size_t i = 0; i < kQuantities; ++i) {
    if (i != kCpu) point.total[i] = since(first_.*kFields[i], usage.*kFields[i]);
  }
  rest_.add(point);
  cpu_used(at, usage.cpu_ns);
}

void TaskCosts::cpu_used(Instant at, uint64_t cpu_ns) {
  if (!closed_until_ || at < *closed_until_) return;
  Curve::Point point{.at = at};
  point.total[kCpu] = since(first_.cpu_ns, cpu_ns);
  cpu_.add(point);
}

void TaskCosts::task(uint32_t key, uint64_t tasks, Instant started, Instant ended, std::optional<uint64_t> own_cpu_ns) {
  longest_ = std::max(longest_, ended - started);
  if (spans_.size() >= kMaxTasks || !closed_until_ || ended <= *closed_until_ || ended < started) {
    without_cost_ += tasks;
    return;
  }
  const bool has_cost = started >= *closed_until_;
  if (!has_cost) without_cost_ += tasks;
  spans_.push_back({.key = key,
                    .tasks = tasks,
                    .started = started,
                    .ended = std::max(ended, started + 1),
                    .from = std::max(started, *closed_until_),
                    .has_cost = has_cost});
  if (own_cpu_ns) spans_.back().own_cpu = static_cast<double>(*own_cpu_ns);
}

void TaskCosts::close(Instant now, std::optional<Instant> held, Closed& closed) {
  if (!closed_until_ || rest_.points.empty()) return;
  const int64_t delay = longest_ == 0 ? kPatience : std::clamp(2 * longest_, kLeastDelay, kPatience);
  Instant until = std::min(now - delay, rest_.points.back().at);
  if (held) until = std::min(until, std::max(*held, now - kPatience));
  close_until(until, closed);
}

void TaskCosts::finish(Closed& closed) {
  if (!closed_until_ || rest_.points.empty()) return;
  const Instant end = rest_.points.back().at;
  close_until(end, closed);
  // By the log's clock these ended after the container: the stamps are a little off.
  for (Span& span : spans_) {
    span.ended = end;
    if (span.started < end) {
      give(span, closed);
    } else if (span.has_cost) {
      without_cost_ += span.tasks;
    }
  }
  spans_.clear();
}

void TaskCosts::close_until(Instant until, Closed& closed) {
  if (until <= *closed_until_) return;
  weigh_own_accounts();
  cut_segments(until);
  divide_cpu();
  divide_rest();
  add_up();
  size_t kept = 0;
  for (Span& span : spans_) {
    settle(span, until);
    if (span.ended <= until) {
      give(span, closed);
    } else {
      spans_[kept++] = span;
    }
  }
  spans_.resize(kept);
  give_whole(residual_, closed.residual);
  cpu_.forget_before(until);
  rest_.forget_before(until);
  closed_until_ = until;
  release_memory();
}

/// Of a burst: who floods a log must not keep memory from all others.
void TaskCosts::release_memory() {
  constexpr size_t kKept = 4'096;
  if (segments_.capacity() > kKept) segments_ = {};
  if (marks_.capacity() > kKept) marks_ = {};
  if (spans_.capacity() > kKept && spans_.size() < spans_.capacity() / 4) spans_.shrink_to_fit();
}

/// A task used its time when the container used any: more in this interval, less in that.
void TaskCosts::weigh_own_accounts() {
  for (Span& span : spans_) {
    if (!span.own_cpu || span.own_part) continue;
    // What one thread can have used of each growth, as divide_cpu() has it.
    double used = 0;
    auto from = std::upper_bound(cpu_.points.begin(), cpu_.points.end(), span.started,
                                 [](Instant at, const Curve::Point& other) { return at < other.at; });
    if (from != cpu_.points.begin()) --from;
    for (; from != cpu_.points.end() && std::next(from) != cpu_.points.end() && from->at < span.ended; ++from) {
      const auto to = std::next(from);
      const Instant overlap = std::min(to->at, span.ended) - std::max(from->at, span.started);
      if (overlap > 0) used += std::min(to->total[kCpu] - from->total[kCpu], static_cast<double>(overlap));
    }
    span.own_part = used > 0 ? *span.own_cpu / used : 0;
  }
}

void TaskCosts::cut_segments(Instant until) {
  struct Step {
    Instant at = 0;
    int tasks = 0;
    int owning = 0;
    double own_part = 0;
  };
  std::vector<Step> steps;
  steps.reserve(2 * spans_.size() + cpu_.points.size() + rest_.points.size() + 2);
  for (const Span& span : spans_) {
    if (span.from >= until) continue;
    const int owns = span.own_part ? 1 : 0;
    const double part = span.own_part.value_or(0);
    steps.push_back({.at = span.from, .tasks = +1, .owning = +owns, .own_part = +part});
    if (span.ended < until) steps.push_back({.at = span.ended, .tasks = -1, .owning = -owns, .own_part = -part});
  }
  for (const Curve* curve : {&cpu_, &rest_}) {
    for (const Curve::Point& point : curve->points) {
      if (point.at > *closed_until_ && point.at < until) steps.push_back({.at = point.at});
    }
  }
  steps.push_back({.at = until});
  std::sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) { return a.at < b.at; });
  segments_.clear();
  Segment now{.begin = *closed_until_};
  int64_t owning = 0;
  for (const Step& step : steps) {
    now.end = step.at;
    now.sharing = now.in_flight - owning;
    if (step.at > now.begin) segments_.push_back(now);
    now.begin = step.at;
    now.in_flight += step.tasks;
    owning += step.owning;
    // Sums of fractions do not come back to nothing.
    now.own_part = owning == 0 ? 0 : std::max(0.0, now.own_part + step.own_part);
  }
}

/// Calls `each(first, last, grown)` for the segments between two neighbouring points of the curve, or an end of all.
template <class Each>
void TaskCosts::between_points(Curve& curve, Each each) {
  curve.next = 0;
  Quantities before = curve.total_at(segments_.front().begin);
  for (auto first = segments_.begin(); first != segments_.end();) {
    auto last = first;
    const bool has_next = curve.next < curve.points.size();
    while (last != segments_.end() && (!has_next || last->end <= curve.points[curve.next].at)) ++last;
    const Quantities after = curve.total_at(std::prev(last)->end);
    each(first, last, difference(after, before));
    before = after;
    first = last;
  }
}

void TaskCosts::divide_cpu() {
  between_points(cpu_, [](auto first, auto last, const Quantities& grown) {
    double owners = 0;
    double owned = 0;
    double wanted = 0;
    double gaps = 0;
    double length = 0;
    for (auto it = first; it != last; ++it) {
      owners += it->own_part > 0 ? it->length() : 0;
      owned += it->length() * it->own_part;
      wanted += it->length() * static_cast<double>(it->sharing);
      gaps += it->sharing == 0 ? it->length() : 0;
      length += it->length();
    }
    const double cpus = owners > 0 ? std::min(grown[kCpu] / owners, 1.0) : 0;
    const double fitting = owned * cpus > grown[kCpu] ? grown[kCpu] / (owned * cpus) : 1.0;
    const double of_owners = owned * cpus * fitting;
    const double of_tasks = std::min(grown[kCpu] - of_owners, wanted);
    const double of_gaps = std::min(grown[kCpu] - of_owners - of_tasks, gaps);
    const double evenly = grown[kCpu] - of_owners - of_tasks - of_gaps;
    for (auto it = first; it != last; ++it) {
      const double even = evenly * it->length() / length;
      it->own[kCpu] = it->own_part > 0 ? it->length() * cpus * fitting : 0;
      if (it->sharing == 0) {
        it->residual[kCpu] = of_gaps * it->length() / gaps + even;
      } else {
        it->share[kCpu] = of_tasks * it->length() / wanted + even / static_cast<double>(it->sharing);
      }
    }
  });
}

void TaskCosts::divide_rest() {
  between_points(rest_, [](auto first, auto last, const Quantities& grown) {
    double cpu = 0;
    double length = 0;
    for (auto it = first; it != last; ++it) {
      cpu += it->share[kCpu] * static_cast<double>(it->sharing) + it->residual[kCpu] + it->own[kCpu] * it->own_part;
      length += it->length();
    }
    for (auto it = first; it != last; ++it) {
      for (size_t i = 0; i < kQuantities; ++i) {
        if (i == kCpu) continue;
        if (i != kBlocked && cpu > 0) {
          it->share[i] = grown[i] * it->share[kCpu] / cpu;
          it->own[i] = grown[i] * it->own[kCpu] / cpu;
          it->residual[i] = grown[i] * it->residual[kCpu] / cpu;
        } else {
          const double even = grown[i] * it->length() / length;
          (it->in_flight == 0 ? it->residual : it->even)[i] =
              even / static_cast<double>(std::max<int64_t>(it->in_flight, 1));
        }
      }
    }
  });
}

void TaskCosts::add_up() {
  Mark mark{.at = segments_.front().begin};
  marks_.assign(1, mark);
  for (const Segment& it : segments_) {
    add(residual_, it.residual);
    add(mark.even, it.even);
    add(mark.share, it.share);
    add(mark.own, it.own);
    if (it.in_flight > 1) mark.shared_ns += it.length();
    mark.at = it.end;
    marks_.push_back(mark);
  }
}

const TaskCosts::Mark& TaskCosts::mark_at(Instant at) const {
  return *std::lower_bound(marks_.begin(), marks_.end(), at, [](const Mark& mark, Instant t) { return mark.at < t; });
}

/// Gives a span what it used until then.
void TaskCosts::settle(Span& span, Instant until) {
  if (span.from >= until) return;
  const Mark& from = mark_at(span.from);
  const Mark& to = mark_at(std::min(span.ended, until));
  Quantities used = span.own_part ? difference(to.own, from.own) : difference(to.share, from.share);
  for (double& it : used) it *= span.own_part.value_or(1);
  add(used, difference(to.even, from.even));
  add(span.has_cost ? span.used : residual_, used);
  span.shared_ns += to.shared_ns - from.shared_ns;
  span.from = to.at;
}

void TaskCosts::give(const Span& span, Closed& closed) {
  if (!span.has_cost) return;
  auto found =
      std::find_if(closed.costs.begin(), closed.costs.end(), [&](const KeyCost& cost) { return cost.key == span.key; });
  if (found == closed.costs.end()) found = closed.costs.insert(found, {.key = span.key, .cost = {}});
  model::TaskCost& cost = found->cost;
  cost.tasks += span.tasks;
  const auto took = static_cast<double>(span.ended - span.started);
  if (span.shared_ns > kAlone * took && !span.own_cpu) cost.apportioned += span.tasks;
  cost.task_ns += static_cast<uint64_t>(span.ended - span.started);
  if (fractions_.size() <= span.key) fractions_.resize(span.key + 1);
  add(fractions_[span.key], span.used);
  give_whole(fractions_[span.key], cost.used);
}

}  // namespace benchd::analysis
