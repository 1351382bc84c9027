#include "daemon/campaign/container_runner.h"

#include <chrono>
#include <future>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "collectors/tasks/logs/engine_lines.h"
#include "daemon/campaign/engine/engine_json.h"
#include "daemon/campaign/measure/quota_watch.h"
#include "daemon/campaign/measure/run_network.h"
#include "daemon/campaign/measure/task_catcher.h"
#include "daemon/campaign/run_watch.h"

namespace benchd::campaign {
namespace {

using base::Result;

/// The tasks in what an engine sends of a container's output.
class LogTasks {
 public:
  explicit LogTasks(rules::RuleSet& rules) : tasks_(rules) {}

  void take(std::string_view body) { lines_.take(body); }
  uint64_t good_tasks() const { return tasks_.good_tasks(); }
  void finish(model::RunRecord& record) {
    lines_.flush();
    tasks_.finish(record, base::now() + base::wall_offset());
    if (!lines_.error().empty()) record.incomplete.emplace_back("tasks");
  }

 private:
  TaskCatcher tasks_;
  logs::EngineLines lines_{[this](const model::LogLine& line) { tasks_.line(line); }};
};

/// What is still on its way when the container has ended. The engine ends the stream itself.
void read_on(int fd, LogTasks& tasks) {
  ::fcntl(fd, F_SETFL, 0);
  const timeval patience{.tv_sec = 10};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  char piece[16384];
  for (ssize_t got = 0; (got = ::read(fd, piece, sizeof piece)) > 0;) tasks.take({piece, static_cast<size_t>(got)});
}

/// When the first process came into the cgroup, while `starting` goes on; nothing if none was seen.
template <class T>
std::optional<base::Instant> wait_for_first(const RunCgroup& cgroup, std::future<T>& starting) {
  for (;;) {
    if (cgroup.populated()) return base::now();
    if (starting.wait_for(std::chrono::seconds(0)) == std::future_status::ready) return std::nullopt;
    pollfd wait{.fd = cgroup.events(), .events = POLLPRI};
    ::poll(&wait, 1, 20);
  }
}

}  // namespace

Result<std::optional<model::RunRecord>> ContainerRunner::run(const Variant& variant, model::RunRecord record) {
  auto container = containers_.create(variant, {.name = std::to_string(record.order),
                                                .labels = {{"benchd.experiment", record.experiment},
                                                           {"benchd.variant", record.variant},
                                                           {"benchd.run", record.id}},
                                                .alias = {}});
  if (!container.ok()) return container.error();
  return see(variant, std::move(record), *container);
}

Result<std::optional<model::RunRecord>> ContainerRunner::see(const Variant& variant, model::RunRecord record,
                                                             Container& container) {
  const Engine& engine = containers_.engine();
  RunCgroup& cgroup = container.cgroup();
  const std::string& path = container.target();
  const base::CpuSet cpus = base::parse_cpu_list(variant.cpus).value_or(base::CpuSet());
  std::optional<LogTasks> tasks;
  if (parts_.rules != nullptr) tasks.emplace(*parts_.rules);

  parts_.noise.begin(cpus);
  const base::Instant asked = base::now();
  auto starting = std::async(std::launch::async, [&] { return engine.ask("POST", path + "/start"); });
  const auto populated = wait_for_first(cgroup, starting);
  if (const auto started = starting.get(); !started.ok()) return started.error();
  const base::Instant began = populated.value_or(asked);
  if (!populated) record.incomplete.emplace_back("duration");

  QuotaWatch quota;
  if (variant.cpu_limit) quota.open(cgroup);
  RunNetwork network;
  if (!variant.network.starts_with("container:")) network = RunNetwork::of(cgroup.path());  // else another's

  base::Fd output;
  if (tasks) {
    auto stream = engine.open("GET", path + "/logs?follow=1&stdout=1&stderr=1&timestamps=1");
    if (!stream.ok()) return stream.error();
    tasks->take(stream->begun);
    output = std::move(stream->rest);
    ::fcntl(output.get(), F_SETFL, O_NONBLOCK);
  }
  RunWatch watched{.cgroup = cgroup,
                   .variant = variant,
                   .interrupts = parts_.interrupts,
                   .services = parts_.services,
                   .output = std::move(output),
                   .ended = {},
                   .take = [&](std::string_view piece) { tasks->take(piece); },
                   .tasks = [&] { return tasks ? tasks->good_tasks() : 0; }};
  auto end = watch(watched, began);
  if (!end.ok()) return end.error();
  if (end->interrupted) return std::optional<model::RunRecord>();

  network.take(record);
  const auto throttled = quota.throttled_usec();
  const auto waited = engine.ask("POST", path + "/wait");
  if (!waited.ok()) return waited.error();
  const Json answer = parse_json(*waited);
  const Json& status = member(answer, "StatusCode");
  if (tasks && watched.output) read_on(watched.output.get(), *tasks);
  const auto inspected = engine.ask("GET", path + "/json");
  container.remove();

  record.container = container.name();
  record.image_digest = container.digest();
  record.started_at = began + base::wall_offset();
  record.duration_ns = end->at - began;
  record.course = std::move(end->course);
  record.cpu_frequency_hz = end->cpu_frequency_hz;
  if (!end->cut && status.is_number_integer()) record.exit_code = status.get<int>();
  if (auto measured = parts_.meter.measure(cgroup, record); !measured.ok()) return measured.error();
  if (variant.cpu_limit) record.throttled_usec = throttled;
  if (inspected.ok()) {
    const Json about = parse_json(*inspected);
    record.oom_killed = record.oom_killed || member(member(about, "State"), "OOMKilled") == Json(true);
  }
  record.exclusion = parts_.noise.end(record.cpu_usec);
  if (tasks) tasks->finish(record);
  record.failure = failure_of(variant, record, end->timed_out, 0, tasks ? tasks->good_tasks() : 0);
  return std::optional(std::move(record));
}

}  // namespace benchd::campaign
