#include "daemon/campaign/measure/run_course.h"

#include <fcntl.h>
#include <fmt/format.h>

#include "base/text.h"
#include "collectors/cgroup/parse.h"

namespace benchd::campaign {
namespace {

/// Whose frequency is read: each reading asks one, and the kernel may have to ask that cpu.
constexpr size_t kMostFrequencies = 64;

/// "usage_usec 42\n" is cpu.stat's first line (kernel/cgroup/rstat.c, cgroup_base_stat_cputime_show).
std::optional<uint64_t> usage_in(std::string_view text) {
  constexpr std::string_view kUsage = "usage_usec ";
  const std::string_view line = base::cut(text, '\n');
  return line.starts_with(kUsage) ? base::parse_integer(line.substr(kUsage.size())) : std::nullopt;
}

}  // namespace

RunCourse::RunCourse(const RunCgroup& cgroup, const base::CpuSet& cpus, base::Instant began, std::string sysfs)
    : cgroup_(cgroup), cpus_(cpus), began_(began), sysfs_(std::move(sysfs)), next_(began + kFirstStep) {}

void RunCourse::open() {
  const auto fd_of = [](base::Result<base::Fd> opened) { return opened.ok() ? *std::move(opened) : base::Fd(); };
  cpu_ = fd_of(base::open_file(cgroup_.directory(), "cpu.stat"));
  memory_ = fd_of(base::open_file(cgroup_.directory(), "memory.current"));
  buffer_ = base::ReadBuffer(4096);
  points_.reserve(kMostPoints);
  const std::string cpus = sysfs_ + "/devices/system/cpu/";
  base::CpuSet of = cpus_;
  if (of.none()) {
    const auto online = base::read_text(cpus + "online");
    of = online.ok() ? base::parse_cpu_list(*online).value_or(base::CpuSet()) : base::CpuSet();
  }
  for (size_t cpu = 0; cpu < of.size() && frequencies_.size() < kMostFrequencies; ++cpu) {
    if (!of.test(cpu)) continue;
    auto frequency = base::open_file(AT_FDCWD, fmt::format("{}cpu{}/cpufreq/scaling_cur_freq", cpus, cpu).c_str());
    if (frequency.ok()) frequencies_.push_back(*std::move(frequency));
  }
}

void RunCourse::read(base::Instant now) {
  if (now < next_) return;
  if (points_.capacity() == 0) open();
  next_ = after(now);
  const base::FileText text = base::read_fd(cpu_.get(), buffer_);
  const auto usage = text.ok() ? usage_in(text.text) : std::nullopt;
  if (!usage) return;
  model::RunPoint point{.at_usec = static_cast<uint64_t>(now - began_) / 1000, .cpu_usec = *usage};
  if (memory_)
    if (const base::FileText memory = base::read_fd(memory_.get(), buffer_); memory.ok())
      point.memory_bytes = cgroup::parse_number(memory.text);
  if (!frequencies_.empty()) {
    const base::Fd& cpu = frequencies_[frequency_readings_ % frequencies_.size()];
    const base::FileText frequency = base::read_fd(cpu.get(), buffer_);
    const auto khz = frequency.ok() ? base::parse_integer(base::trim(frequency.text)) : std::nullopt;
    frequency_khz_ += static_cast<double>(khz.value_or(0));
    if (khz) ++frequency_readings_;
  }
  points_.push_back(point);
  if (points_.size() < kMostPoints) return;
  thin_out();
  next_ = after(now);
}

base::Instant RunCourse::after(base::Instant now) const {
  return now + step_ - (now - began_) % step_;
}

void RunCourse::thin_out() {
  for (size_t i = 1; i < points_.size(); i += 2) points_[i / 2] = points_[i];
  points_.resize(points_.size() / 2);
  step_ *= 2;
}

std::optional<double> RunCourse::frequency_hz() const {
  if (frequency_readings_ == 0) return std::nullopt;
  return 1000 * frequency_khz_ / static_cast<double>(frequency_readings_);
}

}  // namespace benchd::campaign
