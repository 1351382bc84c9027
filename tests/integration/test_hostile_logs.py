"""A container that writes and plants what it can to harm whoever reads its logs. It costs nobody else anything."""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import shutil
import stat

import pytest

from benchd import Benchd, wait_until
from engines import BUSYBOX, why_not
from fake_docker import FakeDocker

TASKS = "benchd_tasks_total"
HONEST = {"benchd.task.match": "task {id} done in {duration:ms}", "benchd.task.name": "honest"}
PATHS = ["link", "relative-link", "fifo", "device", "folder", "endless", "link-to-proc"]


@pytest.fixture
def docker(tmp_path):
    with FakeDocker(tmp_path) as running:
        yield running


def memory_of(daemon):
    status = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) << 10


class Honest:
    """A container beside it, whose tasks are counted within seconds whatever else happens."""

    def __init__(self, daemon, container):
        self.daemon, self.container, self.written = daemon, container, 0
        container.start("sleep", "1000")

    def is_counted(self):
        self.container.log.write(*[f"task {n} done in 1 ms" for n in range(100)])
        self.written += 100
        wait_until(lambda: self.daemon.scrape().get(TASKS, id=self.container.id) == self.written, "an honest one's tasks", 10)


def plant(root, secret):
    """What a container may put where a rule expects a log. Every one but the honest file is none."""
    logs = root / "logs"
    logs.mkdir(parents=True)
    (logs / "link").symlink_to(secret)
    (logs / "relative-link").symlink_to("../" * 20 + str(secret).lstrip("/"))
    os.mkfifo(logs / "fifo")
    os.mknod(logs / "device", stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero
    (logs / "folder").mkdir()
    (logs / "endless").touch()
    os.truncate(logs / "endless", 1 << 40)  # a hole of a terabyte
    (logs / "link-to-proc").symlink_to("/proc/1/root" + str(secret))
    (logs / "good").write_text("inner 1 done\n")


def test_what_a_container_plants_is_neither_followed_nor_waited_for(docker, cgroup, tmp_path):
    if reason := why_not():
        pytest.skip(reason)
    secret = tmp_path / "secret.log"
    secret.write_text("inner 1 done\n" * 1000)
    root = tmp_path / "root"
    plant(root, secret)
    (root / "bin").mkdir()
    shutil.copy(BUSYBOX, root / "bin/busybox")
    config = tmp_path / "benchd.yml"
    config.write_text("tasks:\n" + "".join(
        f"  - {{name: {name}, image: 'evil:*', path: /logs/{name}, match: 'inner {{id}} done'}}\n" for name in [*PATHS, "good"]))
    with Benchd(*docker.flags, f"--config.file={config}") as daemon:
        with docker.container(cgroup, "evil:1") as evil, docker.container(cgroup, "box:1", **HONEST) as container:
            evil.start("chroot", str(root), "/bin/busybox", "sleep", "1000")
            honest = Honest(daemon, container)
            wait_until(lambda: daemon.scrape().get(TASKS, id=evil.id, task="good") == 1, "its one log", 30)
            for _ in range(3):
                honest.is_counted()
            scrape = daemon.scrape()
            for name in PATHS:
                assert not scrape.get(TASKS, id=evil.id, task=name), name


def test_a_million_kinds_escapes_and_a_line_of_a_hundred_megabytes(docker, cgroup):
    labels = {"benchd.task.match": "did {kind} {outcome} in {duration:ms}", "benchd.task.name": "evil"}
    with Benchd(*docker.flags) as daemon:
        with docker.container(cgroup, "evil:1", **labels) as evil, docker.container(cgroup, "box:1", **HONEST) as container:
            evil.start("sleep", "1000")
            honest = Honest(daemon, container)
            honest.is_counted()
            before = memory_of(daemon)
            evil.log.write("did \x1b[2J\x07\x9b31m \x1b]0;x\x07 in 1 ms", "\x00" * 1000, "\x1b[31m unmatched")
            for first in range(0, 1_000_000, 100_000):
                evil.log.write(*[f"did k{n} o{n % 977} in 1 ms" for n in range(first, first + 100_000)])
                honest.is_counted()
            with open(evil.log.path, "a", encoding="ascii") as log:
                log.write('{"log":"did big ok in 1 ms ' + "x" * 100_000_000 + '\\n","stream":"stdout","time":"2025-01-01T00:00:00Z"}\n')
            honest.is_counted()
            evil.log.write("did it well in 1 ms")
            wait_until(lambda: daemon.scrape().get("benchd_log_lag_bytes", id=evil.id) == 0, "all of it to be read", 60)
            scrape = daemon.scrape()
            series = scrape.labels(TASKS, id=evil.id)
            assert len(series) <= 203, "100 kinds and outcomes of a rule, and what is left"
            counted = sum(value for (name, pairs), value in scrape.samples.items()
                          if name == TASKS and dict(pairs).get("id") == evil.id)
            assert counted >= 1_000_001
            assert scrape.get("benchd_log_overflowed_tasks_total", id=evil.id) >= 999_000
            assert "\x1b" not in scrape.text and "\x07" not in scrape.text and "\x9b" not in scrape.text
            unmatched = daemon.ask("/api/v1/tasks/unmatched").text
            assert all(" " <= char < "\x7f" for char in unmatched)
            assert json.loads(unmatched)["logs"]
            assert memory_of(daemon) - before < 48 << 20
            honest.is_counted()


def test_a_name_that_is_given_again_is_another_container(docker, cgroup):
    """The engine's id tells them apart: the second one's log is read from its start, the first one's is not counted again."""
    with Benchd(*docker.flags) as daemon:
        for turn in range(3):
            with docker.container(cgroup, "box:1", **HONEST) as container:
                container.display_name = "again"
                container.start("sleep", "100")
                container.log.write(*[f"task {n} done in 1 ms" for n in range(10)])
                wait_until(lambda: daemon.scrape().get("benchd_workload_tasks_total", workload="box:1") == 10 * (turn + 1),
                           f"the tasks of turn {turn}")
                container.die(exit_code=0)


SHORT = int(os.environ.get("SHORT_CONTAINERS", "60"))
SIDE_BY_SIDE = 8


def test_short_lived_containers_leave_each_a_task_and_no_memory(docker, cgroup):
    def is_open(path):
        for fd in pathlib.Path(f"/proc/{daemon.process.pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if os.readlink(fd) == str(path):
                    return True
        return False

    def run(_):
        with docker.container(cgroup, "box:1", **HONEST) as container:
            container.create()
            # A real one needs a while between its log and its first instruction, the more the busier the machine is.
            wait_until(lambda: is_open(container.log.path), "its log to be held", 60)
            container.start("true").wait()
            container.log.write("task 1 done in 1 ms")
            container.die(exit_code=0)
        container.destroy()

    with Benchd(*docker.flags, "--retention=0s") as daemon, concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        list(pool.map(run, range(20)))
        before = memory_of(daemon)
        list(pool.map(run, range(SHORT)))
        def counted():
            return daemon.scrape().get("benchd_workload_tasks_total", workload="box:1")

        with contextlib.suppress(AssertionError):
            wait_until(lambda: counted() == 20 + SHORT, f"{20 + SHORT} tasks", 60)
        assert counted() == 20 + SHORT
        grown = memory_of(daemon) - before
        print(f"{SHORT} containers, {grown >> 10} KiB more of memory")
        assert grown < 8 << 20, "however many they are"
