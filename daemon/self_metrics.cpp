#include "daemon/self_metrics.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

namespace benchd::daemon {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

using Labels = std::vector<ClientMetric::Label>;

/// Adds one family at a time; the samples of it follow.
class Families {
 public:
  Families& counter(const char* name, const char* help) { return family(name, help, MetricType::Counter); }
  Families& gauge(const char* name, const char* help) { return family(name, help, MetricType::Gauge); }

  Families& add(double value, Labels labels = {}) {
    ClientMetric metric;
    metric.label = std::move(labels);
    if (all.back().type == MetricType::Counter) {
      metric.counter.value = value;
    } else {
      metric.gauge.value = value;
    }
    all.back().metric.push_back(std::move(metric));
    return *this;
  }
  Families& add(uint64_t value, Labels labels = {}) { return add(static_cast<double>(value), std::move(labels)); }

  std::vector<MetricFamily> all;

 private:
  Families& family(const char* name, const char* help, MetricType type) {
    all.push_back({.name = name, .help = help, .type = type, .metric = {}});
    return *this;
  }
};

double seconds(int64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / base::kSecond;
}

void by_file(Families& families, const std::array<uint64_t, model::kFileCount>& counts) {
  for (const model::FileSpec& spec : model::kFiles) {
    families.add(counts[static_cast<size_t>(spec.file)], {{"file", std::string(spec.name)}});
  }
}

/// Rules of one name are one, as in the counters of tasks.
void by_rule(Families& families, const std::vector<model::RuleUse>& uses) {
  std::map<std::string, model::RuleUse> rules;
  for (const model::RuleUse& use : uses) {
    model::RuleUse& rule = rules[use.rule];
    rule.logs += use.logs;
    rule.lines += use.lines;
  }
  families.gauge("benchd_rule_logs", "Logs that are read and that this rule of the configuration is for.");
  for (const auto& [name, rule] : rules) families.add(rule.logs, {{"rule", name}});
  families.counter("benchd_rule_lines_total", "Lines that this rule of the configuration took.");
  for (const auto& [name, rule] : rules) families.add(rule.lines, {{"rule", name}});
}

/// Linux 6.2 and later say the number as the directory's size; before, it takes a walk, with a kept fd per hot file a
/// long one.
uint64_t open_fds(const std::string& directory) {
  struct stat status {};
  if (::stat(directory.c_str(), &status) == 0 && status.st_size > 0) return static_cast<uint64_t>(status.st_size);
  std::error_code error;
  uint64_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory, error)) ++count;
  return count;
}

}  // namespace

ProcessUse process_use(const std::string& proc, int64_t wall_offset) {
  ProcessUse use;
  const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  if (const auto stat = base::read_text(proc + "/self/stat"); stat.ok()) {
    // proc(5): the fields after the command in parentheses, which may hold anything; the first of them is number 3.
    std::string_view rest = *stat;
    rest.remove_prefix(std::min(rest.size(), rest.rfind(") ") + 2));
    for (int field = 3; !rest.empty(); ++field) {
      const uint64_t value = base::parse_integer(base::trim(base::cut(rest, ' '))).value_or(0);
      if (field == 14 || field == 15) use.cpu_seconds += static_cast<double>(value) / ticks;
      if (field == 22) use.start_time = static_cast<double>(value) / ticks + seconds(wall_offset);
      if (field == 23) use.virtual_bytes = value;
      if (field == 24) use.resident_bytes = value * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
    }
  }
  use.open_fds = open_fds(proc + "/self/fd");
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) use.max_fds = limit.rlim_cur;
  return use;
}

std::vector<MetricFamily> self_families(const SelfCounts& counts, const ProcessUse& process, const http::Stats& web,
                                        const LogCounts& log) {
  Families out;
  out.gauge("benchd_build_info", "Which benchd this is; the value is always 1.")
      .add(1.0, {{"version", BENCHD_VERSION}, {"compiler", "g++ " __VERSION__}});

  out.counter("benchd_snapshots_total", "Readings of all containers that were taken.").add(counts.sampler.readings);
  out.counter("benchd_ticks_skipped_total", "Ticks that passed while an earlier reading was still running.")
      .add(counts.skipped_ticks);
  out.counter("benchd_scrapes_stale_total", "Scrapes answered with an old reading, for want of a new one within 1 s.")
      .add(counts.stale_scrapes);

  out.gauge("benchd_containers", "Containers known, by state.")
      .add(counts.sampler.running, {{"state", "running"}})
      .add(counts.sampler.finished, {{"state", "finished"}});
  out.counter("benchd_containers_started_total", "Containers that appeared.").add(counts.sampler.started);
  out.counter("benchd_containers_ended_total", "Containers that ended.").add(counts.sampler.ended);
  out.counter("benchd_containers_seen_dead_only_total",
              "Containers that were gone before they could be looked at: shown by what the kernel last had of them.")
      .add(counts.sampler.seen_dead_only);
  out.counter("benchd_containers_finished_dropped_total",
              "Finished containers forgotten before their retention time, for want of room.")
      .add(counts.sampler.finished_dropped);

  out.gauge("benchd_cgroup_directories", "Directories of the cgroup tree known.").add(counts.tree.cgroups);
  out.gauge("benchd_cgroup_directories_unwatched", "Directories that no inotify watch could be had for.")
      .add(counts.tree.unwatched);
  out.counter("benchd_cgroup_events_total", "Events taken from the cgroup tree's inotify queue.")
      .add(counts.tree.events);
  out.counter("benchd_cgroup_event_overflows_total", "Times that queue was full; each costs one full sweep.")
      .add(counts.tree.overflows);
  out.counter("benchd_cgroup_found_by_sweep_total", "Starts and ends of cgroups that no event had told.")
      .add(counts.tree.found_by_sweep);
  out.counter("benchd_cgroup_missed_total",
              "Containers whose cgroup was gone before it could be looked at; where the kernel mode is exact they are "
              "shown all "
              "the same.")
      .add(counts.tree.missed);
  out.gauge("benchd_cgroup_kept_fds", "Files of containers kept open between readings.").add(counts.kept_fds);
  by_file(out.counter("benchd_cgroup_reads_total", "Reads of cgroup files."), counts.files.reads);
  by_file(out.counter("benchd_cgroup_read_errors_total", "Reads that failed, other than for a file that is not there."),
          counts.files.errors);
  by_file(out.counter("benchd_cgroup_malformed_total", "Rows and values that were not understood, and left out."),
          counts.files.malformed);
  by_file(out.counter("benchd_final_incomplete_total",
                      "Containers whose file was gone before its last reading: it shows what the last tick saw."),
          counts.files.final_incomplete);

  out.gauge("benchd_kernel_cgroups", "Cgroups that the kernel programs know.").add(counts.kernel.cgroups);
  out.counter("benchd_kernel_cgroups_removed_total", "Removed cgroups whose last values the kernel programs told.")
      .add(counts.kernel.removed);
  out.counter(
         "benchd_kernel_losses_total",
         "What the kernel programs had no room for: notices (the cgroup is found later), finals of cgroups, charges "
         "of threads.")
      .add(counts.kernel.notices_lost, {{"kind", "notice"}})
      .add(counts.kernel.finals_lost, {{"kind", "final"}})
      .add(counts.kernel.threads_lost, {{"kind", "thread"}});
  out.counter("benchd_estimate_looks_total",
              "Looks at single threads, where time per cpu and thread states are estimated.")
      .add(counts.estimator.looks);
  out.counter("benchd_estimate_losses_total",
              "Threads whose time is not in the estimates: ended (what they did since the last look is missed), "
              "unreadable (a look that failed).")
      .add(counts.estimator.ended, {{"kind", "ended"}})
      .add(counts.estimator.unreadable, {{"kind", "unreadable"}});

  out.counter("benchd_runtimes_events_total", "Events read from Docker's and podman's streams.")
      .add(counts.runtimes.events);
  out.counter("benchd_runtimes_requests_total", "Requests sent to engines.").add(counts.runtimes.requests);
  out.counter("benchd_runtimes_errors_total", "Requests, streams and bundle files that failed.")
      .add(counts.runtimes.errors);
  out.counter("benchd_runtimes_dropped_total",
              "Containers whose name came before their cgroup was seen, and was forgotten for want of room.")
      .add(counts.runtimes.dropped);

  out.counter("benchd_ledger_commits_total", "Transactions that the ledger took.").add(counts.workloads.commits);
  out.counter("benchd_ledger_errors_total",
              "Transactions that it did not take, for want of room say; workload counters stand still then.")
      .add(counts.workloads.errors);
  out.counter("benchd_ledger_commit_seconds_total", "Time spent in them, taken or not.")
      .add(seconds(counts.workloads.commit_ns));
  out.counter("benchd_ledger_refused_runs_total",
              "Runs and campaigns not taken because the ledger has others under the same name.")
      .add(counts.workloads.refused_runs + counts.refused_requests);
  out.counter("benchd_workloads_forgotten_total",
              "Workloads forgotten, the longest unused first, to make room: 1,000 are kept.")
      .add(counts.workloads.forgotten);
  out.counter("benchd_workloads_crowded_out_total",
              "Containers charged to the workload unknown because each of the 1,000 had a container still.")
      .add(counts.workloads.crowded_out);

  if (!counts.rules.empty()) by_rule(out, counts.rules);

  out.gauge("benchd_http_open_connections", "Connections open now.").add(web.open_connections);
  out.counter("benchd_http_connections_total", "Connections accepted.").add(web.accepted);
  out.counter("benchd_http_connections_rejected_total", "Connections above the limit, answered with 503.")
      .add(web.rejected);
  out.counter("benchd_http_connections_displaced_total",
              "Connections that owed a request closed early, the longest first, to make room for new ones.")
      .add(web.displaced);
  out.counter("benchd_http_accept_failures_total", "Connections that could not be accepted, mostly for want of fds.")
      .add(web.accept_failures);
  out.counter("benchd_http_timeouts_total", "Connections closed because a client was too slow, or an answer.")
      .add(web.read_timeouts, {{"phase", "read"}})
      .add(web.answer_timeouts, {{"phase", "answer"}})
      .add(web.write_timeouts, {{"phase", "write"}});
  out.counter("benchd_http_faults_total", "Exceptions while serving: each cost one connection or answer.")
      .add(web.faults);
  out.counter("benchd_http_responses_total", "Answers sent, by status code.");
  for (const auto& [code, count] : web.responses) out.add(count, {{"code", std::to_string(code)}});

  out.counter("benchd_log_messages_total", "Messages logged that somebody should read.")
      .add(log.warnings, {{"level", "warn"}})
      .add(log.errors, {{"level", "error"}});
  out.gauge("benchd_config_last_reload_successful", "1 if the last reload of the configuration took effect.")
      .add(counts.last_reload_good ? 1.0 : 0.0);
  out.gauge("benchd_config_last_reload_success_timestamp_seconds", "When the configuration was last loaded.")
      .add(counts.last_reload_time);

  out.counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.").add(process.cpu_seconds);
  out.gauge("process_resident_memory_bytes", "Resident memory size in bytes.").add(process.resident_bytes);
  out.gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.").add(process.virtual_bytes);
  out.gauge("process_open_fds", "Number of open file descriptors.").add(process.open_fds);
  out.gauge("process_max_fds", "Maximum number of open file descriptors.").add(process.max_fds);
  out.gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.")
      .add(process.start_time);
  return std::move(out.all);
}

std::vector<MetricFamily> each_self_family() {
  SelfCounts counts;
  counts.rules.resize(1);
  return self_families(counts, {}, {.responses = {{200, 0}}}, {});
}

std::string self_document() {
  std::string out = "\n## What benchd counts about itself\n\n| name | type | labels | meaning |\n|---|---|---|---|\n";
  for (const MetricFamily& family : each_self_family()) {
    std::string labels;
    for (const auto& label : family.metric.front().label) labels += (labels.empty() ? "" : ", ") + label.name;
    out += fmt::format("| `{}` | {} | {} | {} |\n", family.name,
                       family.type == MetricType::Counter ? "counter" : "gauge", labels, family.help);
  }
  return out;
}

}  // namespace benchd::daemon
