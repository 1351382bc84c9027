#include "daemon/campaign/measure/quota_watch.h"

#include <filesystem>
#include <string>
#include <system_error>

#include <fcntl.h>

#include "base/file.h"
#include "collectors/cgroup/parse.h"

namespace benchd::campaign {
namespace {

std::optional<uint64_t> throttled_in(std::string_view stat) {
  model::FieldValues values;
  cgroup::parse_fields(model::File::CpuStat, stat, values);
  return values.get(model::Field::CpuThrottled);
}

}  // namespace

void QuotaWatch::open(const RunCgroup& parent) {
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator it(parent.path(), error), end; !error && it != end;
       it.increment(error)) {
    if (!it->is_directory(error)) continue;
    const auto quota = base::read_text(it->path() / "cpu.max");
    if (!quota.ok() || quota->starts_with("max")) continue;
    if (auto stat = base::open_file(AT_FDCWD, (it->path() / "cpu.stat").c_str()); stat.ok())
      stats_.push_back(*std::move(stat));
  }
}

std::optional<uint64_t> QuotaWatch::throttled_usec() const {
  std::optional<uint64_t> sum;
  base::ReadBuffer buffer(4096);
  for (const base::Fd& stat : stats_) {
    const auto throttled = throttled_in(base::read_fd(stat.get(), buffer).text);
    if (!throttled) return std::nullopt;
    sum = sum.value_or(0) + *throttled;
  }
  return sum;
}

}  // namespace benchd::campaign
