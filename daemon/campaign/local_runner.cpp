#include "daemon/campaign/local_runner.h"

#include <fcntl.h>
#include <unistd.h>

#include "daemon/campaign/cgroups/limits.h"
#include "daemon/campaign/measure/task_catcher.h"
#include "daemon/campaign/run_watch.h"

namespace benchd::campaign {
namespace {

using base::Done;
using base::Fd;
using base::Result;

struct Pipe {
  Fd read;  ///< non-blocking
  Fd written;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return base::errno_error("make a pipe");
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

}  // namespace

Result<std::unique_ptr<LocalRunner>> LocalRunner::make(const RunnerParts& parts) {
  Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return base::errno_error("open /dev/null");
  return std::unique_ptr<LocalRunner>(new LocalRunner(parts, std::move(null)));
}

Result<Done> LocalRunner::check(const Variant& variant) {
  auto program = find_program(variant.command, variant.environment, variant.directory);
  if (!program.ok()) return program.error();
  if (auto kept = check_limits(parts_.home, variant); !kept.ok()) return kept;
  programs_.insert_or_assign(variant.name, *std::move(program));
  return Done{};
}

Result<std::optional<model::RunRecord>> LocalRunner::run(const Variant& variant, model::RunRecord record) {
  auto cgroup = parts_.home.make_run("run-" + std::to_string(record.order));
  if (!cgroup.ok()) return cgroup.error();
  if (auto limited = limit(*cgroup, parts_.home, variant); !limited.ok()) return limited.error();
  const base::CpuSet cpus = base::parse_cpu_list(variant.cpus).value_or(base::CpuSet());

  std::optional<TaskCatcher> tasks;
  Pipe pipe;
  if (parts_.rules != nullptr) {
    auto made = make_pipe();
    if (!made.ok()) return made.error();
    pipe = *std::move(made);
    tasks.emplace(*parts_.rules);
  }
  const int nowhere = parts_.output == Output::Null ? null_.get() : -1;
  const int output = tasks ? pipe.written.get() : nowhere;
  parts_.noise.begin(cpus);
  const auto child =
      spawn(programs_.at(variant.name),
            {.cgroup = cgroup->directory(), .input = null_.get(), .output = output, .error = output, .cpus = cpus});
  if (!child.ok()) return child.error();
  pipe.written.reset();

  std::optional<ExitStatus> status;
  RunWatch seen{.cgroup = *cgroup,
                .variant = variant,
                .interrupts = parts_.interrupts,
                .services = parts_.services,
                .process = child->pidfd.get(),
                .output = std::move(pipe.read),
                .ended = [&] { status = wait_for(*child); },
                .take = [&](std::string_view piece) { tasks->feed(piece, base::now() + base::wall_offset()); },
                .tasks = [&] { return tasks ? tasks->good_tasks() : 0; }};
  auto end = watch(seen, child->executed);
  if (!status) {
    cgroup->kill();
    status = wait_for(*child);
  }
  if (!end.ok()) return end.error();
  if (end->interrupted) return std::optional<model::RunRecord>();

  record.container = cgroup->path().substr(parts_.home.mount().path.size());
  record.started_at = child->executed + base::wall_offset();
  record.duration_ns = end->at - child->executed;
  record.course = std::move(end->course);
  record.cpu_frequency_hz = end->cpu_frequency_hz;
  if (!end->cut) record.exit_code = status->code;
  if (auto measured = parts_.meter.measure(*cgroup, record); !measured.ok()) return measured.error();
  record.exclusion = parts_.noise.end(record.cpu_usec);
  if (tasks) tasks->finish(record, base::now() + base::wall_offset());
  record.failure = failure_of(variant, record, end->timed_out, status->signal, tasks ? tasks->good_tasks() : 0);
  return std::optional(std::move(record));
}

}  // namespace benchd::campaign
