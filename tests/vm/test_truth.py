"""What benchd shows of containers is what the kernel says: each value between the kernel's own before and after."""
import itertools
import json
import math

import pytest

import truth
from engine import COMMANDS, Engine
from machine import RELEASE
from service import PORT, identity

MIB = 1 << 20
ROUNDS = 20

PYTHON = "-v /usr:/usr:ro -v /payload/guest:/guest:ro"

# name: engine, options, program, and the families that must have risen while it was watched. All leave the cpus idle now and
# then: a benchd that gets none answers with old readings, and says so.
WORKLOADS = {
    "burner": (
        "docker", "--cpus 0.1 --memory 64m", "while :; do :; done",
        ["container_cpu_usage_seconds_total", "container_cpu_user_seconds_total", "container_cpu_cfs_periods_total",
         "container_cpu_cfs_throttled_periods_total", "container_cpu_cfs_throttled_seconds_total",
         "container_pressure_cpu_waiting_seconds_total", "container_pressure_cpu_stalled_seconds_total"]),
    # tail keeps its input until a line ends, and none does. It is killed, the shell lives on: where the kernel is too
    # slow to reap the one, it takes another, and must not find the shell the better choice.
    "greedy": (
        "docker", "--cpus 0.2 --memory 8m --memory-swap 8m",
        "while :; do (echo 1000 >/proc/self/oom_score_adj; exec tail /dev/zero); sleep 2; done",
        ["container_oom_events_total", "container_memory_events_max_total", "container_memory_failcnt",
         "benchd_container_memory_events_total", "benchd_container_memory_events_local_total",
         "container_memory_failures_total"]),
    # /data is mounted with `discard`: a file's blocks are discarded when it is removed, by who removes it.
    "writer": (
        "docker", "-v /data/writer:/data",
        "while :; do dd if=/dev/zero of=/data/f bs=64k count=8 oflag=direct; dd if=/data/f of=/dev/null bs=64k iflag=direct;"
        " rm /data/f; sleep 0.5; done",
        [*{family for family, *_ in truth.IO_COUNTERS}, "container_pressure_io_waiting_seconds_total"]),
    "forker": (
        "docker", f"--pids-limit 8 {PYTHON}", "exec python3 /guest/forks.py",
        ["benchd_container_threads_refused_total", "container_cpu_system_seconds_total"]),
    "shuffler": (
        "podman", f"--cpus 0.4 --memory 24m --memory-swap 48m -v /data/shuffler:/data {PYTHON}", "exec python3 /guest/memory.py",
        ["container_memory_pgscan_total", "container_memory_pgsteal_total", "container_memory_failures_total",
         "container_memory_workingset_refault_file_total", "container_memory_workingset_refault_anon_total",
         "benchd_container_memory_pgrefill_total", "benchd_container_memory_pglazyfree_total",
         "container_pressure_memory_waiting_seconds_total"]),
    "plain": ("podman", "--memory-reservation 8m --cpu-shares 512 --pids-limit -1", "while :; do sleep 1; done", []),
    "rootless": ("rootless", "--memory 48m", "while :; do sleep 1; done", []),
}

# Of all families of cgroup files these alone are never there, for want of an option in Debian's kernels for clouds or of a newer kernel.
NOT_IN_THIS_KERNEL = {
    "benchd_container_cpu_force_idle_seconds_total",  # CONFIG_SCHED_CORE
    "benchd_container_pressure_irq_stalled_seconds_total",  # CONFIG_IRQ_TIME_ACCOUNTING
    "benchd_container_memory_zswap_bytes",  # CONFIG_ZSWAP, as the next two
    "benchd_container_memory_zswapped_bytes",
    "benchd_container_zswap_current_bytes",
}
if RELEASE == "bookworm":  # 6.1
    NOT_IN_THIS_KERNEL |= {
        "benchd_container_cpu_nice_seconds_total",  # 6.11
        "benchd_container_cpu_throttled_local_seconds_total",  # 6.6
        "benchd_container_swap_peak_bytes",  # 6.5
    }


@pytest.fixture(scope="module")
def workloads(machine, service):
    """{name: directory of its cgroup}"""
    machine.check("""
        set -e
        mount -o remount,discard /data
        mkdir -p /data/writer /data/shuffler
        dd if=/dev/zero of=/data/swap bs=1M count=64 status=none
        chmod 600 /data/swap; mkswap -q /data/swap; swapon /data/swap""")
    engines = {name: Engine(machine, name) for name in COMMANDS}
    yield {name: engines[engine].start(name, options, program) for name, (engine, options, program, _) in WORKLOADS.items()}
    for engine in engines.values():
        engine.remove_all()
    machine.check("swapoff /data/swap; rm -r /data/*")


@pytest.fixture(scope="module")
def results(machine, service, workloads):
    """{name: what truth.py says of it}"""
    for cgroup in workloads.values():
        service.wait_for("container_last_seen", id=identity(cgroup))
    command = f"python3 /payload/truth.py --port {PORT} --rounds {ROUNDS} --pause 0.02 {' '.join(workloads.values())}"
    by_id = json.loads(machine.check(command, timeout=600))
    return {name: by_id[identity(cgroup)] for name, cgroup in workloads.items()}


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_value_lies_between_the_kernels_own_before_and_after(results, name):
    assert results[name]["violations"] == []
    assert results[name]["stale"] < ROUNDS / 2, "hardly compared: too few readings in time"


@pytest.mark.parametrize("name", [name for name, (*_, moved) in WORKLOADS.items() if moved])
def test_what_the_workload_uses_has_risen(results, name):
    assert set(WORKLOADS[name][-1]) - set(results[name]["moved"]) == set()


def test_every_family_was_compared_but_those_this_kernel_has_not(results):
    families = {row[0] for row in itertools.chain(truth.COUNTERS, truth.IO_COUNTERS, truth.GAUGES, truth.DERIVED)}
    compared = set().union(*(result["compared"] for result in results.values()))
    assert families - compared == NOT_IN_THIS_KERNEL


def test_without_an_io_controller_there_are_no_io_series(results):
    """A user's systemd is not given one. Not 0: absent, so that nobody takes it for a container without IO."""
    assert {family for family, *_ in truth.IO_COUNTERS} & set(results["rootless"]["compared"]) == set()


def test_unlimited_absent_and_limited_are_told_apart(service, workloads):
    def shown(family, name):
        return scrape.get(family, id=identity(workloads[name]))

    scrape = service.scrape()
    assert shown("benchd_container_memory_limit_bytes", "burner") == 64 * MIB
    assert shown("container_spec_memory_limit_bytes", "burner") == 64 * MIB
    assert shown("benchd_container_memory_limit_bytes", "plain") == math.inf
    assert shown("container_spec_memory_limit_bytes", "plain") == 0
    assert shown("benchd_container_cpu_quota_seconds", "burner") == 0.01
    assert shown("benchd_container_cpu_quota_seconds", "plain") == math.inf
    assert shown("container_spec_cpu_quota", "plain") is None
    assert shown("benchd_container_threads_limit", "forker") == 8
    assert shown("container_fs_reads_total", "rootless") is None
