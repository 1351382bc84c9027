"""Tasks from logs: each line counts once, whatever rotates and whoever dies; and what a task costs."""

import contextlib
import random
import shutil
import signal
import sqlite3
import time

import pytest

from benchd import Benchd, Cgroup, wait_until
from engines import BUSYBOX, why_not
from fake_docker import FakeDocker
from watcher import Watcher

TASKS = "benchd_tasks_total"
SECONDS = "benchd_task_duration_seconds"
LABELS = {"benchd.task.match": "task {id} done in {duration:ms}", "benchd.task.name": "render"}


@pytest.fixture
def docker(tmp_path):
    with FakeDocker(tmp_path) as running:
        yield running


def lines(first, count):
    return [f"task {n} done in {n % 1000} ms" for n in range(first, first + count)]


def test_tasks_of_a_container_with_a_label(docker, cgroup):
    with Benchd(*docker.flags) as daemon:
        with docker.container(cgroup, "box:1", **LABELS) as container:
            container.start("sleep", "100")
            born = daemon.wait_for(TASKS, id=container.id)
            assert born.get(TASKS, id=container.id, task="render", outcome="ok") == 0
            assert born.get(SECONDS + "_count", id=container.id) == 0
            container.log.write("hello", *lines(1, 10), "task x done in soon ms")
            wait_until(lambda: daemon.scrape().get(TASKS, id=container.id) == 10, "ten tasks")
            scrape = daemon.scrape()
            assert scrape.get(SECONDS + "_count", id=container.id) == 10
            assert scrape.get(SECONDS + "_sum", id=container.id) == 0.055
            assert scrape.get(SECONDS + "_bucket", id=container.id, le="0.005") == 5
            assert scrape.get(SECONDS + "_bucket", id=container.id, le="+Inf") == 10
            assert scrape.get("benchd_workload_tasks_total", workload="box:1", task="render") == 10
            log = {"id": container.id, "log": f"docker:{container.name}"}
            assert scrape.get("benchd_log_lines_total", result="matched", **log) == 10
            assert scrape.get("benchd_log_lines_total", result="unmatched", **log) == 2
            assert scrape.get("benchd_log_bytes_total", **log) == container.log.path.stat().st_size
            wait_until(lambda: daemon.scrape().get("benchd_log_lag_bytes", **log) == 0, "no lag")


def test_tasks_of_containers_that_a_rule_in_the_file_names(docker, cgroup, tmp_path):
    config = tmp_path / "benchd.yml"
    config.write_text("""
tasks:
  - name: job
    image: "box:*"
    match: "processed {count} tasks, mean {mean:ms}"
    example: "processed 500 tasks, mean 12 ms"
""")
    with Benchd(*docker.flags, f"--config.file={config}") as daemon:
        with docker.container(cgroup, "box:1") as mine, docker.container(cgroup, "other:1") as other:
            for container in (mine, other):
                container.start("sleep", "100")
                container.log.write("processed 500 tasks, mean 12 ms")
            wait_until(lambda: daemon.scrape().get(TASKS, id=mine.id) == 500, "the tasks")
            scrape = daemon.scrape()
            assert scrape.get(SECONDS + "_sum", id=mine.id) == 6
            assert scrape.get(TASKS, id=other.id) is None


def test_nothing_is_lost_or_doubled_by_kill_9_and_rotation(docker, cgroup):
    """The log is written and rotated all the time; benchd is killed at random moments and starts anew."""
    chance = random.Random(5)
    with docker.container(cgroup, "box:1", **LABELS) as container:
        container.start("sleep", "1000")
        written = 0
        with Benchd(*docker.flags, "--interval=50ms") as daemon:
            with Watcher(daemon, cgroup) as watcher:
                for _ in range(12):
                    for _ in range(chance.randrange(1, 6)):
                        count = chance.randrange(1, 3000)
                        container.log.write(*lines(written, count))
                        written += count
                        if chance.random() < 0.3:
                            container.log.rotate()
                        time.sleep(chance.random() * 0.1)
                    daemon.stop(signal.SIGKILL)
                    count = chance.randrange(0, 3000)
                    container.log.write(*lines(written, count))
                    written += count
                    if chance.random() < 0.3:
                        container.log.rotate()
                    daemon.start()
                wait_until(lambda: daemon.scrape().get(TASKS, id=container.id) == written, f"{written} tasks", 30)
                time.sleep(1)
                scrape = daemon.scrape()
            assert scrape.get(TASKS, id=container.id) == written
            assert scrape.get("benchd_workload_tasks_total", workload="box:1") == written
            assert watcher.fallen == []


def test_two_logs_of_one_container_are_each_counted_once(docker, cgroup, tmp_path):
    """Its output, and a file in it that comes later than it does."""
    if reason := why_not():
        pytest.skip(reason)
    root, config = tmp_path / "root", tmp_path / "benchd.yml"
    (root / "bin").mkdir(parents=True)
    shutil.copy(BUSYBOX, root / "bin/busybox")
    config.write_text("tasks:\n  - {name: row, image: 'box:*', path: /app.log, match: 'row {id} done'}\n")
    with docker.container(cgroup, "box:1", **LABELS) as container:
        container.start("chroot", str(root), "/bin/busybox", "sleep", "1000")
        written = 0

        def write(count):
            nonlocal written
            container.log.write(*lines(written, count))
            with open(root / "app.log", "a", encoding="utf-8") as file:
                file.writelines(f"row {n} done\n" for n in range(written, written + count))
            written += count

        with Benchd(*docker.flags, f"--config.file={config}", "--interval=50ms") as daemon, Watcher(daemon, cgroup) as watcher:
            daemon.wait_for(TASKS, id=container.id, task="render")
            for _ in range(4):
                write(1000)
                daemon.stop(signal.SIGKILL)
                write(500)
                daemon.start()
                for task in ("render", "row"):
                    wait_until(lambda: daemon.scrape().get(TASKS, id=container.id, task=task) == written, f"each {task}", 60)
            time.sleep(3)  # for what would be decided again
            scrape = daemon.scrape()
            assert [scrape.get(TASKS, id=container.id, task=task) for task in ("render", "row")] == [written, written]
            assert watcher.fallen == []


def test_a_log_that_goes_on_and_ends_while_no_benchd_runs_is_read_to_its_end(docker, cgroup):
    with Benchd(*docker.flags, "--interval=50ms") as daemon:
        with docker.container(cgroup, "box:1", **LABELS) as container:
            process = container.start("sleep", "100")
            container.log.write(*lines(0, 10))
            wait_until(lambda: daemon.scrape().get("benchd_workload_tasks_total", workload="box:1") == 10, "ten tasks")
            daemon.stop(signal.SIGKILL)
            container.log.write(*lines(10, 5))
            container.log.rotate()
            container.log.write(*lines(15, 5))
            process.kill()
            process.wait()
            container.die(exit_code=137)
        daemon.start()
        wait_until(lambda: daemon.scrape().get("benchd_workload_tasks_total", workload="box:1") == 20, "the rest")
        daemon.stop(signal.SIGKILL)
        daemon.start()
        time.sleep(2)
        assert daemon.scrape().get("benchd_workload_tasks_total", workload="box:1") == 20


def test_a_container_that_ends_at_once_has_its_tasks_counted(docker, cgroup):
    with Benchd(*docker.flags) as daemon:
        for n in range(5):
            with docker.container(cgroup, "box:1", **LABELS) as container:
                container.start("true").wait()
                container.log.write(f"task {n} done in 5 ms")
                container.die(exit_code=0)
        wait_until(lambda: daemon.scrape().get("benchd_workload_tasks_total", workload="box:1") == 5, "five tasks")


def test_files_of_the_host_are_charged_to_the_host_or_to_the_container_that_the_rule_names(docker, cgroup, tmp_path):
    logs = tmp_path / "logs"
    logs.mkdir()
    config = tmp_path / "benchd.yml"
    config.write_text(f"""
tasks:
  - name: nightly
    files: ["{logs}/nightly*.log*"]
    match: "row {{count}} in {{duration:s}}"
  - name: inner
    files: ["{logs}/app.log"]
    container: /{cgroup.path.name}/app
    match: "job {{id}} {{outcome}} after {{duration:auto}}"
""")
    nightly, app = logs / "nightly.log", logs / "app.log"
    nightly.write_text("row 10 in 1.5 s\nrow 5")
    app.write_text("job 1 ok after 20ms\njob 2 failed after 1s\n")
    with Benchd(*docker.flags, f"--config.file={config}", f"--collector.cgroup.include={cgroup.id}/app") as daemon:
        with Cgroup("app", cgroup) as container:
            container.run("sleep", "100")
            wait_until(lambda: daemon.scrape().get(TASKS, id="/", task="nightly") == 10, "the host's tasks")
            with open(nightly, "a", encoding="utf-8") as log:
                log.write(" in 2 s\n")
            wait_until(lambda: daemon.scrape().get(TASKS, id="/", task="nightly") == 15, "the rest of the line")
            nightly.rename(logs / "nightly-20250101.log")  # which the rule's glob matches too
            time.sleep(11)  # past the next look for files
            nightly.write_text("row 1 in 1 s\n")
            wait_until(lambda: daemon.scrape().get(TASKS, id="/", task="nightly") == 16, "the next file")
            wait_until(lambda: daemon.scrape().get(TASKS, id=container.id, task="inner", outcome="failed") == 1, "jobs", 30)
            scrape = daemon.scrape()
            assert scrape.get(TASKS, id=container.id, task="inner", outcome="ok") == 1
            assert scrape.get(SECONDS + "_sum", id="/", task="nightly") == 4.5
            assert scrape.get("benchd_log_rotations_total", id="/", log=f"file:{nightly}") == 1


def test_a_removed_containers_log_is_read_to_its_end(docker, cgroup):
    """docker run --rm: the folder is gone at once."""
    with Benchd(*docker.flags) as daemon:
        daemon.scrape()
        for n in range(20):
            with docker.container(cgroup, "box:1", **LABELS) as container:
                container.create()
                time.sleep(0.1)  # a real one needs more between its log and its first instruction
                container.start("true").wait()
                container.log.write(f"task {n} done in 5 ms")
                container.die(exit_code=0)
                shutil.rmtree(container.log.directory)
        wait_until(lambda: daemon.scrape().get("benchd_workload_tasks_total", workload="box:1") == 20, "twenty tasks")


def logs_in_ledger(daemon):
    with contextlib.closing(sqlite3.connect(f"file:{daemon.storage.name}/ledger.db?mode=ro", uri=True)) as ledger:
        return ledger.execute("SELECT count(*) FROM log").fetchone()[0]


def test_a_name_that_comes_when_its_container_is_gone_is_taken_whatever_the_retention(docker, cgroup):
    with Benchd(*docker.flags, "--retention=0s") as daemon:
        daemon.scrape()
        with docker.container(cgroup, "box:1", **LABELS) as container:
            docker.containers[container.name] = container
            container.create()
            container.run("true").wait()
            container.log.write(*lines(0, 10))
        time.sleep(2)
        container.started = docker.tell("start", container)
        container.die(exit_code=0)
        wait_until(lambda: daemon.scrape().get("benchd_workload_tasks_total", workload="box:1") == 10, "ten tasks")
        assert daemon.scrape().get("benchd_workload_runs_total", workload="unknown") is None


@pytest.mark.parametrize("driver", ["json-file", "local"])
def test_how_far_a_log_was_read_is_kept_until_its_container_is_removed(docker, cgroup, driver):
    """It may be started again until then; nothing is kept of it for ever after."""
    with Benchd(*docker.flags, "--retention=0s") as daemon:
        with docker.container(cgroup, "box:1", driver=driver, **LABELS) as container:
            process = container.start("sleep", "100")
            container.log.write(*lines(0, 10))
            wait_until(lambda: daemon.scrape().get(TASKS, id=container.id) == 10, "ten tasks")
            process.kill()
            process.wait()
            container.die(exit_code=0)
        wait_until(lambda: daemon.scrape().get("benchd_containers", state="running") is not None
                   and daemon.scrape().get(TASKS, id=container.id) is None, "it to be forgotten", 60)
        assert logs_in_ledger(daemon) == 1
        shutil.rmtree(container.log.directory)
        wait_until(lambda: logs_in_ledger(daemon) == 0, "its log to be forgotten", 120)
        assert daemon.scrape().get("benchd_workload_tasks_total", workload="box:1") == 10


def test_a_cgroup_that_is_populated_again_has_its_tasks_counted_on(docker, cgroup, tmp_path):
    """A service that restarts in the cgroup it had."""
    log, config = tmp_path / "app.log", tmp_path / "benchd.yml"
    config.write_text(f"tasks:\n  - {{name: app, files: ['{log}'], container: {cgroup.id}/app, match: 'row {{id}} done'}}\n")
    log.write_text("row 1 done\n")
    flags = [f"--config.file={config}", f"--collector.cgroup.include={cgroup.id}/app"]
    with Benchd(*docker.flags, *flags) as daemon, Cgroup("app", cgroup) as app:
        for turn in (1, 2, 3):
            process = app.run("sleep", "100")
            wait_until(lambda: daemon.scrape().get("benchd_container_populated", id=app.id) == 1, "it to run")
            wait_until(lambda: daemon.scrape().get(TASKS, id=app.id, task="app") == turn, f"row {turn}", 40)
            process.kill()
            process.wait()
            wait_until(lambda: daemon.scrape().get("benchd_container_populated", id=app.id) != 1, "it to end")
            time.sleep(3)  # its log is read to its end
            with open(log, "a", encoding="utf-8") as file:
                file.write(f"row {turn + 1} done\n")


def test_where_docker_keeps_no_file_the_engine_hands_out_the_log(docker, cgroup):
    """The container's folder is there nevertheless."""
    with Benchd(*docker.flags) as daemon:
        with docker.container(cgroup, "box:1", driver="local", **LABELS) as container:
            container.start("sleep", "100")
            container.log.write(*lines(0, 100))
            wait_until(lambda: daemon.scrape().get(TASKS, id=container.id) == 100, "the tasks")
            daemon.stop(signal.SIGKILL)
            container.log.write(*lines(100, 50))
            daemon.start()
            wait_until(lambda: daemon.scrape().get(TASKS, id=container.id) == 150, "the rest")


def test_a_file_of_the_host_that_was_rotated_away_while_no_benchd_ran_is_read_to_its_end(docker, tmp_path):
    """Its writer may not have made the next one yet."""
    log, config = tmp_path / "app.log", tmp_path / "benchd.yml"
    config.write_text(f"tasks:\n  - {{name: app, files: ['{log}'], match: 'row {{id}} done'}}\n")
    log.write_text("row 1 done\n")
    with Benchd(*docker.flags, f"--config.file={config}") as daemon:
        wait_until(lambda: daemon.scrape().get(TASKS, id="/", task="app") == 1, "the first line")
        daemon.stop(signal.SIGKILL)
        with open(log, "a", encoding="utf-8") as file:
            file.write("row 2 done\nrow 3 done\n")
        log.rename(tmp_path / "app.log.1")
        daemon.start()
        wait_until(lambda: daemon.scrape().get(TASKS, id="/", task="app") == 3, "what the rotated file holds")
        log.write_text("row 4 done\n")
        wait_until(lambda: daemon.scrape().get(TASKS, id="/", task="app") == 4, "the next file")
