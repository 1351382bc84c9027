#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/host.h"

namespace benchd::host {

/// One line of /proc/diskstats (Documentation/admin-guide/iostats.rst): "MAJOR MINOR NAME" and 11 numbers, 4 more for
/// discards from 4.18, 2 more for flushes from 5.5. Sectors are of 512 bytes whatever the device's own.
std::optional<model::HostDisk> parse_disk_line(std::string_view line);

/// Keeps the times of disks from falling: the kernel prints their milliseconds as 32 bits (diskstats_show,
/// block/genhd.c), which wrap after 50 days of waiting, and summed over requests that is soon.
class Disks {
 public:
  /// Brings `disks` up to the text of /proc/diskstats, ascending by device. Left out: loop and RAM devices that never
  /// did anything, of which a host has a set from its boot on.
  void update(std::string_view diskstats, std::vector<model::HostDisk>& disks);

 private:
  static constexpr size_t kTimes = 6;
  struct Row {
    model::HostDisk disk;
    std::array<uint64_t, kTimes> raw{};     ///< as printed, ns
    std::array<uint64_t, kTimes> offset{};  ///< what wrapped so far, ns
  };

  static std::array<uint64_t*, kTimes> times_of(model::HostDisk& disk);
  static void unwrap(const Row& before, Row& now);

  std::vector<Row> last_;
  std::vector<Row> next_;  ///< kept for its memory
};

}  // namespace benchd::host
