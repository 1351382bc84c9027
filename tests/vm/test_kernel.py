"""The kernel programs on this machine's kernel (6.1: no sums of subtrees, last time slices charged late), and what takes
controllers of cgroup v2: memory of containers that died unseen, quotas."""
import secrets

import pytest

from benchd import Scrape
from conftest import BUILD, booted

PORT = 10901
MIB = 1 << 20
ROOT = "/sys/fs/cgroup/benchd-test"
THREADS = "benchd_container_thread_seconds_total"


@pytest.fixture(scope="module")
def machine(image):
    """One of its own, without waiting for engines: nobody asks them here."""
    payload = {name: BUILD / name for name in ("benchd", "known_work", "collectors_kernel_live_test")}
    with booted(image, payload) as machine:
        machine.check(f"""
            set -e
            echo +cpu +memory > /sys/fs/cgroup/cgroup.subtree_control
            mkdir {ROOT}
            echo +cpu +memory > {ROOT}/cgroup.subtree_control""")
        yield machine


class Daemon:
    """benchd as nobody with the two capabilities that the programs need, and no tick for a minute."""

    def __init__(self, machine):
        self.machine = machine
        self.start()

    def start(self):
        self.machine.check(f"""
            systemd-run -q --collect --unit benchd-kernel -p User=nobody -p RuntimeDirectory=benchd-kernel \\
                -p RuntimeDirectoryPreserve=yes \\
                -p 'AmbientCapabilities=CAP_BPF CAP_PERFMON' -p 'CapabilityBoundingSet=CAP_BPF CAP_PERFMON' \\
                /payload/benchd serve --web.listen-address=127.0.0.1:{PORT} --interval=60s --retention=1h \\
                --storage.path=/run/benchd-kernel --no-collector.runtimes '--collector.cgroup.include=/benchd-test/named-*'""")
        self.machine.wait_until(f"curl -sSf localhost:{PORT}/-/ready")

    def kill(self):
        self.machine.check("systemctl kill -s KILL benchd-kernel")
        self.machine.wait_until("! systemctl is-active -q benchd-kernel")

    def scrape(self):
        return Scrape(self.machine.check(f"curl -sSf localhost:{PORT}/metrics"))


@pytest.fixture(scope="module")
def daemon(machine):
    daemon = Daemon(machine)
    (mode,) = daemon.scrape().labels("benchd_kernel_mode_info")
    assert mode["mode"] == "exact", mode["reason"]
    return daemon


def test_the_collectors_own_live_tests_pass_here(machine):
    # Without lost notices: 12,000 cgroups take minutes here, and nothing in it is of this kernel. Without layouts: they
    # read files of the build.
    result = machine.run("/payload/collectors_kernel_live_test '--gtest_filter=-*LostNotices*:Layouts.*'", timeout=600)
    assert result.rc == 0, result.out + result.err
    assert "SKIPPED" not in result.out, result.out


@pytest.mark.parametrize("limit", ["max", str(20 * MIB)])
def test_memory_peak_and_oom_kills_of_containers_that_died_between_two_ticks(machine, daemon, limit):
    names = [f"docker-{secrets.token_hex(32)}.scope" for _ in range(5)]
    machine.put("/root/brief.sh", f"""
        set -e
        for name in {' '.join(names)}; do
            cgroup={ROOT}/$name
            mkdir $cgroup
            echo {limit} > $cgroup/memory.max
            /payload/known_work $cgroup allocate 50 > /dev/null || true
            peak=$(cat $cgroup/memory.peak)
            until rmdir $cgroup 2>/dev/null; do :; done
            echo "/benchd-test/$name $peak"
        done""".encode())

    def killed():
        return int(machine.check(f"awk '$1 == \"oom_kill\" {{print $2}}' {ROOT}/memory.events"))

    killed_before = killed()
    lines = machine.check("bash /root/brief.sh 2>/dev/null").splitlines()
    peaks = {identity: int(peak) for identity, peak in (line.split() for line in lines)}
    assert len(peaks) == len(names)
    machine.wait_until(f"curl -sSf localhost:{PORT}/metrics | grep benchd_container_finished.*{names[-1]}")
    scrape = daemon.scrape()
    assert {id: scrape.get("container_memory_max_usage_bytes", id=id) for id in peaks} == peaks
    shown = [scrape.get("benchd_container_memory_events_total", id=id, event="oom_kill") for id in peaks]
    if limit == "max":
        assert min(peaks.values()) >= 50 * MIB
        assert shown == [0] * len(names) and killed() == killed_before
    else:
        assert set(peaks.values()) == {int(limit)}
        assert shown == [1] * len(names) and killed() == killed_before + len(names)


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_what_a_quota_takes_from_threads_is_runnable(machine, daemon, threads):
    cgroup = f"{ROOT}/named-{threads}"
    identity = cgroup.removeprefix("/sys/fs/cgroup")
    machine.check(f"mkdir {cgroup} && echo 50000 100000 > {cgroup}/cpu.max")
    machine.wait_until(f"curl -sSf localhost:{PORT}/metrics | grep '{THREADS}.*{identity}'")
    text = machine.check(f"/payload/known_work {cgroup} burn {threads} 8000 -1")
    (waiter, *_), *burners = [[int(word) / 1e9 for word in line.split()] for line in text.splitlines()]
    scrape = daemon.scrape()
    shown = {state: scrape.get(THREADS, id=identity, state=state) for state in ("on_cpu", "runnable", "blocked")}
    lived, on_cpu = sum(it[0] for it in burners), sum(it[1] for it in burners)
    near = 0.05 * lived
    assert on_cpu < 0.7 * 8 and scrape.get("container_cpu_cfs_throttled_periods_total", id=identity) > 40
    assert shown["on_cpu"] == pytest.approx(on_cpu, abs=near)
    assert shown["runnable"] == pytest.approx(lived - on_cpu, abs=near)
    assert shown["blocked"] == pytest.approx(waiter, abs=near)
    machine.check(f"rmdir {cgroup}")


def test_no_time_per_cpu_is_lost_or_taken_back_where_children_were_removed_before_and_during_a_restart(machine, daemon):
    cgroup = f"{ROOT}/named-children"
    identity = cgroup.removeprefix("/sys/fs/cgroup")
    machine.check(f"mkdir -p {cgroup}/first {cgroup}/second")
    machine.wait_until(f"curl -sSf localhost:{PORT}/metrics | grep 'benchd_container_cpu_seconds_total.*{identity}'")

    def burn(child):
        machine.check(f"/payload/known_work {cgroup}/{child} burn 1 500 -1")

    def cpus():
        scrape = daemon.scrape()
        labels = scrape.labels("benchd_container_cpu_seconds_total", id=identity)
        return {it["cpu"]: scrape.get("benchd_container_cpu_seconds_total", **it) for it in labels}

    burn("first")
    burn("second")
    machine.check(f"rmdir {cgroup}/first")
    before = cpus()
    daemon.kill()
    machine.check(f"rmdir {cgroup}/second")
    daemon.start()
    machine.wait_until(f"curl -sSf localhost:{PORT}/metrics | grep 'benchd_container_cpu_seconds_total.*{identity}'")
    after = cpus()
    assert sum(before.values()) >= 1.0 and all(after[cpu] >= before[cpu] for cpu in before), (before, after)
    assert after["unattributed"] < 0.1, after
    machine.check(f"rmdir {cgroup}")
