#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace benchd::model {

/// What a run is judged by: one number a run. Indexes kMeasures.
enum class Measure : uint8_t {
  Value,
  Duration,
  TaskTime,
  P50TaskTime,
  P95TaskTime,
  P99TaskTime,
  Throughput,
  CpuPerTask,
  CpuSeconds,
  MemoryPeak,
  IoBytes,
};

enum class MeasureUnit : uint8_t { None, Seconds, Bytes, PerSecond };

struct MeasureEntry {
  Measure measure;
  const char* name;   ///< in campaign files, flags and column heads
  const char* title;  ///< above a column of a table
  MeasureUnit unit;
  bool higher_is_better;
};

inline constexpr std::array kMeasures = {
    MeasureEntry{Measure::Value, "value", "value", MeasureUnit::None, false},  // of a file that names no measure
    MeasureEntry{Measure::Duration, "duration", "duration", MeasureUnit::Seconds, false},    // populated → empty
    MeasureEntry{Measure::TaskTime, "task_time", "task time", MeasureUnit::Seconds, false},  // mean of the run's tasks
    MeasureEntry{Measure::P50TaskTime, "p50_task_time", "p50 task time", MeasureUnit::Seconds, false},
    MeasureEntry{Measure::P95TaskTime, "p95_task_time", "p95 task time", MeasureUnit::Seconds, false},
    MeasureEntry{Measure::P99TaskTime, "p99_task_time", "p99 task time", MeasureUnit::Seconds, false},
    MeasureEntry{Measure::Throughput, "throughput", "throughput", MeasureUnit::PerSecond, true},  // tasks / task span
    MeasureEntry{Measure::CpuPerTask, "cpu_per_task", "CPU/task", MeasureUnit::Seconds, false},
    MeasureEntry{Measure::CpuSeconds, "cpu_seconds", "CPU", MeasureUnit::Seconds, false},
    MeasureEntry{Measure::MemoryPeak, "memory_peak", "peak mem", MeasureUnit::Bytes, false},
    MeasureEntry{Measure::IoBytes, "io_bytes", "IO", MeasureUnit::Bytes, false},
};

constexpr const MeasureEntry& entry_of(Measure measure) {
  return kMeasures[static_cast<size_t>(measure)];
}

constexpr std::optional<Measure> measure_named(std::string_view name) {
  for (const MeasureEntry& entry : kMeasures) {
    if (name == entry.name) return entry.measure;
  }
  return std::nullopt;
}

/// A run's numbers by measure; those that it has none of are absent.
class MeasuredValues {
 public:
  MeasuredValues() { values_.fill(std::numeric_limits<double>::quiet_NaN()); }

  /// `value` is finite and not negative.
  void set(Measure measure, double value) { values_[static_cast<size_t>(measure)] = value; }
  std::optional<double> operator[](Measure measure) const {
    const double value = values_[static_cast<size_t>(measure)];
    return std::isnan(value) ? std::nullopt : std::optional(value);
  }

 private:
  std::array<double, kMeasures.size()> values_{};
};

}  // namespace benchd::model
