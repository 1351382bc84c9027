#include "daemon/campaign/definition/campaign_file.h"

namespace benchd::campaign {

std::string campaign_template() {
  return R"(# An experiment for `benchd bench FILE`. It is fixed before its first run: an edited file makes a new campaign.
experiment: hello                 # the name under which the ledger keeps it
measure: duration                 # the one that verdicts are about: duration, cpu_seconds, memory_peak, io_bytes,
                                  # and with rules below tasks: task_time, p50_task_time, p95_task_time,
                                  # p99_task_time, throughput, cpu_per_task; {task_time: RULE} of several rules
threshold: 3%                     # smaller differences do not matter
runs: 20                          # of each variant, one a block; or {precision: 1%, max: 100}
warmup: 1                         # uncounted runs of each variant before
control: true                     # the baseline twice a block (A/A): can this host resolve the threshold?
baseline: sh                      # the variant that the others are compared with; the first if nothing is said
exclude: busy                     # leave out runs while others were at work: busy, never, {foreign: 10%, steal: 5%}

defaults:                         # for all variants; each may say otherwise
  # A list of words, or a text: {words} is one of the matrix, and an empty value drops the argument.
  command: [sh, -c, "for i in 1 2 3; do echo task $i done in $i ms; done", "{words}"]
  env: {LANG: C.UTF-8}
  timeout: 60s
  # cpus: "0"                     # pin it; mems: "0", its memory to nodes
  # memory: 2GiB                  # limit it, without swap; cpu_limit: 1.5, in cpus' time
  # network: none                 # of containers; security: ["seccomp=unconfined"]
  # prepare: sync                 # for /bin/sh on the host before each run, not timed; conclude: after it
  # until: {tasks: 500}           # of a service that never ends; or {duration: 60s}
  check: {exit: 0, tasks: 3}      # else the run counts as failed

variants:
  sh: {local: true}               # no container
  again: {local: true}
  # official: {image: "python:3.12-slim", volumes: ["./data:/data:ro"]}
  # own: {build: images/own, args: {FLAGS: "-O3"}}

# Up for the whole campaign, measured, never compared; containers reach them by their names:
# services:
#   db: {image: "postgres:15", env: {POSTGRES_PASSWORD: x}, ready: pg_isready}     # or {command: …, timeout: 60s}
#   cache: {local: true, command: redis-server}

matrix:                           # every variant with each; compared with the baseline of the same cell
  words: ["", one]

tasks:                            # as in benchd.yml: what a line of output says of tasks
  - name: task
    match: "task {id} done in {duration:ms}"
    example: task 7 done in 12.5 ms
)";
}

}  // namespace benchd::campaign
