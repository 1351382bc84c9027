#include "daemon/options.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "analysis/workload.h"
#include "base/text.h"

namespace benchd::daemon {
namespace {

using base::Done;
using base::Error;
using base::Result;
using Values = std::span<const std::string>;

Error allowed(std::string text) {
  return {.attempt = std::move(text)};
}

auto text(std::string Options::*member) {
  return [member](Options& options, Values values) -> Result<Done> {
    if (values[0].empty()) return allowed("a value that is not empty");
    options.*member = values[0];
    return Done{};
  };
}

auto text_or_nothing(std::string Options::*member) {
  return [member](Options& options, Values values) -> Result<Done> {
    options.*member = values[0];
    return Done{};
  };
}

auto texts(std::vector<std::string> Options::*member) {
  return [member](Options& options, Values values) -> Result<Done> {
    options.*member = {values.begin(), values.end()};
    return Done{};
  };
}

auto one_of(std::string Options::*member, std::vector<std::string> choices) {
  return [member, choices = std::move(choices)](Options& options, Values values) -> Result<Done> {
    if (std::find(choices.begin(), choices.end(), values[0]) == choices.end())
      return allowed(fmt::format("one of {}", fmt::join(choices, ", ")));
    options.*member = values[0];
    return Done{};
  };
}

auto duration(int64_t Options::*member, const char* range, int64_t least, int64_t most) {
  return [=](Options& options, Values values) -> Result<Done> {
    const Result<int64_t> value = parse_duration(values[0]);
    if (!value.ok()) return allowed(value.error().attempt);
    if (*value < least || *value > most) return allowed(range);
    options.*member = *value;
    return Done{};
  };
}

auto number(int64_t Options::*member, int64_t least, int64_t most) {
  return [=](Options& options, Values values) -> Result<Done> {
    const auto value = base::parse_integer<int64_t>(values[0]);
    if (!value || *value < least || *value > most) {
      return allowed("a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    }
    options.*member = *value;
    return Done{};
  };
}

auto on_off(bool Options::*member) {
  return [member](Options& options, Values values) -> Result<Done> {
    if (values[0] != "true" && values[0] != "false") return allowed("true or false");
    options.*member = values[0] == "true";
    return Done{};
  };
}

auto workloads() {
  return [](Options& options, Values values) -> Result<Done> {
    for (const std::string& value : values) {
      if (const auto workload = analysis::declared_workload(value); !workload.ok()) return workload.error();
    }
    options.workload_declare = {values.begin(), values.end()};
    return Done{};
  };
}

constexpr const char* kDefaultBuckets =
    "1ms 2ms 5ms 10ms 25ms 50ms 100ms 250ms 500ms 1s 2500ms 5s 10s 30s 60s 120s 300s 600s";

Result<std::vector<int64_t>> parse_buckets(Values values) {
  std::vector<int64_t> bounds;
  for (const std::string& value : values) {
    const Result<int64_t> bound = parse_duration(value);
    if (!bound.ok()) return bound.error();
    if (*bound <= 0 || (!bounds.empty() && *bound <= bounds.back())) return allowed("durations above 0, ascending");
    bounds.push_back(*bound);
  }
  if (bounds.size() > 100) return allowed("at most 100 durations");
  return bounds;
}

auto buckets() {
  return [](Options& options, Values values) -> Result<Done> {
    Result<std::vector<int64_t>> bounds = parse_buckets(values);
    if (!bounds.ok()) return bounds.error();
    options.tasks_buckets = *std::move(bounds);
    return Done{};
  };
}

auto listen_address() {
  return [](Options& options, Values values) -> Result<Done> {
    const std::string& address = values[0];
    const size_t colon = address.rfind(':');
    if (colon == std::string::npos || !base::parse_integer<uint16_t>(address.substr(colon + 1))) {
      return allowed("HOST:PORT, [IPV6]:PORT or :PORT");
    }
    options.web_listen_address = address;
    return Done{};
  };
}

}  // namespace

std::span<const OptionSpec> option_specs() {
  using base::kMillisecond;
  using base::kSecond;
  static const auto specs = std::to_array<OptionSpec>({
      {"web.listen-address", "HOST:PORT", "where /metrics and the pages are served", "127.0.0.1:10900", false,
       listen_address()},
      {"web.max-connections", "N",
       "connections at once, at most an eighth of the open files allowed; further ones get 503", "64", false,
       number(&Options::web_max_connections, 1, 10'000)},
      {"interval", "DURATION", "time between readings; a scrape asks for one in between", "1s", false,
       duration(&Options::interval, "50ms to 60s", 50 * kMillisecond, 60 * kSecond)},
      {"retention", "DURATION", "how long a finished container's counters stay", "5m", false,
       duration(&Options::retention, "0s to 24h", 0, 86'400 * kSecond)},
      {"storage.path", "PATH", "directory of the ledger, which keeps workload counters over restarts",
       "/var/lib/benchd", false, text(&Options::storage_path)},
      {"control.socket", "PATH", "unix socket on which campaigns of `benchd bench` are taken; empty: none",
       kControlSocket, false, text_or_nothing(&Options::control_socket)},
      {"workload.declare", "NAME",
       "workloads shown at 0 before their first run: an image, project/service, or experiment=E,variant=V", "", true,
       workloads()},
      {"collector.host", "BOOL", "the host's own CPUs, memory, disks, network, pressure", "true", false,
       on_off(&Options::collector_host)},
      {"collector.kernel", "BOOL", "time per cpu, thread states and exact ends of containers, by kernel programs (BPF)",
       "true", false, on_off(&Options::collector_kernel)},
      {"collector.percpu.max-series", "N", "above this, time per cpu is in the JSON only", "20000", false,
       number(&Options::percpu_max_series, 0, 10'000'000)},
      {"collector.network", "BOOL", "traffic of each container's network namespace", "true", false,
       on_off(&Options::collector_network)},
      {"collector.runtimes", "BOOL", "names, images and exit codes from Docker, podman, containerd, CRI-O", "true",
       false, on_off(&Options::collector_runtimes)},
      {"collector.cgroup.include", "GLOB", "cgroups that are no container but count as one; '*' also matches '/'", "",
       true, texts(&Options::cgroup_include)},
      {"collector.tasks", "BOOL", "tasks in the logs of containers and in files, where rules are for them", "true",
       false, on_off(&Options::collector_tasks)},
      {"histogram.buckets", "DURATION", "upper bounds of the histograms of tasks' durations, ascending",
       kDefaultBuckets, true, buckets()},
      {"runtimes.labels", "GLOB", "container labels that become labels of benchd_container_info",
       "com.docker.compose.project com.docker.compose.service benchd.*", true, texts(&Options::runtimes_labels)},
      {"runtimes.docker.socket", "PATH", "Docker's API socket; of several the first that is there",
       "/run/docker.sock /var/run/docker.sock", true, texts(&Options::docker_sockets)},
      {"runtimes.docker.root", "PATH", "Docker's data directory, read where the socket does not answer",
       "/var/lib/docker", false, text(&Options::docker_root)},
      {"runtimes.podman.socket", "PATH", "podman's API socket; of several the first that is there",
       "/run/podman/podman.sock /var/run/podman/podman.sock", true, texts(&Options::podman_sockets)},
      {"runtimes.podman.storage", "PATH",
       "graphroot of podman and CRI-O, with their containers' logs and bundles; of several the first that has it",
       "/var/lib/containers/storage", true, texts(&Options::container_storages)},
      {"runtimes.users", "PATH", "where rootless engines have their sockets, below their user's id", "/run/user", false,
       text(&Options::runtimes_users)},
      {"path.cgroupfs", "PATH", "the cgroup2 mount, where it is not to be searched for", "", false,
       text(&Options::path_cgroupfs)},
      {"path.journal", "PATH", "a directory of journal files; empty: this host's journal", "", false,
       text(&Options::path_journal)},
      {"path.procfs", "PATH", "the proc mount", "/proc", false, text(&Options::path_procfs)},
      {"path.sysfs", "PATH", "the sysfs mount", "/sys", false, text(&Options::path_sysfs)},
      {"log.level", "LEVEL", "debug, info, warn or error", "info", false,
       one_of(&Options::log_level, {"debug", "info", "warn", "error"})},
      {"log.format", "FORMAT", "logfmt or json", "logfmt", false, one_of(&Options::log_format, {"logfmt", "json"})},
  });
  return specs;
}

bool is_switch(const OptionSpec& spec) {
  return spec.example == "BOOL";
}

Result<int64_t> parse_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    int64_t nanoseconds;
  };
  constexpr Unit kUnits[] = {
      {"ms", base::kMillisecond}, {"s", base::kSecond}, {"m", 60 * base::kSecond}, {"h", 3600 * base::kSecond}};
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto count = base::parse_integer<int64_t>(text.substr(0, digits));
  for (const Unit& unit : kUnits) {
    if (!count || text.substr(digits) != unit.name) continue;
    int64_t nanoseconds = 0;
    if (!__builtin_mul_overflow(*count, unit.nanoseconds, &nanoseconds)) return nanoseconds;
  }
  return allowed("a whole number with a unit: 50ms, 1s, 5m, 1h");
}

Result<Done> apply_settings(std::span<const Setting> settings, Options& options) {
  for (const Setting& setting : settings) {
    const auto specs = option_specs();
    const auto spec =
        std::find_if(specs.begin(), specs.end(), [&](const OptionSpec& s) { return s.name == setting.name; });
    if (spec == specs.end()) {
      std::string names;
      for (const OptionSpec& known : specs) names += (names.empty() ? "" : ", ") + std::string(known.name);
      return Error{.attempt = setting.origin + ": " + setting.name + ": unknown key; known are " + names};
    }
    const std::string found = base::quoted_list(setting.values);
    if (!spec->repeatable && setting.values.size() != 1) {
      return Error{.attempt = setting.origin + ": " + setting.name + ": found " + (found.empty() ? "nothing" : found) +
                              ", allowed is one value"};
    }
    const Result<Done> set = spec->set(options, setting.values);
    if (!set.ok()) {
      return Error{.attempt = setting.origin + ": " + setting.name + ": found " + found + ", allowed is " +
                              set.error().attempt};
    }
  }
  return Done{};
}

}  // namespace benchd::daemon
