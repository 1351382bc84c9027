#include "collectors/cgroup/io_counters.h"

#include <algorithm>

#include "collectors/cgroup/parse.h"

namespace benchd::cgroup {
namespace {

using model::DeviceIo;

DeviceIo sum(const DeviceIo& a, const DeviceIo& b) {
  return {.device = a.device,
          .read_bytes = a.read_bytes + b.read_bytes,
          .written_bytes = a.written_bytes + b.written_bytes,
          .discarded_bytes = a.discarded_bytes + b.discarded_bytes,
          .reads = a.reads + b.reads,
          .writes = a.writes + b.writes,
          .discards = a.discards + b.discards};
}

bool fell(const DeviceIo& now, const DeviceIo& last) {
  return now.read_bytes < last.read_bytes || now.written_bytes < last.written_bytes ||
         now.discarded_bytes < last.discarded_bytes || now.reads < last.reads || now.writes < last.writes ||
         now.discards < last.discards;
}

}  // namespace

size_t IoCounters::update(std::string_view text, std::vector<DeviceIo>& io) {
  const size_t faults = parse_io_stat(text, rows_);
  for (const DeviceIo& row : rows_) {
    auto known = std::ranges::lower_bound(known_, row.device, {}, [](const Known& k) { return k.last.device; });
    const auto at = known - known_.begin();
    if (known == known_.end() || known->last.device != row.device) {
      known = known_.insert(known, {.last = row, .base = {.device = row.device}});
      io.insert(io.begin() + at, row);
      continue;
    }
    if (fell(row, known->last)) known->base = sum(known->base, known->last);
    known->last = row;
    io[at] = sum(known->base, row);
  }
  return faults;
}

}  // namespace benchd::cgroup
