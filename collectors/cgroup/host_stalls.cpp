#include "collectors/cgroup/host_stalls.h"

#include <utility>

#include <fcntl.h>

#include "collectors/cgroup/parse.h"

namespace benchd::cgroup {
namespace {

/// "some", which "full" is a part of.
constexpr std::array kTotals{model::Field::IoPressureSome, model::Field::MemoryPressureSome};
constexpr std::array kNames{"/io", "/memory"};
static_assert(kTotals.size() == kStallFiles.size() && kNames.size() == kStallFiles.size());

}  // namespace

HostStalls::HostStalls(const std::string& directory) {
  for (size_t i = 0; i < files_.size(); ++i) {
    if (auto file = base::open_file(AT_FDCWD, (directory + kNames[i]).c_str())) files_[i] = std::move(*file);
  }
}

void HostStalls::look(base::ReadBuffer& buffer) {
  for (size_t i = 0; i < files_.size(); ++i) {
    model::FieldValues values;
    if (const base::FileText text = base::read_fd(files_[i].get(), buffer); text.ok())
      parse_fields(kStallFiles[i], text.text, values);
    const auto total = values.get(kTotals[i]);
    if (!total)
      turns_[i] = 0;
    else if (total != totals_[i])
      turns_[i] = ++newest_;
    totals_[i] = total;
  }
}

}  // namespace benchd::cgroup
