#include "collectors/host/host_collector.h"

#include <array>

#include <unistd.h>

#include "collectors/host/cpu_sysfs.h"
#include "collectors/host/cpu_times.h"
#include "collectors/host/disks.h"
#include "collectors/host/filesystems.h"
#include "collectors/host/interrupts.h"
#include "collectors/host/kept_file.h"
#include "collectors/host/lacks.h"
#include "collectors/host/nodes.h"
#include "collectors/host/parse_values.h"
#include "collectors/network/net_dev.h"

namespace benchd::host {
namespace {

using model::HostFile;
using model::HostReading;

constexpr int64_t kColdEvery = 10 * base::kSecond;
/// One sysfs file a cpu, opened each time: on many cpus too much for a tick of 50 ms.
constexpr int64_t kFrequencyEvery = base::kSecond;

uint64_t tick_ns() {
  return static_cast<uint64_t>(base::kSecond) / static_cast<uint64_t>(::sysconf(_SC_CLK_TCK));
}

template <size_t... kIndex>
std::array<KeptFile, model::kHostFileCount> value_files(const std::string& proc, std::index_sequence<kIndex...>) {
  return {KeptFile((proc + '/').append(model::kHostFileNames[kIndex]))...};
}

}  // namespace

class HostCollector::Sources {
 public:
  explicit Sources(const HostRoots& roots)
      : values_(value_files(roots.proc, std::make_index_sequence<model::kHostFileCount>())),
        load_(roots.proc + "/loadavg"),
        diskstats_(roots.proc + "/diskstats"),
        host_net_dev_(roots.proc + "/1/net/dev"),
        own_net_dev_(roots.proc + "/net/dev"),
        mountinfo_(roots.proc + "/self/mountinfo"),
        interrupts_(roots.proc + "/interrupts"),
        softirqs_(roots.proc + "/softirqs"),
        sysfs_(roots.sys),
        nodes_(roots.sys),
        cpu_times_(tick_ns()) {
    status_.collector = "host";
  }

  void read(base::Instant now, HostReading& reading) {
    const base::Instant began = base::now();
    reading.at = now;
    const bool cpus_changed = read_values(now, reading);
    read_load(reading);
    read_disks(reading);
    read_interfaces(reading);
    if (cpus_changed || now >= next_cold_) {
      read_cold(reading);
      next_cold_ = now + kColdEvery;
      next_frequency_ = now + kFrequencyEvery;
      tell();
    } else if (now >= next_frequency_ && !lacks(Lack::Frequency)) {
      sysfs_.read_frequency(reading.cpus, buffer_);
      next_frequency_ = now + kFrequencyEvery;
    }
    status_.success = !lacks(Lack::CpuTimes) && !lacks(Lack::Memory);
    status_.duration_seconds = static_cast<double>(base::now() - began) / base::kSecond;
  }

  const model::CollectorStatus& status() const { return status_; }
  const std::vector<model::State>& states() const { return states_; }

 private:
  bool lacks(Lack what) const { return lacks_.has(what); }
  void lack(Lack what, bool lacking, int error) { lacks_.set(what, lacking, error); }

  bool read_values(base::Instant now, HostReading& reading) {
    bool cpus_changed = false;
    std::array<int, model::kHostFileCount> errors{};
    for (size_t i = 0; i < values_.size(); ++i) {
      const auto file = static_cast<HostFile>(i);
      const base::FileText text = values_[i].read(buffer_);
      errors[i] = text.error;
      parse_values(file, text.text, reading.values);
      if (file == HostFile::Stat) cpus_changed = cpu_times_.update(text.text, now, reading.cpus);
    }
    const auto error = [&errors](HostFile file) { return errors[static_cast<size_t>(file)]; };
    const auto absent = [&reading](model::HostField field) { return !reading.values.has(field); };
    lack(Lack::CpuTimes, reading.cpus.empty(), error(HostFile::Stat));
    lack(Lack::Memory, absent(model::HostField::MemoryTotal), error(HostFile::Meminfo));
    lack(Lack::PagingEvents, absent(model::HostField::PageFaults), error(HostFile::Vmstat));
    lack(Lack::Pressure, absent(model::HostField::CpuPressureSome), error(HostFile::CpuPressure));
    lack(Lack::IrqPressure, !lacks(Lack::Pressure) && absent(model::HostField::IrqPressureFull),
         error(HostFile::IrqPressure));
    return cpus_changed;
  }

  void read_load(HostReading& reading) { reading.load = parse_load(load_.read(buffer_).text); }

  void read_disks(HostReading& reading) {
    const base::FileText text = diskstats_.read(buffer_);
    disks_.update(text.text, reading.disks);
    lack(Lack::Disks, !text.ok(), text.error);
  }

  /// benchd may be in a network namespace of its own; process 1's is the host's.
  void read_interfaces(HostReading& reading) {
    base::FileText text = host_net_dev_.read(buffer_);
    if (!text.ok()) text = own_net_dev_.read(buffer_);
    reading.interfaces.clear();
    std::string_view rest = text.text;
    while (const auto interface = network::next_interface(rest))
      if (!network::name_of(*interface).starts_with("veth")) reading.interfaces.push_back(*interface);
    lack(Lack::Interfaces, !text.ok(), text.error);
  }

  void read_cold(HostReading& reading) {
    // Where no cpu is known nothing can be said of theirs.
    const bool any_cpus = !reading.cpus.empty();
    const int no_frequency = sysfs_.read_frequency(reading.cpus, buffer_);
    lack(Lack::Frequency, any_cpus && no_frequency != 0, no_frequency);
    const int no_throttle = sysfs_.read_throttle(reading.cpus, buffer_);
    lack(Lack::ThermalThrottling, any_cpus && no_throttle != 0, no_throttle);
    sysfs_.read_topology(reading.cpus, reading.topology, buffer_);
    read_interrupts(reading);
    nodes_.update(reading.nodes, buffer_);
    const base::FileText mountinfo = mountinfo_.read(buffer_);
    filesystems_.update(mountinfo.text, reading.filesystems);
    lack(Lack::Filesystems, reading.filesystems.empty(), mountinfo.error);
  }

  void read_interrupts(HostReading& reading) {
    const base::FileText interrupts = interrupts_.read(buffer_);
    parse_interrupts(interrupts.text, interrupt_table_);
    lack(Lack::Interrupts, !interrupts.ok(), interrupts.error);
    const base::FileText softirqs = softirqs_.read(buffer_);
    parse_softirqs(softirqs.text, softirq_table_);
    lack(Lack::SoftIrqs, !softirqs.ok(), softirqs.error);
    for (model::HostCpu& cpu : reading.cpus) {
      cpu.interrupts = counts_of(interrupt_table_, cpu.cpu);
      cpu.softirqs = counts_of(softirq_table_, cpu.cpu);
    }
  }

  template <size_t kTypes>
  static std::optional<std::array<uint64_t, kTypes>> counts_of(const CpuTable<kTypes>& table, uint32_t cpu) {
    for (size_t column = 0; column < table.cpus.size(); ++column)
      if (table.cpus[column] == cpu) return table.counts[column];
    return std::nullopt;
  }

  /// States are texts: made anew only when something begins or ends to be lacking.
  void tell() {
    if (lacks_ == told_) return;
    describe(lacks_, states_);
    told_ = lacks_;
  }

  std::array<KeptFile, model::kHostFileCount> values_;
  KeptFile load_;
  KeptFile diskstats_;
  KeptFile host_net_dev_;
  KeptFile own_net_dev_;
  KeptFile mountinfo_;
  KeptFile interrupts_;
  KeptFile softirqs_;
  CpuSysfs sysfs_;
  Nodes nodes_;
  Filesystems filesystems_;
  CpuTimes cpu_times_;
  Disks disks_;
  CpuTable<model::kInterruptCount> interrupt_table_;
  CpuTable<model::kSoftIrqCount> softirq_table_;
  base::ReadBuffer buffer_;
  base::Instant next_cold_ = 0;
  base::Instant next_frequency_ = 0;
  Lacks lacks_;
  Lacks told_;
  model::CollectorStatus status_;
  std::vector<model::State> states_;
};

HostCollector::HostCollector(const HostRoots& roots) : sources_(std::make_unique<Sources>(roots)) {}

HostCollector::~HostCollector() = default;

void HostCollector::read(base::Instant now, HostReading& reading) {
  sources_->read(now, reading);
}

const model::CollectorStatus& HostCollector::status() const {
  return sources_->status();
}

const std::vector<model::State>& HostCollector::states() const {
  return sources_->states();
}

}  // namespace benchd::host
