#include "collectors/host/lacks.h"

#include <array>
#include <utility>

namespace benchd::host {
namespace {

struct Text {
  Lack lack;
  const char* subject;
  const char* found;
  const char* cost;
  const char* cure;
};

// clang-format off
constexpr auto kTexts = std::to_array<Text>({
    {Lack::CpuTimes, "host cpu times", "/proc/stat cannot be read", "no cpu metrics of the host", ""},
    {Lack::Memory, "host memory", "/proc/meminfo cannot be read", "no memory metrics of the host", ""},
    {Lack::PagingEvents, "host paging", "/proc/vmstat cannot be read", "no page faults, swapping and OOM kills of the host", ""},
    {Lack::Disks, "host disks", "/proc/diskstats cannot be read",
     "no disk metrics of the host, and containers' devices have numbers for names", ""},
    {Lack::Interfaces, "host network", "neither /proc/1/net/dev nor /proc/net/dev can be read", "no network metrics of the host", ""},
    {Lack::Pressure, "pressure", "/proc/pressure cannot be read: the kernel keeps no pressure", "no pressure metrics of the host nor of containers",
     "add psi=1 to the kernel's command line"},
    {Lack::IrqPressure, "irq pressure", "no /proc/pressure/irq: the kernel was built without CONFIG_IRQ_TIME_ACCOUNTING, or is older than 6.1",
     "no irq pressure of the host nor of containers", ""},
    {Lack::Frequency, "cpu frequency", "no cpufreq in /sys/devices/system/cpu: a virtual machine, or no driver",
     "no cpu frequency metrics: clock changes between runs stay unseen", ""},
    {Lack::ThermalThrottling, "thermal throttling", "no thermal_throttle in /sys/devices/system/cpu: a virtual machine, or not an Intel cpu",
     "no metrics of throttling by heat", ""},
    {Lack::Interrupts, "interrupts per cpu", "/proc/interrupts cannot be read", "no interrupts per cpu", ""},
    {Lack::SoftIrqs, "softirqs per cpu", "/proc/softirqs cannot be read", "no softirqs per cpu", ""},
    {Lack::Filesystems, "file systems", "no local file system can be asked for its space", "no file system metrics of the host", ""},
});
// clang-format on
static_assert(kTexts.size() == kLackCount);

}  // namespace

void describe(const Lacks& lacks, std::vector<model::State>& states) {
  states.clear();
  for (const Text& text : kTexts) {
    if (!lacks.has(text.lack)) continue;
    model::State state{.subject = text.subject, .found = text.found, .cost = text.cost, .cure = text.cure};
    if (lacks.is_for_want_of_files(text.lack)) {
      state.found = "too many open files: none is left to read it";
      state.cure = "LimitNOFILE=65536 in the service, or ulimit -n 65536";
    }
    states.push_back(std::move(state));
  }
}

}  // namespace benchd::host
