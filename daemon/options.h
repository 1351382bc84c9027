#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "collectors/runtimes/label_filter.h"
#include "collectors/tasks/rules/rule.h"
#include "daemon/control/socket.h"

namespace benchd::daemon {

/// Everything a user can set. One table (option_specs) gives each its name, default and parser; flags of `serve` and
/// the YAML file have the same names, the file nested at the dots. Durations are nanoseconds.
struct Options {
  std::string config_file = "/etc/benchd/benchd.yml";

  std::string web_listen_address = "127.0.0.1:10900";
  int64_t web_max_connections = 64;

  int64_t interval = base::kSecond;
  int64_t retention = 300 * base::kSecond;

  std::string storage_path = "/var/lib/benchd";
  std::string control_socket = kControlSocket;  ///< empty: none
  std::vector<std::string> workload_declare;    ///< as analysis::declared_workload understands them

  std::vector<rules::Rule> tasks;  ///< of the file only
  /// Upper bounds of the histograms of tasks' durations, ascending.
  std::vector<int64_t> tasks_buckets = {
      1'000'000,      2'000'000,      5'000'000,      10'000'000,      25'000'000,      50'000'000,
      100'000'000,    250'000'000,    500'000'000,    base::kSecond,   2'500'000'000,   5'000'000'000,
      10'000'000'000, 30'000'000'000, 60'000'000'000, 120'000'000'000, 300'000'000'000, 600'000'000'000};

  std::string log_level = "info";
  std::string log_format = "logfmt";

  bool collector_host = true;
  bool collector_kernel = true;
  bool collector_network = true;
  bool collector_runtimes = true;
  bool collector_tasks = true;
  int64_t percpu_max_series = 20'000;
  std::vector<std::string> cgroup_include;
  std::vector<std::string> runtimes_labels = runtimes::default_labels();

  std::string path_cgroupfs;  ///< empty: found
  std::string path_procfs = "/proc";
  std::string path_journal;  ///< empty: this host's
  std::string path_sysfs = "/sys";
  std::vector<std::string> docker_sockets = {"/run/docker.sock", "/var/run/docker.sock"};
  std::vector<std::string> podman_sockets = {"/run/podman/podman.sock", "/var/run/podman/podman.sock"};
  std::string docker_root = "/var/lib/docker";
  std::vector<std::string> container_storages = {"/var/lib/containers/storage"};
  std::string runtimes_users = "/run/user";

  friend bool operator==(const Options&, const Options&) = default;
};

/// What a failed setting says: what was found is added by the caller, this is what would have been allowed.
using Allowed = std::string;

struct OptionSpec {
  std::string_view name;     ///< "web.listen-address"
  std::string_view example;  ///< shown by --help as the value: "HOST:PORT"
  std::string_view help;
  std::string_view initial;  ///< the default as a user would write it; several values separated by blanks
  bool repeatable;           ///< several values; giving any replaces the default ones
  /// Sets the option from its text values; on failure the options are unchanged and what is allowed is returned.
  std::function<base::Result<base::Done>(Options&, std::span<const std::string>)> set;
};

/// A switch (`--NAME`, `--no-NAME`, in the file true or false) is set from "true" or "false" like any other option.
bool is_switch(const OptionSpec& spec);

std::span<const OptionSpec> option_specs();

/// "50ms", "1s", "5m", "1h"; a number needs its unit. Nanoseconds.
base::Result<int64_t> parse_duration(std::string_view text);

/// One value for one option, in the order given: of the command line, or of the file.
struct Setting {
  std::string name;
  std::vector<std::string> values;
  std::string origin;  ///< "benchd.yml:3" or "command line"
};

/// Applies settings to `options`. The Error names origin, key, what was found and what is allowed.
base::Result<base::Done> apply_settings(std::span<const Setting> settings, Options& options);

}  // namespace benchd::daemon
