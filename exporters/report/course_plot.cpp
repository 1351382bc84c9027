#include "exporters/report/course_plot.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "exporters/report/drawing.h"
#include "exporters/report/words.h"

namespace benchd::report {
namespace {

using model::Measure;
using model::RunRecord;

/// The time of the longest run is cut into so many pieces, and each shows the
/// mean of the runs that lasted as long.
constexpr size_t kPieces = 60;
constexpr double kPanel = 150;
constexpr double kGap = 34;

/// The counter at an instant, by a straight line between the readings around
/// it.
double cpu_by(const RunRecord& run, double usec) {
  double from = 0, from_cpu = 0;
  const auto between = [&](double to, double to_cpu) {
    return from_cpu + (to_cpu - from_cpu) * (to > from ? (usec - from) / (to - from) : 1);
  };
  for (const model::RunPoint& point : run.course) {
    const auto to = static_cast<double>(point.at_usec);
    const auto to_cpu = static_cast<double>(point.cpu_usec);
    if (usec <= to) return between(to, to_cpu);
    from = to;
    from_cpu = to_cpu;
  }
  return between(static_cast<double>(run.duration_ns) / 1000, static_cast<double>(run.cpu_usec));
}

/// As read last before an instant; nothing before the first reading.
std::optional<double> memory_at(const RunRecord& run, double usec) {
  std::optional<double> memory;
  for (const model::RunPoint& point : run.course) {
    if (static_cast<double>(point.at_usec) > usec) break;
    if (point.memory_bytes) memory = static_cast<double>(*point.memory_bytes);
  }
  return memory;
}

struct Mean {
  double sum = 0;
  size_t count = 0;
  void add(double value) {
    sum += value;
    ++count;
  }
  std::optional<double> get() const {
    return count == 0 ? std::nullopt : std::optional(sum / static_cast<double>(count));
  }
};

/// One variant: cpus busy, and memory, by piece.
struct Trace {
  std::array<Mean, kPieces> cpu;
  std::array<Mean, kPieces> memory;
};

void add(Trace& trace, const RunRecord& run, double piece_usec) {
  const double end = static_cast<double>(run.duration_ns) / 1000;
  for (size_t i = 0; i < kPieces; ++i) {
    const double from = piece_usec * static_cast<double>(i);
    const double to = std::min(from + piece_usec, end);
    if (to - from < piece_usec / 2) break;
    trace.cpu[i].add(std::max(0.0, cpu_by(run, to) - cpu_by(run, from)) / (to - from));
    if (const auto memory = memory_at(run, to)) trace.memory[i].add(*memory);
  }
}

/// A panel of one quantity below `top`.
void draw(Svg& svg, const std::vector<Trace>& traces, std::array<Mean, kPieces> Trace::*quantity, double top,
          const Scale& across, const ValueFormat& value, const char* title) {
  Extent extent;
  extent.add(0);
  for (const Trace& trace : traces)
    for (const Mean& mean : trace.*quantity)
      if (const auto it = mean.get()) extent.add(*it);
  const Scale down(0, extent.high * 1.05, top + kPanel, top);
  svg.text({kLeft, top - 8}, Anchor::Start, "soft", title);
  for (const double tick : down.ticks(4, value.unit())) {
    svg.line({kLeft, down(tick)}, {kRight, down(tick)}, "grid");
    svg.text({kLeft - 10, down(tick) + 4}, Anchor::End, "soft", value(tick));
  }
  for (size_t variant = 0; variant < traces.size(); ++variant) {
    std::optional<Point> before;
    for (size_t i = 0; i < kPieces; ++i) {
      const auto mean = (traces[variant].*quantity)[i].get();
      if (!mean) {
        before.reset();
        continue;
      }
      const Point here{across(static_cast<double>(i) + 0.5), down(*mean)};
      if (before) svg.line(*before, here, color_of(variant) + " trace");
      before = here;
    }
  }
}

}  // namespace

std::optional<Plot> course_plot(const Evidence& evidence) {
  const model::ComparisonSet& set = evidence.set;
  int64_t longest = 0;
  for (const RunRecord& run : evidence.records)
    if (!run.course.empty() && run.failure.empty()) longest = std::max(longest, run.duration_ns);
  if (longest <= 0) return std::nullopt;
  const double piece_usec = static_cast<double>(longest) / 1000 / static_cast<double>(kPieces);
  std::vector<Trace> traces(set.experiment.variants.size());
  bool has_memory = false;
  double most_memory = 0;
  for (size_t i = 0; i < evidence.records.size(); ++i) {
    const RunRecord& run = evidence.records[i];
    if (run.course.empty() || !run.failure.empty()) continue;
    add(traces[evidence.runs[i].variant], run, piece_usec);
    for (const model::RunPoint& point : run.course) {
      has_memory = has_memory || point.memory_bytes;
      most_memory = std::max(most_memory, static_cast<double>(point.memory_bytes.value_or(0)));
    }
  }

  const double height = 40 + kPanel + (has_memory ? kGap + kPanel : 0) + 60;
  Svg svg(kWidth, height, "CPU and memory beside time");
  double top = draw_legend(svg, set, 14) + 20;
  const Scale across(0, kPieces, kLeft, kRight);
  draw(svg, traces, &Trace::cpu, top, across, ValueFormat(Measure::Value, std::nullopt), "cpus busy");
  if (has_memory) {
    top += kPanel + kGap;
    draw(svg, traces, &Trace::memory, top, across, ValueFormat(Measure::MemoryPeak, most_memory), "memory");
  }
  const double seconds = static_cast<double>(longest) / 1e9;
  const ValueFormat time(Measure::Duration, seconds);
  const Scale axis(0, seconds, kLeft, kRight);
  for (const double tick : axis.ticks(6, time.unit()))
    svg.text({axis(tick), top + kPanel + 16}, Anchor::Middle, "soft", time(tick));
  return Plot{.name = "course",
              .title = "CPU and memory beside time",
              .caption =
                  "From a run's start on, the mean of each variant's "
                  "runs that lasted as long and did not fail; "
                  "read up to 20 times a second while they went on.",
              .svg = std::move(svg).take()};
}

}  // namespace benchd::report
