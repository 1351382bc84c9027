"""benchd without the rights that kernel programs need: it says so, estimates, and all else works on. And with just these
rights: exact, and the rights are gone once it runs."""

import os
import pathlib
import subprocess
import time

import pytest

from benchd import BINARY, Benchd, Cgroup, wait_until, why_not_exact

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
WITHOUT_RIGHTS = [*NOBODY, "--inh-caps=-all", "--bounding-set=-all"]
WITH_THE_TWO = [*NOBODY, "--inh-caps=-all,+bpf,+perfmon", "--ambient-caps=-all,+bpf,+perfmon",
                "--bounding-set=-all,+bpf,+perfmon"]
EXACT = ("benchd_container_cpu_seconds_total", "benchd_container_thread_seconds_total",
         "benchd_container_context_switches_total")
CPU = "benchd_container_cpu_seconds_estimated_total"
THREADS = "benchd_container_thread_seconds_estimated_total"
AMONG_ITSELF = ["unshare", "--pid", "--fork", "--kill-child"]

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give rights up")


@pytest.fixture
def cgroup(request):
    with Cgroup(f"benchd-test-{os.getpid()}-{request.node.name.replace('_', '-')}") as made:
        yield made


def mode(daemon):
    (labels,) = daemon.scrape().labels("benchd_kernel_mode_info")
    return labels


def capability_sets(pid):
    """{set: bits} of every thread."""
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        lines = (line.split() for line in (task / "status").read_text().splitlines() if line.startswith("Cap"))
        yield {name.rstrip(":"): int(bits, 16) for name, bits in lines}


LOADING = 1 << 21 | 1 << 38 | 1 << 39  # CAP_SYS_ADMIN, CAP_PERFMON, CAP_BPF


def test_nobody_estimates_and_says_so(cgroup):
    daemon = Benchd("--no-collector.runtimes", f"--collector.cgroup.include={cgroup.id}", prefix=WITHOUT_RIGHTS)
    with daemon:
        labels = mode(daemon)
        assert labels["mode"] == "estimated" and labels["reason"]
        burner = cgroup.run("sh", "-c", "while :; do :; done")
        daemon.scrape()
        time.sleep(4)
        # While it burns: what it does between the last look and its end is missed.
        used_before = cgroup.keyed("cpu.stat")["usage_usec"] / 1e6
        scrape = daemon.scrape()
        used_after = cgroup.keyed("cpu.stat")["usage_usec"] / 1e6
        estimated = sum(value for (name, key), value in scrape.samples.items()
                        if name == CPU and dict(key)["id"] == cgroup.id)
        on_cpu = scrape.get(THREADS, id=cgroup.id, state="on_cpu")
        assert 0.9 * used_before <= estimated <= 1.1 * used_after
        assert 0.9 * used_before <= on_cpu <= 1.1 * used_after
        for family in EXACT:
            assert not scrape.labels(family, id=cgroup.id), family
        burner.kill()
        burner.wait()


def test_a_sleeper_is_blocked_and_nothing_falls(cgroup):
    daemon = Benchd("--no-collector.runtimes", f"--collector.cgroup.include={cgroup.id}", prefix=WITHOUT_RIGHTS)
    with daemon:
        cgroup.run("sleep", "1000")
        wait_until(lambda: daemon.scrape().get(THREADS, id=cgroup.id, state="blocked"), "the sleeper")

        def blocked():
            asked = time.monotonic()
            seconds = daemon.scrape().get(THREADS, id=cgroup.id, state="blocked")
            return asked, seconds, time.monotonic()

        asked_before, before, told_before = blocked()
        time.sleep(3)
        asked_after, after, told_after = blocked()
        assert 0.9 * (asked_after - told_before) <= after - before <= 1.1 * (told_after - asked_before)
        daemon.process.kill()
        daemon.process.wait()
        daemon.start()
        wait_until(lambda: daemon.scrape().get(THREADS, id=cgroup.id, state="blocked") is not None, "the sleeper again")
        assert daemon.scrape().get(THREADS, id=cgroup.id, state="blocked") >= after


def test_doctor_says_what_that_costs_and_what_mends_it():
    told = subprocess.run([*WITHOUT_RIGHTS, BINARY, "doctor"], capture_output=True, text=True).stdout
    assert "kernel programs" in told and "estimated" in told and "CAP_BPF CAP_PERFMON" in told


def test_among_itself_it_says_that_threads_are_missing_and_shows_no_old_ones(cgroup):
    """As in a container without --pid=host, after a benchd that saw all."""
    exact_cpu, exact_threads, _ = EXACT

    def charged(scrape):
        return {labels: value for (name, labels), value in scrape.samples.items()
                if name == "benchd_workload_thread_seconds_total"}

    flags = ("--no-collector.runtimes", "--no-collector.network", f"--collector.cgroup.include={cgroup.id}")
    with Benchd(*flags) as daemon:
        if reason := why_not_exact(daemon):
            pytest.skip(reason)
        cgroup.run("sleep", "1000")
        daemon.wait_for(exact_threads, id=cgroup.id, state="blocked")
        wait_until(lambda: sum(charged(daemon.scrape()).values()) > 0, "its workload")
        daemon.stop()
        daemon.prefix = AMONG_ITSELF
        daemon.start()
        before = wait_until(lambda: charged(daemon.wait_for("container_cpu_usage_seconds_total", id=cgroup.id)), "its workload again")
        time.sleep(3)
        scrape = daemon.scrape()
        assert scrape.labels(exact_cpu, id=cgroup.id) and not scrape.labels(exact_threads, id=cgroup.id)
        assert charged(scrape) == before
        assert "pid namespace of its own" in daemon.log
    told = subprocess.run([*AMONG_ITSELF, BINARY, "doctor"], capture_output=True, text=True).stdout
    assert "thread states" in told and "--pid=host" in told


def test_switched_off_there_is_neither(cgroup):
    with Benchd("--no-collector.runtimes", "--no-collector.kernel", f"--collector.cgroup.include={cgroup.id}") as daemon:
        cgroup.run("sleep", "1000")
        wait_until(lambda: daemon.scrape().get("benchd_containers", state="running") == 1, "the container")
        scrape = daemon.scrape()
        assert mode(daemon)["mode"] == "off"
        for family in (*EXACT, CPU, THREADS):
            assert not scrape.labels(family), family
        assert all(not bits & LOADING for sets in capability_sets(daemon.process.pid) for bits in sets.values())


def test_the_two_capabilities_suffice_and_are_given_up():
    with Benchd("--no-collector.runtimes") as as_root:
        if reason := why_not_exact(as_root):
            pytest.skip(reason)
        sets = list(capability_sets(as_root.process.pid))
        assert len(sets) > 1
        assert all(not bits & LOADING for of_thread in sets for bits in of_thread.values())
    with Benchd("--no-collector.runtimes", prefix=WITH_THE_TWO) as daemon:
        assert mode(daemon)["mode"] == "exact", mode(daemon)["reason"]
        for of_thread in capability_sets(daemon.process.pid):
            # The bound, which only CAP_SETPCAP may lower, gives nothing to a process that starts no other.
            assert not any(of_thread[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"))
