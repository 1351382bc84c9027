"""Containers as the tree shows them: starts, ends, names used again, vanishing in the middle. (Engines: test_engines.py.)"""

import concurrent.futures
import contextlib
import json
import os
import random
import re
import subprocess
import time

import pytest

from benchd import BINARY, MOUNT, Benchd, Cgroup, wait_until, why_not_exact
from check_exposition import check, check_later

CPU = "container_cpu_usage_seconds_total"


def spin(cgroup, seconds):
    """Burns CPU time in the cgroup and ends."""
    code = f"import time; end = time.process_time() + {seconds}\nwhile time.process_time() < end: pass"
    assert cgroup.run("python3", "-c", code).wait() == 0


def families(scrape):
    return {line.split()[2] for line in scrape.text.splitlines() if line.startswith("# TYPE")}


@pytest.fixture
def daemon(cgroup):
    with Benchd(f"--collector.cgroup.include={cgroup.id}/*", "--retention=1h") as running:
        yield running


def test_a_new_cgroup_is_shown_at_zero_before_it_did_anything(daemon, cgroup):
    with Cgroup("new", cgroup) as new:
        scrape = daemon.wait_for(CPU, id=new.id)
        assert scrape.get(CPU, id=new.id, cpu="total") == 0
        assert scrape.get("benchd_container_populated", id=new.id) == 0


def test_a_removed_cgroup_keeps_its_counters_and_loses_its_gauges(daemon, cgroup):
    with Cgroup("brief", cgroup) as brief:
        daemon.wait_for(CPU, id=brief.id)
        spin(brief, 0.2)
        usage = brief.keyed("cpu.stat")["usage_usec"] / 1e6
        time.sleep(0.02)  # scrapes less than 10 ms apart share a reading
        alive = daemon.scrape().get(CPU, id=brief.id)
    assert alive == usage
    ended = daemon.wait_for("benchd_container_finished_timestamp_seconds", id=brief.id)
    assert ended.get(CPU, id=brief.id) == usage
    assert ended.get("container_last_seen", id=brief.id) is None
    assert ended.get("benchd_container_populated", id=brief.id) is None


def test_what_is_done_between_two_readings_is_in_the_final_counters(cgroup):
    """No tick and no scrape sees the work: the last reading is taken when the cgroup becomes empty."""
    with Benchd(f"--collector.cgroup.include={cgroup.id}/*", "--interval=60s") as daemon:
        used = {}
        for i in range(5):
            with Cgroup(f"unseen-{i}", cgroup) as unseen:
                daemon.wait_for(CPU, id=unseen.id)
                spin(unseen, 0.02)
                wait_until(lambda: "populated 0" in unseen.read("cgroup.events"), "the cgroup to be empty")
                used[unseen.id] = unseen.keyed("cpu.stat")["usage_usec"] / 1e6
                time.sleep(0.3)  # for the daemon to be given a cpu
        scrape = daemon.scrape()
        assert {id: scrape.get(CPU, id=id) for id in used} == used


def test_pressure_of_io_is_shown_as_it_grows(daemon, cgroup, tmp_path):
    """Its file is only read where something on the host waited for IO."""
    def waited():
        return int(re.search(r"some .*total=(\d+)", writer.read("io.pressure")).group(1)) / 1e6

    family = "container_pressure_io_waiting_seconds_total"
    with Cgroup("writer", cgroup) as writer:
        daemon.wait_for(family, id=writer.id)
        began = waited()
        writing = writer.run("dd", "if=/dev/zero", f"of={tmp_path}/file", "bs=64k", "oflag=dsync", "count=1000000",
                             stderr=subprocess.DEVNULL)
        for _ in range(60):
            time.sleep(0.05)
            before, shown, after = waited(), daemon.scrape().get(family, id=writer.id), waited()
            assert before - 0.01 <= shown <= after  # the host may have counted less, by a jiffy or two
        writing.kill()
        if waited() - began < 0.05:
            pytest.skip("nobody waits for this disk")


def test_each_moment_of_work_is_shown_of_a_container_that_sleeps_between(cgroup):
    """Its cpu.stat and cpu.pressure are not read while no thread of it runs."""
    def in_files(worker):
        waited = int(re.search(r"some .*total=(\d+)", worker.read("cpu.pressure")).group(1))
        return [worker.keyed("cpu.stat")["usage_usec"], waited]

    def in_scrape(scrape, worker):
        seconds = [scrape.get(CPU, id=worker.id, cpu="total"),
                   scrape.get("container_pressure_cpu_waiting_seconds_total", id=worker.id)]
        return [round(value * 1e6) for value in seconds]

    with Cgroup("worker", cgroup) as worker, \
            Benchd(f"--collector.cgroup.include={worker.id}", "--interval=60s") as daemon:
        daemon.wait_for(CPU, id=worker.id)
        shell = worker.run("sh", "-c", "while read x; do i=0; while [ $i -lt 200 ]; do i=$((i + 1)); done; done",
                           stdin=subprocess.PIPE, text=True)
        for _ in range(200):
            shell.stdin.write("x\n")
            shell.stdin.flush()
            # More than 10 ms apart, or they would share a reading.
            time.sleep(random.choice([0.011, 0.05, 0.1]) + random.random() * 0.1)
            before, shown, after = in_files(worker), in_scrape(daemon.scrape(), worker), in_files(worker)
            assert all(b <= s <= a for b, s, a in zip(before, shown, after)), (before, shown, after)
        if why_not_exact(daemon) is None:
            reads = []
            for _ in range(40):
                time.sleep(0.05)
                reads.append(daemon.scrape().get("benchd_cgroup_reads_total", file="cpu.stat"))
            assert reads[-1] - reads[10] <= 1  # the turn that reads all, every 10 s
        shell.kill()


def test_finished_containers_are_forgotten_after_the_retention_time(cgroup):
    with Benchd(f"--collector.cgroup.include={cgroup.id}/*", "--retention=0s", "--interval=50ms") as daemon:
        with Cgroup("gone", cgroup) as gone:
            daemon.wait_for(CPU, id=gone.id)
        wait_until(lambda: daemon.scrape().get(CPU, id=gone.id) is None, "the finished container to go")


def test_made_again_under_one_name_is_another_container_with_one_series(daemon, cgroup):
    with Cgroup("again", cgroup) as first:
        daemon.wait_for(CPU, id=first.id)
        spin(first, 0.2)
    daemon.wait_for("benchd_container_finished_timestamp_seconds", id=first.id)
    with Cgroup("again", cgroup) as second:
        wait_until(lambda: daemon.scrape().get("container_last_seen", id=second.id), "the second incarnation")
        scrape = daemon.scrape()
        assert scrape.get(CPU, id=second.id, cpu="total") == 0
        assert scrape.get("benchd_container_finished_timestamp_seconds", id=second.id) is None
        containers = json.loads(daemon.ask("/api/v1/containers").text)["containers"]
        assert [c["cgroup_id"] for c in containers if c["id"] == second.id] == [os.stat(second.path).st_ino]


def test_nested_cgroups_that_are_included_count_each_for_itself(daemon, cgroup):
    with Cgroup("outer", cgroup) as outer, Cgroup("inner", outer) as inner:
        daemon.wait_for(CPU, id=inner.id)
        spin(inner, 0.2)
        scrape = daemon.scrape()
        assert scrape.get(CPU, id=inner.id) >= 0.2
        assert scrape.get(CPU, id=outer.id) >= scrape.get(CPU, id=inner.id)


def test_hostile_names_are_well_formed_labels(daemon, cgroup):
    name = 'quote" back\\slash {a="b"} # HELP é'
    invalid = os.fsencode(cgroup.path) + b"/invalid-\xff\xfe"
    os.mkdir(invalid)
    try:
        with Cgroup(name, cgroup) as hostile:
            scrape = daemon.wait_for(CPU, id=hostile.id)
            assert scrape.get(CPU, id=hostile.id, cpu="total") == 0
            assert scrape.get(CPU, id=f"{cgroup.id}/invalid-\ufffd\ufffd", cpu="total") == 0
    finally:
        os.rmdir(invalid)


def own_alive(daemon, cgroup):
    """Other containers of the machine are none of the test's business."""
    return [labels["id"] for labels in daemon.scrape().labels("container_last_seen") if labels["id"].startswith(cgroup.id)]


@pytest.mark.parametrize("names", [3, 1000], ids=["names used again", "each name once"])
def test_churn_never_shows_a_series_twice_nor_a_falling_counter(daemon, cgroup, names):
    """Cgroups come, burn and go at random moments; the scrapes stay well-formed."""

    def churn(worker):
        for turn in range(15):
            with Cgroup(f"churn-{worker}-{turn % names}", cgroup) as made:
                burning = made.run("sh", "-c", "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done")
                time.sleep(random.uniform(0, 0.03))
            burning.kill(), burning.wait()

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        workers = [pool.submit(churn, worker) for worker in range(4)]
        text = daemon.scrape().text
        while not all(worker.done() for worker in workers):
            earlier, text = text, daemon.scrape().text
            assert check(text) == []
            if names == 1000:  # another incarnation of a name begins at 0
                assert check_later(earlier, text, below=cgroup.id) == []
        for worker in workers:
            worker.result()
    wait_until(lambda: not own_alive(daemon, cgroup), "all to have ended")
    assert daemon.scrape().get("benchd_containers_started_total") >= min(4 * names, 50)


def test_cgroups_beyond_the_fd_budget_are_read_all_the_same(cgroup):
    with contextlib.ExitStack() as stack:
        cgroups = [stack.enter_context(Cgroup(f"many-{i}", cgroup)) for i in range(60)]
        with Benchd(f"--collector.cgroup.include={cgroup.id}/*", prefix=["prlimit", "--nofile=620"]) as daemon:
            daemon.wait_for(CPU, id=cgroups[-1].id)
            scrape = daemon.scrape()
            assert all(scrape.get(CPU, id=made.id) == 0 for made in cgroups)
            assert 0 < scrape.get("benchd_cgroup_kept_fds") <= 620
            assert scrape.get("process_open_fds") < 620


def test_the_smallest_limit_of_open_files_costs_no_container_and_no_host_figure(cgroup):
    with contextlib.ExitStack() as stack:
        cgroups = [stack.enter_context(Cgroup(f"many-{i}", cgroup)) for i in range(60)]
        sleeping = cgroups[0].run("unshare", "--net", "sleep", "1000")
        stack.callback(lambda: (sleeping.kill(), sleeping.wait()))
        with Benchd(f"--collector.cgroup.include={cgroup.id}/*", prefix=["prlimit", "--nofile=128"]) as daemon:
            spin(cgroups[-1], 0.05)
            scrape = daemon.wait_for(CPU, id=cgroups[-1].id)
            assert all(scrape.get(CPU, id=made.id) is not None for made in cgroups)
            assert scrape.get(CPU, id=cgroups[-1].id) == cgroups[-1].keyed("cpu.stat")["usage_usec"] / 1e6
            assert scrape.get("benchd_collector_success", collector="host") == 1
            assert scrape.get("process_open_fds") < 128
            assert "open files:</b> at most 128 for benchd" in daemon.ask("/").text
            wait_until(lambda: "none is left for 1 containers" in daemon.ask("/").text, "the state of the network")
            with Benchd(f"--collector.cgroup.include={cgroup.id}/*") as unlimited:
                unlimited.wait_for(CPU, id=cgroups[-1].id)
                absent = families(unlimited.scrape()) - families(daemon.scrape())
                assert all("_network_" in name for name in absent), absent


def test_a_limit_of_open_files_that_benchds_own_would_use_up_is_refused():
    refused = subprocess.run(["prlimit", "--nofile=64", BINARY, "serve", "--config.file=/dev/null"], capture_output=True,
                             text=True, timeout=20)
    assert refused.returncode == 1
    assert "at most 64 for benchd, which needs 128" in refused.stderr and "LimitNOFILE" in refused.stderr


def test_siblings_network_is_seen_out_of_a_cgroup_namespace_of_ones_own(cgroup):
    """As in a container with --pid=host and the host's tree: /proc/PID/cgroup then says "/../sibling"."""
    with Cgroup("home", cgroup) as home, Cgroup("sibling", cgroup) as sibling:
        procs = home.path / "cgroup.procs"
        prefix = ["sh", "-c", f'echo $$ > {procs} && exec unshare --cgroup "$@"', "sh"]
        sleeping = sibling.run("unshare", "--net", "sleep", "1000")
        try:
            with Benchd(f"--collector.cgroup.include={cgroup.id}/*", prefix=prefix) as daemon:

                def scope(container):
                    listed = json.loads(daemon.ask("/api/v1/containers").text)["containers"]
                    return next((it.get("network", {}).get("scope") for it in listed if it["id"] == container.id), None)

                wait_until(lambda: scope(sibling) == "own", "the sibling's network")
                wait_until(lambda: scope(home) == "host", "that benchd's own cgroup is on the host's network")
        finally:
            sleeping.kill(), sleeping.wait()


def test_what_the_hybrid_host_lacks_is_said_and_absent():
    if "memory" in (MOUNT / "cgroup.controllers").read_text():
        pytest.skip("this host's cgroup v2 has the memory controller")
    with Benchd(f"--collector.cgroup.include=/*") as daemon:
        assert "memory controller" in daemon.log
        scrape = daemon.scrape()
        assert scrape.labels("container_memory_usage_bytes") == []
