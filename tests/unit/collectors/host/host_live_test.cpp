// File, benchd, file: on the real /proc every counter that is read lies between what the kernel's file said just before
// and just after, at many random instants, under load.
#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "collectors/host/host_collector.h"
#include "support/allocation_count.h"

namespace benchd::host {
namespace {

using model::HostField;
using model::HostReading;

constexpr int kInstants = 300;

/// Every number of every family by a name, read in the plainest way: an independent reader of the same files.
class Witness {
 public:
  std::map<std::string, uint64_t> read() const {
    std::map<std::string, uint64_t> all;
    for (size_t file = 0; file < model::kHostFileCount; ++file) read_fields(static_cast<model::HostFile>(file), all);
    read_cpus(all);
    read_disks(all);
    read_interfaces(all);
    return all;
  }

 private:
  static std::vector<std::vector<std::string>> words(const std::string& path) {
    std::vector<std::vector<std::string>> lines;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
      std::replace(line.begin(), line.end(), ':', ' ');
      std::istringstream stream(line);
      lines.emplace_back(std::istream_iterator<std::string>(stream), std::istream_iterator<std::string>());
    }
    return lines;
  }

  static void read_fields(model::HostFile file, std::map<std::string, uint64_t>& all) {
    const auto lines = words("/proc/" + std::string(model::name_of(file)));
    for (const auto& field : model::kHostFields) {
      if (field.file != file || field.kind != model::Kind::Counter) continue;
      for (const auto& line : lines) {
        if (line.empty() || line[0] != field.key) continue;
        const bool pressure = line.back().starts_with("total=");
        all["field " + std::to_string(static_cast<int>(field.field))] =
            std::stoull(pressure ? line.back().substr(6) : line[1]);
      }
    }
  }

  static void read_cpus(std::map<std::string, uint64_t>& all) {
    for (const auto& line : words("/proc/stat"))
      if (line[0].starts_with("cpu") && line[0] != "cpu")
        for (size_t mode = 0; mode < model::kCpuModeCount; ++mode)
          all[line[0] + ' ' + std::to_string(mode)] = std::stoull(line[mode + 1]) * 10'000'000;
  }

  static void read_disks(std::map<std::string, uint64_t>& all) {
    for (const auto& line : words("/proc/diskstats")) {
      all[line[2] + " reads"] = std::stoull(line[3]);
      all[line[2] + " read bytes"] = std::stoull(line[5]) * 512;
      all[line[2] + " writes"] = std::stoull(line[7]);
      all[line[2] + " written bytes"] = std::stoull(line[9]) * 512;
      all[line[2] + " busy"] = std::stoull(line[12]) * 1'000'000;
    }
  }

  static void read_interfaces(std::map<std::string, uint64_t>& all) {
    for (const auto& line : words("/proc/1/net/dev")) {
      if (line.size() != 17) continue;
      all[line[0] + " receive bytes"] = std::stoull(line[1]);
      all[line[0] + " transmit packets"] = std::stoull(line[10]);
    }
  }
};

/// What benchd read, under the witness's names.
std::map<std::string, uint64_t> named(const HostReading& host) {
  std::map<std::string, uint64_t> all;
  for (const auto& field : model::kHostFields)
    if (field.kind == model::Kind::Counter && host.values.has(field.field))
      all["field " + std::to_string(static_cast<int>(field.field))] = *host.values.get(field.field);
  for (const auto& cpu : host.cpus)
    for (size_t mode = 0; mode < model::kCpuModeCount; ++mode)
      all["cpu" + std::to_string(cpu.cpu) + ' ' + std::to_string(mode)] = cpu.time_ns[mode];
  for (const auto& disk : host.disks) {
    const std::string name = disk.name.data();
    all[name + " reads"] = disk.reads;
    all[name + " read bytes"] = disk.read_bytes;
    all[name + " writes"] = disk.writes;
    all[name + " written bytes"] = disk.written_bytes;
    all[name + " busy"] = disk.busy_ns;
  }
  for (const auto& interface : host.interfaces) {
    const std::string name = interface.name.data();
    all[name + " receive bytes"] = interface.receive_bytes;
    all[name + " transmit packets"] = interface.transmit_packets;
  }
  return all;
}

/// Counters that the kernel itself lets fall: cpu idle and iowait, whose held value may lie above the second file's.
bool may_fall(const std::string& name) {
  const auto mode = [](model::CpuMode m) { return ' ' + std::to_string(static_cast<int>(m)); };
  return name.starts_with("cpu") &&
         (name.ends_with(mode(model::CpuMode::Idle)) || name.ends_with(mode(model::CpuMode::IoWait)));
}

TEST(HostLive, EveryCounterLiesBetweenTheFilesBeforeAndAfter) {
  HostCollector collector;
  HostReading host;
  const Witness witness;
  std::mt19937 random(1);
  std::map<std::string, uint64_t> last;
  size_t compared = 0;
  for (int i = 0; i < kInstants; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 5000));
    const auto before = witness.read();
    collector.read(base::now(), host);
    const auto after = witness.read();
    for (const auto& [name, value] : named(host)) {
      ASSERT_TRUE(before.contains(name) && after.contains(name)) << name;
      EXPECT_GE(value, before.at(name)) << name << " at instant " << i;
      if (!may_fall(name)) {
        EXPECT_LE(value, after.at(name)) << name << " at instant " << i;
      }
      EXPECT_GE(value, last[name]) << name << " fell at instant " << i;
      last[name] = value;
      ++compared;
    }
  }
  EXPECT_GT(compared, size_t{kInstants} * 40);
  RecordProperty("compared", static_cast<int>(compared));
}

/// Cold values: read at the first turn, so between files read before and after it.
TEST(HostLive, InterruptsPerCpuLieBetweenTheFilesBeforeAndAfter) {
  const auto local_timer = [] {
    std::ifstream file("/proc/interrupts");
    for (std::string line; std::getline(file, line);) {
      std::istringstream words(line);
      std::string label;
      uint64_t first = 0;
      if (words >> label >> first && label == "LOC:") return std::optional(first);
    }
    return std::optional<uint64_t>();
  };
  if (!local_timer()) GTEST_SKIP() << "no LOC line in /proc/interrupts: not x86";
  for (int i = 0; i < 50; ++i) {
    HostCollector collector;
    HostReading host;
    const auto before = *local_timer();
    collector.read(base::now(), host);
    const auto after = *local_timer();
    ASSERT_TRUE(host.cpus.at(0).interrupts);
    const uint64_t value = host.cpus[0].interrupts->at(static_cast<size_t>(model::Interrupt::LocalTimer));
    EXPECT_GE(value, before);
    EXPECT_LE(value, after);
  }
}

TEST(HostLive, TheRootFileSystemIsTheOneThatStatfsKnows) {
  HostCollector collector;
  HostReading host;
  collector.read(base::now(), host);
  const auto root = std::find_if(host.filesystems.begin(), host.filesystems.end(),
                                 [](const auto& filesystem) { return filesystem.mountpoint == "/"; });
  if (root == host.filesystems.end()) GTEST_SKIP() << "/ is on no local device here";
  struct statvfs space = {};
  ASSERT_EQ(::statvfs("/", &space), 0);
  EXPECT_EQ(root->size_bytes, space.f_blocks * space.f_frsize);
  EXPECT_LE(root->available_bytes, root->free_bytes);
  EXPECT_LE(root->free_bytes, root->size_bytes);
}

TEST(HostLive, TopologyAgreesWithTheSystem) {
  HostCollector collector;
  HostReading host;
  collector.read(base::now(), host);
  EXPECT_EQ(host.topology.cpus, static_cast<uint32_t>(::sysconf(_SC_NPROCESSORS_ONLN)));
  EXPECT_LE(host.topology.physical_cores.value_or(1), *host.topology.cpus);
  EXPECT_EQ(host.values.get(HostField::MemoryTotal),
            static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)));
}

/// Something new may appear on a real host at any moment, and may then allocate; not in every round.
TEST(HostLive, AllocatesNothingInSteadyState) {
  HostCollector collector;
  HostReading host;
  int second = 0;
  const auto turns = [&] {
    const uint64_t before = test::allocation_count();
    for (const int end = second + 50; second < end; ++second) collector.read(second * base::kSecond, host);
    return test::allocation_count() - before;
  };
  turns();
  uint64_t fewest = turns();
  for (int round = 0; round < 5 && fewest > 0; ++round) fewest = std::min(fewest, turns());
  EXPECT_EQ(fewest, 0u);
}

}  // namespace
}  // namespace benchd::host
