#include <string>

#include "exporters/prometheus/catalogue.h"

namespace benchd::exposition {
namespace {

constexpr const char* kIntroduction = R"(# Metrics

Made by `benchd metrics`; a test keeps it equal to what benchd exports.

- A value that the kernel or the runtime does not give is an absent series, never 0. A limit of benchd's own families is
  +Inf where there is none.
- Families of containers begin with the labels `id` (the cgroup's path) and `name`. Those under cAdvisor's names also
  have `image` and, for each label that `--runtimes.labels` lets through, `container_label_…`.
- *Lasting* families also show finished containers, for `--retention`: counters, peaks, and facts that cannot change any
  more. The others vanish when the container ends.
- Series have no time stamps.
)";

constexpr const char* kDifferences = R"(
Names, labels and units are cAdvisor's, so that dashboards work as they are. The values differ where cAdvisor's are wrong
or missing on cgroup v2:

- `container_cpu_usage_seconds_total` is there from 0 on, not from the first CPU time.
- `container_cpu_cfs_…` are there without a quota of the container's own too: a parent's may throttle it.
- `container_memory_failcnt` and `container_memory_kernel_usage` are real, not 0. The former is untyped: a counter's name
  must end with `_total`.
- `container_memory_failures_total` has the one scope that the kernel counts, not one value under two.
- `container_oom_events_total` comes from the container's memory.events, not from the kernel's log.
- `container_spec_cpu_shares` inverts the conversion of runc since 1.3.2 and crun since 1.23, in which 1024
  shares are weight 100; of older runtimes it is too low. `benchd_container_cpu_weight` is exact.
- `container_spec_memory_reservation_limit_bytes` is memory.low, where runtimes put it;
  `container_spec_memory_swap_limit_bytes` is memory and swap together, as its name meant on cgroup v1.
- `container_fs_…` are the container's own IO, never the whole disk's.
- `container_last_seen` is the time of the last good reading, not of the scrape, and ends with the container.
- `container_health_state` is absent where no runtime has told about the container.
)";

constexpr const char* kWorkloads = R"(
A workload is what outlives containers: the variant of an experiment (labels `benchd.experiment` and `benchd.variant`),
or what label `benchd.workload` says, else Compose's `project/service`, else the image as given, else `unknown`; of a
cgroup that `--collector.cgroup.include` names, its path. Labels: `workload`, `experiment`, `variant`.

- The counters are of all its containers, the finished and the running, and are kept in the ledger below
  `--storage.path`: they go on after a restart of benchd or of the host. Without a ledger they are absent.
- A workload that becomes known while benchd runs shows 0 until a scrape has had it (two minutes at most), so that
  `increase()` misses nothing; `--workload.declare` shows it before its first run.
- A container whose name does not come within 10 s of its end is charged to `unknown`.
)";

constexpr const char* kTableHead =
    "\n| name | type | labels | unit | lasting | source | meaning |\n|---|---|---|---|---|---|---|\n";

std::string cell(std::string_view text) {
  std::string out = " ";
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out + " |";
}

std::string code(std::string_view text) {
  return text.empty() ? "" : "`" + std::string(text) + "`";
}

void append_table(std::string& out, const char* title, const char* text, Subject subject) {
  out.append("\n## ").append(title).append("\n").append(text).append(kTableHead);
  for (const Family& family : catalogue()) {
    const Subject listed = family.subject == Subject::Info ? Subject::Container : family.subject;
    if (listed != subject) continue;
    out.append("|")
        .append(cell(code(family.name)))
        .append(cell(name_of(family.type)))
        .append(cell(family.labels))
        .append(cell(unit_of(family)))
        .append(cell(family.lasting ? "yes" : ""))
        .append(cell(family.source))
        .append(cell(meaning_of(family)))
        .append("\n");
  }
}

}  // namespace

std::string catalogue_document() {
  std::string out = kIntroduction;
  append_table(out, "Containers, under cAdvisor's names", kDifferences, Subject::DropIn);
  append_table(out, "Containers, benchd's own", "", Subject::Container);
  append_table(out, "Workloads", kWorkloads, Subject::Workload);
  append_table(out, "Host, and benchd's readings", "", Subject::Host);
  return out;
}

}  // namespace benchd::exposition
