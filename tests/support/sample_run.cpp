#include "support/sample_run.h"

namespace benchd::test {

model::RunRecord sample_run() {
  model::RunRecord run;
  run.id = "20260102T030405-1a2b3c/7/2";
  run.campaign = "20260102T030405-1a2b3c";
  run.experiment = "python-builds";
  run.variant = "pyenv, \"opt\"\nand more";
  run.block = 7;
  run.order = 15;
  run.control = true;
  run.warm_up = true;
  run.container = "local-pro-0371";
  run.image_digest = "sha256:0123";
  run.host = {.name = "bench1",
              .kernel = "6.1.0-21-amd64",
              .cpu_model = "EPYC\t\xc2\xb5",
              .cpus = 8,
              .governor = "performance",
              .turbo = false,
              .smt = true};
  run.cpuset = "2-5";
  run.cpu_limit = 0.1 + 0.2;
  run.memory_limit_bytes = uint64_t{2} << 30;
  run.started_at = 1'767'323'045'123'456'789;
  run.duration_ns = 61'728'394'501;
  run.exit_code = -9;
  run.oom_killed = true;
  run.failure = "exit code 1";
  run.exclusion = "foreign CPU 12 %";
  run.incomplete = {"io", "tasks"};
  run.cpu_usec = UINT64_MAX;
  run.cpu_user_usec = 21;
  run.cpu_system_usec = 22;
  run.cpu_ns = {{0, 23}, {5, UINT64_MAX}};
  run.threads = {.on_cpu = 24,
                 .runnable = 25,
                 .blocked = 26,
                 .blocked_on_disk = 27,
                 .voluntary_switches = 28,
                 .involuntary_switches = 29,
                 .migrations = 30,
                 .alive = 31};
  run.cpu_frequency_hz = 3.1e9;
  run.throttled_usec = 32;
  run.memory_peak_bytes = 33;
  run.io_read_bytes = 34;
  run.io_written_bytes = 35;
  run.network_received_bytes = 36;
  run.network_sent_bytes = 37;
  run.tasks = {
      {.key = {.task = "render", .outcome = "error"}, .tasks = 3, .timed = 0, .duration_ns = 0, .durations = {}},
      {.key = {.task = "render", .outcome = "ok"},
       .tasks = 500,
       .timed = 499,
       .duration_ns = 61'700'000'000,
       .durations = {{1489, 498}, {model::kLastDurationBucket, 1}}}};
  run.task_span_ns = 60'000'000'000;
  run.course = {{.at_usec = 50'012, .cpu_usec = 48'211, .memory_bytes = 4096},
                {.at_usec = 100'013, .cpu_usec = UINT64_MAX, .memory_bytes = {}}};
  run.services = {{.service = "db", .cpu_usec = 40, .memory_peak_bytes = {}},
                  {.service = "cache", .cpu_usec = {}, .memory_peak_bytes = 41}};
  return run;
}

}  // namespace benchd::test
