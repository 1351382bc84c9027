#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "model/task.h"

namespace benchd::analysis {

/// Divides what one container uses among its tasks: the costs of the tasks and the residual, what was used while none
/// was in flight, add up to what the container used. Tasks in flight at one instant have equal shares.
///
/// Between two readings of the CPU time nobody knows when it was used. A task is taken to want a cpu: the time goes to
/// the tasks first, up to one cpu for each in flight, then to the time between them, up to one cpu, and what is more
/// than that (threads) to both evenly. Time on cpus, waiting for one, and IO are divided as the CPU time is; blocked
/// threads are evenly so.
///
/// A task whose own CPU time is known, because it had a thread that was looked at, has that, as far as the container
/// used as much, and takes no part in the division of the rest.
///
/// A task is mostly heard of when it ends. Until then nothing of its time may be given to others, so the books are
/// closed late: behind the present by twice the longest task heard of, by kPatience as long as none was. A task that
/// reaches back even further has no cost: it is counted, its share is residual.
class TaskCosts {
 public:
  static constexpr int64_t kLeastDelay = 2 * base::kSecond;
  static constexpr int64_t kPatience = 600 * base::kSecond;
  /// Bounds of memory: a few megabytes. Tasks above it have no cost, which begins at 10,000 a second; readings are
  /// thinned.
  static constexpr size_t kMaxTasks = 20'000;
  static constexpr size_t kMaxPoints = 10'000;

  /// The cost of tasks of one key, as numbered by the caller.
  struct KeyCost {
    uint32_t key = 0;
    model::TaskCost cost;
  };
  struct Closed {
    std::vector<KeyCost> costs;  ///< a key at most once
    model::Usage residual;
  };

  /// All that the container had used by then. In any order; a counter that falls stays where it was.
  void used(base::Instant at, const model::Usage& usage);
  /// Its CPU time alone, which may be read more often than the rest.
  void cpu_used(base::Instant at, uint64_t cpu_ns);

  /// `tasks` tasks of one key that together were in flight from `started` to `ended`.
  /// `own_cpu_ns`: their CPU time, where it is known.
  void task(uint32_t key, uint64_t tasks, base::Instant started, base::Instant ended,
            std::optional<uint64_t> own_cpu_ns = std::nullopt);

  /// Gives what can be told now: it is added to `closed`. `held`: the earliest start of a task that is known to be in
  /// flight still.
  void close(base::Instant now, std::optional<base::Instant> held, Closed& closed);
  /// The container ended, and so did its log: gives the rest.
  void finish(Closed& closed);

  /// Tasks that have no cost: too late, too many, or from before the first reading.
  uint64_t without_cost() const { return without_cost_; }

 private:
  static constexpr size_t kQuantities = 6;
  using Quantities = std::array<double, kQuantities>;

  /// Some of a container's counters over time, straight between points.
  struct Curve {
    struct Point {
      base::Instant at = 0;
      Quantities total{};
    };
    std::vector<Point> points;  ///< ascending
    size_t next = 0;            ///< scratch of grown(): the first point after the instant it was last asked for

    void add(const Point& point);
    Quantities total_at(base::Instant at);
    void forget_before(base::Instant at);
  };

  struct Span {
    uint32_t key = 0;
    uint64_t tasks = 0;
    base::Instant started = 0;
    base::Instant ended = 0;
    base::Instant from = 0;  ///< what it used before is in `used`
    Quantities used{};
    double shared_ns = 0;  ///< time in which it was not alone
    bool has_cost = true;
    std::optional<double> own_cpu{};   ///< nanoseconds that it used by its own account
    std::optional<double> own_part{};  ///< that is of what the container used meanwhile; known when books are closed
  };

  /// A while in which nothing changes.
  struct Segment {
    base::Instant begin = 0;
    base::Instant end = 0;
    int64_t in_flight = 0;
    int64_t sharing = 0;    ///< of them, those whose own CPU time is not known
    double own_part = 0;    ///< of the others together, of what the container used
    Quantities even{};      ///< of each task in flight
    Quantities share{};     ///< further, of each task that shares
    Quantities own{};       ///< further, of a task to whose own account all would go
    Quantities residual{};  ///< of nobody
    double length() const { return static_cast<double>(end - begin); }
  };

  /// What one task that was in flight all the time has by an instant.
  struct Mark {
    base::Instant at = 0;
    Quantities even{};  ///< as in Segment
    Quantities share{};
    Quantities own{};
    double shared_ns = 0;  ///< time with others in flight
  };

  void close_until(base::Instant until, Closed& closed);
  void weigh_own_accounts();
  void cut_segments(base::Instant until);
  template <class Each>
  void between_points(Curve& curve, Each each);
  void divide_cpu();
  void divide_rest();
  void add_up();
  void release_memory();
  void settle(Span& span, base::Instant until);
  void give(const Span& span, Closed& closed);
  const Mark& mark_at(base::Instant at) const;

  model::Usage first_;  ///< the curves count from here: doubles are exact for small numbers
  Curve cpu_;
  Curve rest_;
  std::optional<base::Instant> closed_until_;  ///< nothing before the first reading
  int64_t longest_ = 0;
  std::vector<Span> spans_;
  std::vector<Segment> segments_;  ///< scratch of close_until(), as the next
  std::vector<Mark> marks_;
  Quantities residual_{};              ///< what is not given yet: fractions
  std::vector<Quantities> fractions_;  ///< likewise, by key
  uint64_t without_cost_ = 0;
};

}  // namespace benchd::analysis
