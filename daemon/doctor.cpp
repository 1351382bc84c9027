#include "daemon/doctor.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "collectors/cgroup/mount.h"
#include "collectors/host/host_collector.h"
#include "collectors/kernel/thread_estimator.h"
#include "collectors/kernel/unavailable.h"
#include "daemon/ask_daemon.h"
#include "daemon/open_files.h"

namespace benchd::daemon {
namespace {

constexpr int kPatienceMilliseconds = 2000;

Finding bad(const model::State& state) {
  return {.subject = state.subject, .found = state.found, .cost = state.cost, .cure = state.cure};
}

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out.empty() ? "none" : out;
}

Finding kernel() {
  utsname name{};
  ::uname(&name);
  return {.subject = "kernel", .good = true, .found = std::string(name.release) + " " + name.machine};
}

void cgroups(const Options& options, Diagnosis& diagnosis) {
  const auto mount = cgroup::find_mount({.proc = options.path_procfs, .given_root = options.path_cgroupfs});
  if (!mount.ok()) {
    diagnosis.findings.push_back({.subject = "cgroup2",
                                  .found = mount.error().message(),
                                  .cost = "benchd cannot run",
                                  .cure = "mount -t cgroup2 none /sys/fs/cgroup"});
    return;
  }
  diagnosis.cgroup_mount = mount->path;
  diagnosis.findings.push_back({.subject = "cgroup2",
                                .good = true,
                                .found = fmt::format("{} ({}), controllers: {}", mount->path,
                                                     mount->unified ? "unified" : "hybrid", join(mount->controllers))});
  for (const model::State& state : cgroup::missing_in(*mount, cgroup::controllers_by_libcgroup())) {
    diagnosis.findings.push_back(bad(state));
  }
}

Finding watches(const std::string& proc) {
  const auto limit = base::read_text(proc + "/sys/fs/inotify/max_user_watches");
  const auto watches = limit.ok() ? base::parse_integer(base::trim(*limit)) : std::nullopt;
  constexpr uint64_t kEnough = 8192;
  Finding finding{.subject = "inotify", .good = watches.value_or(0) >= kEnough};
  finding.found = watches ? fmt::format("{} watches for each user", *watches) : "no limit to be read";
  if (!finding.good) {
    finding.cost = "a new container may be seen up to 2 s late where there are more cgroups than watches";
    finding.cure = "sysctl fs.inotify.max_user_watches=65536";
  }
  return finding;
}

Finding kernel_programs(base::Door& door, const std::string& proc) {
  const auto handles = door.kernel();
  if (!handles.ok()) {
    const auto estimator = kernel::ThreadEstimator::make(proc, {});
    return bad(kernel::unavailable(handles.error(), estimator.ok() ? nullptr : &estimator.error()));
  }
  if (!kernel::sees_all_threads()) return bad(kernel::hidden_threads());
  return {.subject = "kernel programs",
          .good = true,
          .found = fmt::format("load and attach; time per cpu of up to {} containers{}", handles->rows / 2,
                               handles->knows_disk_waits ? "" : "; kernel.task_delayacct is 0: no waits for disks")};
}

Finding open_files() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  constexpr rlim_t kEnough = 16384;
  Finding finding{.subject = "open files", .good = limit.rlim_max >= kEnough};
  finding.found = fmt::format("at most {}", limit.rlim_max);
  if (!finding.good) {
    finding.cost = enough_open_files(limit.rlim_max).ok()
                       ? "files of many containers are opened anew for each reading: three times the cost"
                       : "benchd does not start";
    finding.cure = "ulimit -n 65536, or LimitNOFILE=65536 in the service";
  }
  return finding;
}

Finding storage(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path();
  const bool is_there = ::access(path.c_str(), F_OK) == 0;
  Finding finding{.subject = "ledger", .found = path + " may be written to"};
  finding.good = ::access(is_there ? path.c_str() : parent.c_str(), W_OK) == 0;  // the last part of it is made
  if (!finding.good) {
    finding.found = base::errno_error("write to " + path).message();
    finding.cost = "no workload counters";
    finding.cure = "let benchd's user write there, or give a --storage.path where it may";
  }
  return finding;
}

/// The first bytes of an engine's answer to /version; an Error if they do not come in time.
base::Result<std::string> ask(base::Door& door, base::EngineId engine) {
  auto fd = door.engine_request(engine, "/version");
  if (!fd.ok()) return fd.error();
  pollfd wait{.fd = fd->get(), .events = POLLIN, .revents = 0};
  if (::poll(&wait, 1, kPatienceMilliseconds) <= 0) return base::Error{.attempt = "it does not answer"};
  char text[16] = {};
  const ssize_t got = ::read(fd->get(), text, sizeof text - 1);
  if (got <= 0) return base::errno_error("read its answer");
  return std::string(text, static_cast<size_t>(got));
}

void engines(base::Door& door, std::vector<Finding>& findings) {
  const auto present = door.engines();
  for (const base::EngineId& id : present) {
    std::string subject = id.engine == base::Engine::Docker ? "docker" : "podman";
    if (id.owner != 0) subject += fmt::format(" of user {}", id.owner);
    const auto answer = ask(door, id);
    const bool good = answer.ok() && answer->starts_with("HTTP/1.1 200");
    Finding finding{.subject = subject, .good = good, .found = "its API answers"};
    if (!good) {
      finding.found = answer.ok() ? "its API answers with an error" : answer.error().message();
      finding.cost = "names, images and exit codes come late or not at all";
      finding.cure = answer.ok() ? "" : "run benchd in the engine's group, or start the engine";
    }
    findings.push_back(std::move(finding));
  }
  if (present.empty()) {
    findings.push_back({.subject = "engines",
                        .found = "no API socket of Docker or podman",
                        .cost = "containers of theirs, if any, are shown by their cgroup, without name and image",
                        .cure = "systemctl start docker, or systemctl start podman.socket"});
  }
}

/// Where this host's engines keep their logs. Folders that are not there need nobody's right.
void logs(base::Door& door, std::vector<Finding>& findings) {
  struct Home {
    base::LogHome home;
    const char* subject;
    const char* cost;
  };
  constexpr Home kHomes[] = {
      {base::LogHome::Docker, "docker's logs",
       "the engine is asked for each log and copies every line; of a container removed at once the last lines may be "
       "lost"},
      {base::LogHome::Pod, "pods' logs", "tasks in the logs of Kubernetes' containers are not counted"}};
  for (const Home& it : kHomes) {
    const auto folder = door.open_log_folder({.home = it.home, .name = "", .cgroup = ""});
    if (folder.ok()) {
      findings.push_back({.subject = it.subject, .good = true, .found = "their files can be read"});
    } else if (folder.error().code == EACCES || folder.error().code == EPERM) {
      findings.push_back({.subject = it.subject,
                          .found = folder.error().message(),
                          .cost = it.cost,
                          .cure = "the drop-in 20-logs.conf: AmbientCapabilities=CAP_DAC_READ_SEARCH in the service"});
    }
  }
}

using Json = nlohmann::json;

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

uint64_t number_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
}

/// The objects of the list `key` in the daemon's answer.
base::Result<std::vector<Json>> list_of(const Options& options, const char* target, const char* key) {
  const auto answer = ask_daemon(options.web_listen_address, target, std::chrono::milliseconds(kPatienceMilliseconds));
  if (!answer.ok()) return answer.error();
  const Json json = Json::parse(*answer, nullptr, false);
  const auto list = json.is_object() ? json.find(key) : json.end();
  if (!json.is_object() || list == json.end() || !list->is_array())
    return base::Error{.attempt = "what answers at " + options.web_listen_address + " is no benchd, or an older one"};
  return std::vector<Json>(list->begin(), list->end());
}

}  // namespace

std::optional<Finding> finding_of(const model::RuleUse& rule) {
  if (rule.lines > 0) return std::nullopt;
  Finding finding{.subject = "rule " + rule.rule, .cost = "it counts no task"};
  if (rule.logs_ever == 0) {
    finding.found = rule.origin + ": it is for no log that was there since benchd began";
    finding.cure = "compare its containers, image, label or files with the names on benchd's page";
  } else {
    finding.found = fmt::format("{}: it takes no line of the {} that it is for", rule.origin,
                                rule.logs_ever == 1 ? "log" : fmt::format("{} logs", rule.logs_ever));
    finding.cure = "look at /api/v1/tasks/unmatched, and try it with benchd rules test";
  }
  return finding;
}

void ask_running(const Options& options, Diagnosis& diagnosis) {
  const auto states = list_of(options, "/api/v1/states", "states");
  const auto rules = states.ok() ? list_of(options, "/api/v1/tasks/rules", "rules") : states;
  if (!rules.ok()) {
    diagnosis.findings.push_back({.subject = "running benchd",
                                  .found = rules.error().message(),
                                  .cost = "logs that it cannot read and rules that match nothing are not listed here",
                                  .cure = "start it, or give doctor its --web.listen-address or --config.file"});
    return;
  }
  diagnosis.findings.push_back(
      {.subject = "running benchd", .good = true, .found = "answers at " + options.web_listen_address});
  for (const Json& it : *states) {
    Finding finding{.subject = text_of(it, "subject"),
                    .found = text_of(it, "found"),
                    .cost = text_of(it, "cost"),
                    .cure = text_of(it, "cure")};
    const bool is_known = std::any_of(diagnosis.findings.begin(), diagnosis.findings.end(), [&](const Finding& other) {
      return !other.good && other.subject == finding.subject;
    });
    if (!is_known) diagnosis.findings.push_back(std::move(finding));
  }
  for (const Json& it : *rules) {
    auto finding = finding_of({.rule = text_of(it, "rule"),
                               .origin = text_of(it, "origin"),
                               .logs_ever = number_of(it, "logs_ever"),
                               .lines = number_of(it, "lines")});
    if (finding) diagnosis.findings.push_back(*std::move(finding));
  }
}

Diagnosis diagnose(const Options& options, base::Door& door) {
  Diagnosis diagnosis;
  diagnosis.findings.push_back(kernel());
  cgroups(options, diagnosis);
  diagnosis.findings.push_back(watches(options.path_procfs));
  diagnosis.findings.push_back(open_files());
  if (options.collector_kernel) diagnosis.findings.push_back(kernel_programs(door, options.path_procfs));
  diagnosis.findings.push_back(storage(options.storage_path));
  if (options.collector_runtimes) engines(door, diagnosis.findings);
  if (options.collector_tasks) logs(door, diagnosis.findings);
  if (options.collector_host) {
    host::HostCollector host({.proc = options.path_procfs, .sys = options.path_sysfs});
    model::HostReading reading;
    host.read(base::now(), reading);
    for (const model::State& state : host.states()) diagnosis.findings.push_back(bad(state));
  }
  return diagnosis;
}

std::string format_text(const Diagnosis& diagnosis) {
  std::string out;
  for (const Finding& finding : diagnosis.findings) {
    if (finding.good) out += fmt::format("  found    {:<20} {}\n", finding.subject, finding.found);
  }
  for (const Finding& finding : diagnosis.findings) {
    if (finding.good) continue;
    out += fmt::format("  missing  {:<20} {}\n", finding.subject, finding.found);
    out += fmt::format("           {:<20} costs you: {}\n", "", finding.cost);
    if (!finding.cure.empty()) out += fmt::format("           {:<20} to mend:   {}\n", "", finding.cure);
  }
  return out;
}

std::string format_json(const Diagnosis& diagnosis) {
  Json findings = Json::array();
  for (const Finding& finding : diagnosis.findings) {
    findings.push_back({{"subject", finding.subject},
                        {"good", finding.good},
                        {"found", finding.found},
                        {"cost", finding.cost},
                        {"cure", finding.cure}});
  }
  return Json{{"cgroup_mount", diagnosis.cgroup_mount}, {"findings", findings}}.dump(
      -1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace benchd::daemon
