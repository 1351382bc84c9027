#include "collectors/host/disks.h"

#include <algorithm>

#include "base/clock.h"
#include "base/text.h"

namespace benchd::host {
namespace {

constexpr uint64_t kSector = 512;
constexpr uint64_t kMilliseconds = base::kMillisecond;
constexpr uint64_t kWrap = (uint64_t{1} << 32) * kMilliseconds;

bool idle_since_boot(const model::HostDisk& disk) {
  return disk.reads == 0 && disk.writes == 0 && (!disk.discards || disk.discards->count == 0);
}

bool is_loop_or_ram(const model::HostDisk& disk) {
  constexpr uint32_t kRamMajor = 1, kLoopMajor = 7;  // Documentation/admin-guide/devices.txt
  return disk.device.major == kRamMajor || disk.device.major == kLoopMajor;
}

}  // namespace

std::optional<model::HostDisk> parse_disk_line(std::string_view line) {
  model::HostDisk disk;
  const auto major = base::take_integer<uint32_t>(line);
  const auto minor = base::take_integer<uint32_t>(line);
  if (!major || !minor || !line.starts_with(' ')) return std::nullopt;
  line.remove_prefix(1);
  const std::string_view name = base::cut(line, ' ');
  if (name.empty() || name.size() >= disk.name.size()) return std::nullopt;
  disk.device = {*major, *minor};
  name.copy(disk.name.data(), name.size());

  std::array<uint64_t, 17> number{};
  size_t count = 0;
  while (count < number.size()) {
    const auto next = base::take_integer(line);
    if (!next) break;
    number[count++] = *next;
  }
  if (count < 11) return std::nullopt;
  disk.reads = number[0];
  disk.reads_merged = number[1];
  disk.read_bytes = number[2] * kSector;
  disk.read_ns = number[3] * kMilliseconds;
  disk.writes = number[4];
  disk.writes_merged = number[5];
  disk.written_bytes = number[6] * kSector;
  disk.write_ns = number[7] * kMilliseconds;
  disk.in_flight = number[8];
  disk.busy_ns = number[9] * kMilliseconds;
  disk.weighted_ns = number[10] * kMilliseconds;
  if (count >= 15) disk.discards = {number[11], number[12], number[13] * kSector, number[14] * kMilliseconds};
  if (count >= 17) disk.flushes = {number[15], number[16] * kMilliseconds};
  return disk;
}

std::array<uint64_t*, Disks::kTimes> Disks::times_of(model::HostDisk& disk) {
  return {&disk.read_ns,
          &disk.write_ns,
          &disk.busy_ns,
          &disk.weighted_ns,
          disk.discards ? &disk.discards->ns : nullptr,
          disk.flushes ? &disk.flushes->ns : nullptr};
}

void Disks::unwrap(const Row& before, Row& now) {
  const bool made_again = now.disk.reads < before.disk.reads || now.disk.writes < before.disk.writes;
  if (made_again || now.disk.name != before.disk.name) return;
  const auto times = times_of(now.disk);
  for (size_t i = 0; i < kTimes; ++i) {
    if (times[i] == nullptr) continue;
    now.offset[i] = before.offset[i];
    if (now.raw[i] < before.raw[i]) {
      if (before.raw[i] - now.raw[i] > kWrap / 2)
        now.offset[i] += kWrap;
      else
        now.raw[i] = before.raw[i];  // no wrap: hold it
    }
    *times[i] = now.raw[i] + now.offset[i];
  }
}

void Disks::update(std::string_view diskstats, std::vector<model::HostDisk>& disks) {
  const auto by_device = [](const Row& a, const Row& b) { return a.disk.device < b.disk.device; };
  next_.clear();
  while (!diskstats.empty()) {
    const auto disk = parse_disk_line(base::cut(diskstats, '\n'));
    if (!disk || (is_loop_or_ram(*disk) && idle_since_boot(*disk))) continue;
    Row& row = next_.emplace_back(Row{.disk = *disk});
    const auto times = times_of(row.disk);
    for (size_t i = 0; i < kTimes; ++i) row.raw[i] = times[i] == nullptr ? 0 : *times[i];
  }
  std::sort(next_.begin(), next_.end(), by_device);

  disks.clear();
  for (Row& row : next_) {
    const auto before = std::lower_bound(last_.begin(), last_.end(), row, by_device);
    if (before != last_.end() && before->disk.device == row.disk.device) unwrap(*before, row);
    disks.push_back(row.disk);
  }
  last_.swap(next_);
}

}  // namespace benchd::host
