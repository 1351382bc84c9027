#include "daemon/campaign/services.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/file.h"
#include "collectors/cgroup/parse.h"
#include "collectors/tasks/logs/engine_lines.h"
#include "daemon/campaign/attempt.h"
#include "daemon/campaign/cgroups/limits.h"
#include "daemon/campaign/engine/engine_json.h"

namespace benchd::campaign {
namespace {

using base::Done;
using base::Error;
using base::Fd;
using base::Result;

/// Between two attempts at `ready`.
constexpr int kPauseMs = 200;
constexpr size_t kLastLines = 3;

std::optional<uint64_t> cpu_usec(const RunCgroup& cgroup) {
  const auto text = base::read_text(cgroup.path() + "/cpu.stat");
  if (!text.ok()) return std::nullopt;
  model::FieldValues values;
  cgroup::parse_fields(model::File::CpuStat, *text, values);
  return values.get(model::Field::CpuUsage);
}

std::optional<uint64_t> memory_peak(const RunCgroup& cgroup) {
  const auto text = base::read_text(cgroup.path() + "/memory.peak");
  return text.ok() ? cgroup::parse_number(*text) : std::nullopt;
}

double seconds(uint64_t usec) {
  return static_cast<double>(usec) / 1e6;
}

/// "; it said: …" of the last lines of a container, or nothing.
std::string last_lines(const Engine& engine, const std::string& target) {
  const auto body =
      engine.ask("GET", fmt::format("{}/logs?stdout=1&stderr=1&timestamps=1&tail={}", target, kLastLines));
  if (!body.ok()) return {};
  std::string said;
  logs::EngineLines lines(
      [&](const model::LogLine& line) { said.append(said.empty() ? "" : " | ").append(line.text); });
  lines.take(*body);
  lines.flush();
  return said.empty() ? said : "; it said: " + said;
}

}  // namespace

Result<Services> Services::make(const Parts& parts) {
  Fd changes(::epoll_create1(EPOLL_CLOEXEC));
  if (!changes) return base::errno_error("make an epoll instance");
  Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return base::errno_error("open /dev/null");
  return Services(parts, std::move(changes), std::move(null));
}

Result<Done> Services::check() {
  for (const Service& service : parts_.services) {
    const Variant& variant = service.variant;
    const bool local = variant.kind == Variant::Kind::Local;
    auto checked = local ? check_limits(parts_.home, variant) : parts_.containers->check(variant);
    if (checked.ok() && local) {
      auto program = find_program(variant.command, variant.environment);
      if (program.ok())
        programs_.insert_or_assign(variant.name, *std::move(program));
      else
        checked = program.error();
    }
    if (checked.ok() && local && !service.ready.command.empty())
      if (const auto program = find_program(service.ready.command, variant.environment); !program.ok())
        checked = Error{program.error().code, "ready: " + program.error().attempt};
    if (!checked.ok()) return Error{checked.error().code, "service " + variant.name + ": " + checked.error().attempt};
  }
  return Done{};
}

Result<Done> Services::start() {
  for (const Service& service : parts_.services) {
    Up& up = up_.emplace_back();
    up.service = &service;
    auto started = service.variant.kind == Variant::Kind::Local ? start_local(up) : start_container(up);
    if (started.ok()) {
      epoll_event event{.events = EPOLLPRI, .data = {}};
      if (::epoll_ctl(changes_.get(), EPOLL_CTL_ADD, up.cgroup().events(), &event) != 0)
        started = base::errno_error("watch " + up.cgroup().path());
    }
    if (started.ok()) started = wait_until_ready(up);
    if (started.ok()) continue;
    Error error{started.error().code, "service " + service.variant.name + ": " + started.error().attempt};
    if (!up.own && !up.container) up_.pop_back();
    return error;
  }
  return Done{};
}

Result<Done> Services::start_local(Up& up) {
  const Variant& variant = up.service->variant;
  auto cgroup = parts_.home.make_run("service-" + variant.name);
  if (!cgroup.ok()) return cgroup.error();
  up.own.emplace(*std::move(cgroup));
  if (auto limited = limit(*up.own, parts_.home, variant); !limited.ok()) return limited;
  const int output = parts_.inherit_output ? -1 : null_.get();
  auto child = spawn(programs_.at(variant.name), {.cgroup = up.own->directory(),
                                                  .input = null_.get(),
                                                  .output = output,
                                                  .error = output,
                                                  .cpus = base::parse_cpu_list(variant.cpus).value_or(base::CpuSet())});
  if (!child.ok()) return child.error();
  up.child.emplace(*std::move(child));
  return Done{};
}

Result<Done> Services::start_container(Up& up) {
  const Variant& variant = up.service->variant;
  auto container = parts_.containers->create(
      variant, {.name = variant.name, .labels = {{"benchd.service", variant.name}}, .alias = variant.name});
  if (!container.ok()) return container.error();
  up.container.emplace(*std::move(container));
  const auto started = parts_.containers->engine().ask("POST", up.container->target() + "/start");
  return started.ok() ? Result<Done>(Done{}) : started.error();
}

Result<Done> Services::wait_until_ready(Up& up) {
  const Ready& ready = up.service->ready;
  const base::Instant deadline = base::now() + ready.timeout_ns;
  Result<Program> program = Program();
  if (up.own && !ready.command.empty()) program = find_program(ready.command, up.service->variant.environment);
  if (!program.ok()) return program.error();
  std::string why;  // the last attempt that the deadline did not cut off
  for (;;) {
    if (!up.cgroup().populated()) return how_it_ended(up);
    if (ready.command.empty()) return Done{};
    const auto words =
        up.own ? attempt_on_host(*program, null_.get(), parts_.interrupts, deadline)
               : attempt_in_container(parts_.containers->engine(), up.container->target(), ready.command, deadline);
    if (words.ok() && words->empty()) return Done{};
    if (!words.ok() && words.error().code == ECANCELED) return words.error();
    if (!up.cgroup().populated()) return how_it_ended(up);
    if (!words.ok()) return words.error();
    if (base::now() >= deadline)
      return Error{.attempt = fmt::format("is not ready after {:g} s: `{}` {}", seconds(ready.timeout_ns / 1000),
                                          fmt::join(ready.command, " "), why.empty() ? *words : why)};
    why = *words;
    pollfd wait{.fd = parts_.interrupts.fd(), .events = POLLIN};
    if (::poll(&wait, 1, kPauseMs) > 0 && parts_.interrupts.seen()) return Error{ECANCELED, "wait until it is ready"};
  }
}

Result<Done> Services::check_up() {
  for (Up& up : up_)
    if (!up.cgroup().populated())
      return Error{.attempt = "service " + up.service->variant.name + ": " + how_it_ended(up).attempt};
  return Done{};
}

Error Services::how_it_ended(Up& up) {
  if (up.own) {
    ::kill(up.child->pid, SIGKILL);  // should it have left its cgroup
    return {.attempt = fmt::format("ended with exit code {}", wait_for(*up.child).code)};
  }
  const Engine& engine = parts_.containers->engine();
  const std::string& target = up.container->target();
  // The engine learns of it a moment later, and has all of its log by then.
  const auto waited = engine.ask("POST", target + "/wait");
  const auto about = engine.ask("GET", target + "/json");
  const Json status = waited.ok() ? parse_json(*waited) : Json();
  const Json state = about.ok() ? parse_json(*about) : Json();
  const Json& code = member(status, "StatusCode");
  return {.attempt = fmt::format(
              "ended{}{}{}", code.is_number_integer() ? fmt::format(" with exit code {}", code.get<int>()) : "",
              member(member(state, "State"), "OOMKilled") == Json(true) ? ", killed for want of memory" : "",
              last_lines(engine, target))};
}

void Services::run_begins() {
  for (Up& up : up_) up.before_usec = cpu_usec(up.cgroup());
}

std::vector<model::ServiceUse> Services::run_ends(const std::string& variant) {
  std::vector<model::ServiceUse> used;
  for (Up& up : up_) {
    model::ServiceUse& use = used.emplace_back();
    use.service = up.service->variant.name;
    use.memory_peak_bytes = memory_peak(up.cgroup());
    const auto after = cpu_usec(up.cgroup());
    if (!after || !up.before_usec || *after < *up.before_usec) continue;
    use.cpu_usec = *after - *up.before_usec;
    Up::Use& sum = up.by_variant[variant];
    sum.usec += *use.cpu_usec;
    ++sum.runs;
  }
  return used;
}

std::vector<std::string> Services::usage() const {
  std::vector<std::string> lines;
  for (const Up& up : up_) {
    const auto cpu = cpu_usec(up.cgroup());
    std::string line = "service " + up.service->variant.name + ": ";
    line += cpu ? fmt::format("{:.3g} s of CPU", seconds(*cpu)) : "its CPU time cannot be read";
    if (const auto peak = memory_peak(up.cgroup()))
      line += fmt::format(", memory peak {:.1f} MiB", static_cast<double>(*peak) / (1 << 20));
    std::string runs;
    for (const auto& [variant, use] : up.by_variant)
      runs += fmt::format("{}{:.3g} s with {}", runs.empty() ? "" : ", ",
                          seconds(use.usec) / static_cast<double>(use.runs), variant);
    if (!runs.empty()) line.append("; of which a run: ").append(runs);
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace benchd::campaign
