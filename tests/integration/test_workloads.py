"""Workload counters: every run once, nothing ever taken back; through kill -9, full disks and a second daemon."""

import concurrent.futures
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import pytest

from benchd import BINARY, Benchd, free_port, wait_until, why_not_exact
from engines import BOX, Docker, why_not
from fake_docker import FakeDocker
from watcher import Watcher

RUNS = "benchd_workload_runs_total"
CPU = "benchd_workload_cpu_seconds_total"
FAILURES = "benchd_workload_failures_total"
BURN = "i=0; while [ $i -lt {} ]; do i=$((i+1)); done"


@pytest.fixture
def docker(tmp_path):
    with FakeDocker(tmp_path) as running:
        yield running


def usage_usec(cgroup):
    return cgroup.keyed("cpu.stat")["usage_usec"]


def test_runs_failures_and_time_of_a_compose_service(docker, cgroup):
    labels = {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"}
    with Benchd(*docker.flags, "--workload.declare=shop/web") as daemon:
        born = daemon.scrape()
        assert born.get(RUNS, workload="shop/web", experiment="", variant="") == 0
        assert born.get(CPU, workload="shop/web") == born.get(FAILURES, workload="shop/web") == 0
        used = 0
        for turn in range(6):
            with docker.container(cgroup, "box:1", **labels) as container:
                container.start("sh", "-c", BURN.format(2000)).wait()
                container.die(exit_code=turn % 2)
                wait_until(lambda: daemon.scrape().get(RUNS, workload="shop/web") == turn + 1, "the run to be counted")
                used += usage_usec(container)
                wait_until(lambda: daemon.scrape().get(CPU, workload="shop/web") * 1e6 >= used - 0.5, "its time")
        wait_until(lambda: daemon.scrape().get(FAILURES, workload="shop/web") == 3, "three failures")
        ended = daemon.scrape()
        assert ended.get(RUNS, workload="shop/web") == 6
        assert round(ended.get(CPU, workload="shop/web") * 1e6) == used
        (workload,) = json.loads(daemon.ask("/api/v1/workloads").text)["workloads"]
        assert (workload["workload"], workload["runs"], workload["failures"], workload["cpu_usec"]) == ("shop/web", 6, 3, used)


def test_a_new_workload_is_scraped_at_zero_before_its_runs_however_late_the_scrape_comes(docker, cgroup):
    with Benchd(*docker.flags, "--interval=50ms") as daemon:
        daemon.scrape()
        with docker.container(cgroup, "new:1") as container:
            container.start("sh", "-c", BURN.format(2000)).wait()
            wait_until(lambda: "new:1" in daemon.ask("/api/v1/workloads").text, "the workload to be known")
            time.sleep(0.3)  # ticks
            first = daemon.wait_for(RUNS, workload="new:1")
            assert first.get(RUNS, workload="new:1") == first.get(CPU, workload="new:1") == 0
            wait_until(lambda: daemon.scrape().get(RUNS, workload="new:1") == 1, "the run")


def test_a_variant_of_an_experiment_is_labelled_so(docker, cgroup):
    labels = {"benchd.experiment": "builds", "benchd.variant": "lto"}
    with Benchd(*docker.flags, "--workload.declare=experiment=builds,variant=lto") as daemon:
        with docker.container(cgroup, "box:1", **labels) as container:
            container.start("sh", "-c", BURN.format(100)).wait()
            wait_until(lambda: daemon.scrape().get(RUNS, experiment="builds", variant="lto") == 1, "the run")
        assert daemon.scrape().get(RUNS, workload="box:1") is None


def test_a_run_whose_name_never_comes_is_unknown(docker, cgroup):
    docker.silent = True
    with Benchd(*docker.flags) as daemon, docker.container(cgroup, "box:1") as container:
        container.run("sh", "-c", BURN.format(100)).wait()
        assert daemon.wait_for(RUNS, workload="unknown", seconds=30).get(RUNS, workload="unknown") in (0, 1)
        wait_until(lambda: daemon.scrape().get(RUNS, workload="unknown") == 1, "the run")


def test_time_without_benchd_is_said_and_what_ran_through_it_is_complete(docker, cgroup):
    with docker.container(cgroup, "long:1") as container, Benchd(*docker.flags) as daemon:
        process = container.start("sh", "-c", "while :; do :; done")
        wait_until(lambda: daemon.scrape().get(CPU, workload="long:1"), "the running container")
        daemon.stop(signal.SIGKILL)
        time.sleep(1)
        daemon.start()
        scrape = daemon.scrape()
        assert scrape.get("benchd_workload_unobserved_seconds_total", workload="long:1") >= 1
        process.kill(), process.wait()
        used = usage_usec(container)
        wait_until(lambda: round(daemon.scrape().get(CPU, workload="long:1") * 1e6) == used, "all of its time")
        assert daemon.scrape().get(RUNS, workload="long:1") == 1


# --- storage ----------------------------------------------------------------------------------------------------------

def test_a_second_daemon_on_one_ledger_says_so_and_does_the_rest(tmp_path):
    storage = f"--storage.path={tmp_path}"
    with Benchd(storage, "--workload.declare=shop") as first, Benchd(storage, "--workload.declare=shop") as second:
        assert first.scrape().get(RUNS, workload="shop") == 0
        assert second.scrape().get(RUNS, workload="shop") is None
        assert "another benchd writes to it" in second.log
        assert second.scrape().get("benchd_containers", state="running") is not None
    with Benchd(storage) as third:
        assert third.scrape().get(RUNS, workload="shop") == 0


@pytest.mark.parametrize("make", [lambda path: path.write_bytes(b"x" * 8192), lambda path: path.mkdir()],
                         ids=["no database", "a directory"])
def test_a_ledger_that_cannot_be_used_is_a_state_with_a_cure(tmp_path, make):
    make(tmp_path / "ledger.db")
    with Benchd(f"--storage.path={tmp_path}", "--workload.declare=shop") as daemon:
        assert daemon.scrape().get(RUNS, workload="shop") is None
        assert "no workload counters; to mend: " in daemon.log


def test_nobody_without_a_place_to_write_has_everything_else():
    if os.geteuid() != 0:
        pytest.skip("needs root to become nobody")
    with Benchd("--storage.path=/root/benchd", prefix=["setpriv", "--reuid=65534", "--clear-groups"]) as daemon:
        assert daemon.scrape().get("benchd_containers", state="running") is not None
        assert "ledger: " in daemon.log


def test_doctor_says_whether_the_ledger_can_be_kept(tmp_path):
    def finding(storage):
        asked = subprocess.run([BINARY, "doctor", "--format=json", "--config.file=/dev/null", f"--storage.path={storage}"],
                               capture_output=True, text=True)
        return next(it for it in json.loads(asked.stdout)["findings"] if it["subject"] == "ledger")

    assert finding(tmp_path)["good"] and finding(tmp_path / "new")["good"]
    bad = finding(tmp_path / "not" / "there")
    assert not bad["good"] and bad["cost"] == "no workload counters" and "--storage.path" in bad["cure"]
    assert list(tmp_path.iterdir()) == []


# --- kill -9 ----------------------------------------------------------------------------------------------------------

KILLS = int(os.environ.get("BENCHD_KILLS", "30"))
WORKERS = 3


def test_kill_minus_nine_takes_nothing_back_and_counts_nothing_twice(docker, cgroup):
    """Containers come and go; benchd is killed at random moments and started again. Each container stays until its run
    and the last microsecond of its time are shown, so that in the end everything must be there, exactly once."""
    with Benchd(*docker.flags) as daemon, Watcher(daemon, cgroup) as watcher:
        finished = threading.Event()
        used = [0] * WORKERS
        turns = [0] * WORKERS
        failed = [0] * WORKERS

        def work(worker):
            image = f"worker:{worker}"
            while not finished.is_set():
                with docker.container(cgroup, image) as container:
                    container.start("sh", "-c", BURN.format(random.randrange(2000))).wait()
                    exit_code = random.randrange(2)
                    container.die(exit_code)
                    failed[worker] += exit_code
                    turns[worker] += 1
                    used[worker] += usage_usec(container)
                    wait_until(lambda: watcher.newest.get(RUNS, workload=image) == turns[worker]
                               and round(watcher.newest.get(CPU, workload=image) * 1e6) == used[worker],
                               f"exactly {turns[worker]} runs and {used[worker]} us of {image}", seconds=60)

        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            workers = [pool.submit(work, worker) for worker in range(WORKERS)]
            try:
                for _ in range(KILLS):
                    time.sleep(random.uniform(0, 0.5))
                    daemon.stop(signal.SIGKILL)
                    daemon.start()
            finally:
                finished.set()
            for worker in workers:
                worker.result()
        last = daemon.scrape()
        watcher.stop()
        for worker in range(WORKERS):
            assert last.get(RUNS, workload=f"worker:{worker}") == turns[worker]
            assert round(last.get(CPU, workload=f"worker:{worker}") * 1e6) == used[worker]
            # An exit code that came in the instant of a kill, of a container that was gone after it, is nobody's.
            assert last.get(FAILURES, workload=f"worker:{worker}") <= failed[worker]
        assert watcher.fallen == []
        print(f"{KILLS} kills, {sum(turns)} runs, {watcher.scrapes} scrapes, {len(watcher.highest)} counters")
        assert sum(turns) > KILLS
        assert last.get("benchd_workload_unobserved_seconds_total", workload="worker:0") is not None


# --- PromQL -----------------------------------------------------------------------------------------------------------

def test_prometheus_counts_200_runs_of_100_ms_exactly(docker, cgroup, tmp_path):
    if not shutil.which("prometheus"):
        pytest.skip("no prometheus: package prometheus")
    code = "import time\nwhile time.process_time() < 0.1: pass"
    labels = {"benchd.experiment": "brief", "benchd.variant": "a"}
    flags = [*docker.flags, "--workload.declare=experiment=brief,variant=a", "--retention=1s"]
    with Benchd(*flags) as daemon, contextlib.ExitStack() as stack:
        if reason := why_not_exact(daemon):  # the end of a container that is removed at once is told by programs
            pytest.skip(reason)
        port = free_port()
        (tmp_path / "prometheus.yml").write_text(
            "global: {scrape_interval: 200ms, scrape_timeout: 200ms}\n"
            f"scrape_configs: [{{job_name: benchd, static_configs: [{{targets: ['127.0.0.1:{daemon.port}']}}]}}]\n")
        log = stack.enter_context(open(tmp_path / "prometheus.log", "w"))
        server = subprocess.Popen(["prometheus", f"--config.file={tmp_path}/prometheus.yml",
                                   f"--storage.tsdb.path={tmp_path}/data", f"--web.listen-address=127.0.0.1:{port}"],
                                  stdout=log, stderr=log)
        stack.callback(server.wait)
        stack.callback(server.terminate)

        def query(expression):
            asked = subprocess.run(["promtool", "query", "instant", f"http://127.0.0.1:{port}", expression],
                                   capture_output=True, text=True)
            text = asked.stdout.strip()
            return float(text.split("=>")[1].split("@")[0]) if "=>" in text else None

        series = RUNS + '{experiment="brief",variant="a"}'
        wait_until(lambda: query(series) == 0, "the declared workload to be scraped at 0", seconds=60)
        used = 0
        for _ in range(200):
            with docker.container(cgroup, "box:1", **labels) as container:
                assert container.start("python3", "-S", "-E", "-c", code).wait() == 0
                container.die(0)
                used += usage_usec(container)
        wait_until(lambda: query(series) == 200, "Prometheus to have the last run", seconds=60)
        time.sleep(2)
        # The first sample is the 0 that was waited for, and nothing falls in between.
        assert query(f"max_over_time({series}[1h]) - min_over_time({series}[1h])") == 200
        assert query(f"increase({series}[1h])") == pytest.approx(200, rel=0.01)
        cpu = CPU + '{experiment="brief",variant="a"}'
        assert query(f"increase({cpu}[1h])") == pytest.approx(used / 1e6, rel=0.01)
        assert query(f"resets({series}[1h])") == 0


# --- a real engine ----------------------------------------------------------------------------------------------------

def test_docker_run_rm_of_50_ms_is_counted_exactly():
    if reason := why_not("dockerd", "docker"):
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="d", dir="/tmp") as directory, Docker(directory) as docker, \
            Benchd(f"--runtimes.docker.socket={docker.socket}", f"--runtimes.docker.root={directory}/data",
                   "--runtimes.podman.socket=/nonexistent", "--runtimes.users=/nonexistent", "--interval=60s",
                   f"--workload.declare={BOX}") as daemon:
        if reason := why_not_exact(daemon):
            pytest.skip(reason)
        assert daemon.scrape().get(RUNS, workload=BOX) == 0
        turns = 20
        for turn in range(turns):
            # 50 ms, and one in four fails
            docker.run("--rm", "/bin/sh", "-c", BURN.format(20000) + f"; exit {int(turn % 4 == 0)}", check=False)
        wait_until(lambda: daemon.scrape().get(RUNS, workload=BOX) == turns, f"{turns} runs")
        wait_until(lambda: daemon.scrape().get(FAILURES, workload=BOX) == turns / 4, "the failures")
        ended = daemon.scrape()
        assert ended.get(RUNS, workload=BOX) == turns
        assert ended.get(RUNS, workload="unknown") is None
        assert ended.get(CPU, workload=BOX) > turns * 0.005
