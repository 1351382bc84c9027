#!/usr/bin/python3
"""Millions of numbered lines through every kind of log, rotated all the time, with the daemon killed by -9 at random
moments: none may be lost, none counted twice.

    tasks_soak.py --lines 5000000 --kills 100 docker podman json-file json-file-unlink cri plain copytruncate engine journal

needs root and a writable cgroup2 mount, as the tests do; prints a line for each source. The lines' durations differ, so
their sum tells a loss that a line counted twice would make up for.
"""

import argparse
import contextlib
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
import types

from benchd import MOUNT, Benchd, Cgroup, wait_until
from engines import Docker, Podman
from fake_docker import FakeDocker, LogFile
from watcher import Watcher

TASKS, SECONDS = "benchd_tasks_total", "benchd_task_duration_seconds_sum"
RULE = "task {id} done in {duration:us}"
LABELS = {"benchd.task.match": RULE, "benchd.task.name": "render"}
PATIENCE = 300
JOURNAL_IMPORTER = "/usr/lib/systemd/systemd-journal-remote"


def duration(n):
    """In microseconds."""
    return n * 7919 % 1_000_003


def line(n):
    return f"task {n} done in {duration(n)} us"


class Source:
    """One log that a container writes. `rotate()` is called between writes, `turn()` between writes once all is read."""

    driver, engine = "json-file", "docker"

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.turns = 0

    def flags(self):
        return []

    @contextlib.contextmanager
    def opened(self, cgroup):
        """Gives the flags for benchd, and below which id its counters are."""
        with FakeDocker(self.directory, self.engine) as docker:
            with docker.container(cgroup, "box:1", driver=self.driver, **LABELS) as container:
                self.start(container)
                container.start("sleep", "100000")
                yield [*docker.flags, *self.flags()], cgroup

    def start(self, container):
        self.container = container
        self.log = container.log

    def write(self, lines):
        self.log.write(*lines)

    def rotate(self):
        self.log.rotate(keep=9)

    def turn(self, soak):
        pass

    def subject(self):
        return self.container.id


class JsonFile(Source):
    pass


class Unlinked(Source):
    """max-file=1: what is not read when the file is unlinked is in no file any more, if nobody has it open."""

    def rotate(self):
        pass

    def turn(self, soak):
        self.turns += 1
        self.log.unlink()
        soak.write(1)


class Cri(Source):
    driver, engine = "k8s-file", "podman"


class PlainFile(LogFile):
    @staticmethod
    def record(text, _stream, _when):
        return text + "\n"


class Plain(Source):
    """A file of the host that nobody stamps."""

    def flags(self):
        config = self.directory / "benchd.yml"
        config.write_text(f"tasks:\n  - {{name: render, files: [{self.directory}/app.log], match: '{RULE}'}}\n")
        return [f"--config.file={config}"]

    def start(self, container):
        super().start(container)
        self.log = PlainFile(self.directory, "app.log")

    def subject(self):
        return "/"


class Copytruncated(Plain):
    """What is written between the copy and the cut is lost, if benchd has not read it by then: here it never has."""

    LOST = 10  # lines a turn

    def rotate(self):
        pass

    def turn(self, soak):
        self.turns += 1
        with soak.daemon_stopped():
            self.log.copytruncate(between=lambda: soak.write(self.LOST, lost=True))
            soak.write(1)


class Engine(Source):
    driver = "local"

    def rotate(self):
        pass


class Journal(Source):
    """Journals as journald writes them, a file for each few writes."""

    driver = "journald"

    def __init__(self, directory):
        super().__init__(directory)
        self.journals = self.directory / "journals"
        self.journals.mkdir()
        self.ordinal = 0

    def flags(self):
        return [f"--path.journal={self.journals}"]

    def write(self, lines):
        entries = []
        for text in lines:
            self.ordinal += 1
            at = 1_735_787_045_000_000 + self.ordinal
            entries.append(f"__REALTIME_TIMESTAMP={at}\n__MONOTONIC_TIMESTAMP={1_000_000 + self.ordinal}\n"
                           f"_BOOT_ID=0123456789abcdef0123456789abcdef\nMESSAGE={text}\nPRIORITY=6\n"
                           f"CONTAINER_ID_FULL={self.container.name}\nCONTAINER_LOG_EPOCH=e1\n"
                           f"CONTAINER_LOG_ORDINAL={self.ordinal}\n\n")
        target = self.journals / f"{self.ordinal:012d}.journal"
        subprocess.run([JOURNAL_IMPORTER, "-o", target, "-"], input="".join(entries).encode(), check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def rotate(self):
        pass


class RealEngine(Source):
    """A container that copies what it is given to its standard output."""

    def make(self, directory):
        raise NotImplementedError

    @contextlib.contextmanager
    def opened(self, cgroup):
        # Its own: the path of a socket is short.
        with tempfile.TemporaryDirectory(prefix="soak-") as directory, self.make(directory) as engine:
            feed = pathlib.Path(directory) / "feed"
            feed.mkdir()
            os.mkfifo(feed / "fifo")
            labels = [f"--label={key}={value}" for key, value in LABELS.items()]
            self.name = engine.run("--detach", *labels, *self.OPTIONS, f"--volume={feed}:/feed", "/bin/cat", "/feed/fifo")
            with open(feed / "fifo", "w", encoding="ascii") as self.pipe:
                yield self.engine_flags(directory, engine), types.SimpleNamespace(id=f"/{engine.CGROUP_PARENT}/")

    def write(self, lines):
        self.pipe.write("".join(f"{text}\n" for text in lines))
        self.pipe.flush()

    def rotate(self):
        pass

    def subject(self):
        """As benchd calls it, once it has seen it."""
        below = [path for path in MOUNT.glob(f"*/*{self.name}*") if path.is_dir()]
        return "/" + str(below[0].relative_to(MOUNT)) if below else "/none"


class RealDocker(RealEngine):
    """Rotates and compresses by itself."""

    OPTIONS = ["--log-opt=max-size=8m", "--log-opt=max-file=9", "--log-opt=compress=true"]

    def make(self, directory):
        return Docker(directory)

    def engine_flags(self, directory, engine):
        return [f"--runtimes.docker.socket={engine.socket}", f"--runtimes.docker.root={directory}/data",
                "--runtimes.podman.socket=/nonexistent", "--runtimes.users=/nonexistent"]


class RealPodman(RealEngine):
    OPTIONS = ["--log-driver=k8s-file"]

    def make(self, directory):
        return Podman(directory)

    def engine_flags(self, directory, engine):
        return [f"--runtimes.podman.socket={engine.socket}", f"--runtimes.podman.storage={directory}/root",
                "--runtimes.docker.socket=/nonexistent", "--runtimes.docker.root=/nonexistent",
                "--runtimes.users=/nonexistent"]


SOURCES = {"docker": RealDocker, "podman": RealPodman, "json-file": JsonFile, "json-file-unlink": Unlinked, "cri": Cri, "plain": Plain,
           "copytruncate": Copytruncated, "engine": Engine, "journal": Journal}


class Soak:
    def __init__(self, source, daemon, chance):
        self.source, self.daemon, self.chance = source, daemon, chance
        self.written = self.lost = 0
        self.microseconds = 0  # of all that is not lost
        self.rotations = 0  # since all was read

    def write(self, count, lost=False):
        """`lost`: nobody will ever be able to read them."""
        numbers = range(self.written, self.written + count)
        self.source.write([line(n) for n in numbers])
        self.written += count
        if lost:
            self.lost += count
        else:
            self.microseconds += sum(map(duration, numbers))

    @contextlib.contextmanager
    def daemon_stopped(self):
        """It lives, and sees nothing."""
        process = self.daemon.process
        process.send_signal(signal.SIGSTOP)
        wait_until(lambda: pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(") ")[1][0] == "T", "it to stop")
        yield
        process.send_signal(signal.SIGCONT)

    def counted(self):
        return self.daemon.scrape().get(TASKS, id=self.source.subject(), task="render") or 0

    def catch_up(self):
        try:
            wait_until(lambda: self.counted() >= self.written - self.lost, f"{self.written - self.lost} tasks", PATIENCE)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.counted():.0f} came") from None
        self.rotations = 0

    def rotate(self):
        """Nine rotated files are kept: on a busy machine benchd may be killed again before it has read the oldest."""
        if self.rotations == 8:
            return
        self.rotations += 1
        self.source.rotate()

    def round(self, lines):
        """Writes while the daemon runs, kills it at any moment, writes on, and starts it again."""
        parts = self.chance.randrange(1, 5)
        for _ in range(parts):
            self.write(lines // (parts + 1))
            if self.chance.random() < 0.3:
                self.rotate()
        if self.chance.random() < 0.3:
            self.catch_up()
            self.source.turn(self)
        time.sleep(self.chance.random() * 0.2)
        self.daemon.stop(signal.SIGKILL)
        self.write(lines - parts * (lines // (parts + 1)))
        if self.chance.random() < 0.3:
            self.rotate()
        self.daemon.start()


def soak(name, lines, kills, directory, cgroup, seed=1):
    """Returns what came of it. `lines` are those that could be read, `cut_away` those that could not; `lost_microseconds`
    is what `counted` lacks of the former, as time."""
    began = time.monotonic()
    source = SOURCES[name](directory)
    with source.opened(cgroup) as (flags, parent):
        with Benchd(*flags, "--interval=50ms", "--collector.kernel=false") as daemon:
            run = Soak(source, daemon, random.Random(seed))
            with Watcher(daemon, parent) as watcher:
                for _ in range(kills):
                    run.round(lines // kills)
                run.catch_up()
                time.sleep(1)  # for what would be counted twice
            scrape = daemon.scrape()
            subject = {"id": source.subject()}
            counts = {family: sum(value for (found, labels), value in scrape.samples.items()
                                  if found == f"benchd_log_{family}_total" and subject.items() <= dict(labels).items())
                      for family in ("losses", "lost_lines", "truncations", "rotations")}
            return {"source": name, "lines": run.written - run.lost, "cut_away": run.lost, "kills": kills,
                    "turns": source.turns,
                    "counted": scrape.get(TASKS, task="render", **subject),
                    "lost_microseconds": run.microseconds - round(scrape.get(SECONDS, task="render", **subject) * 1e6),
                    "fallen": watcher.fallen, "scrapes": watcher.scrapes, **counts,
                    "seconds": round(time.monotonic() - began, 1)}


def complaints(result):
    """What must not be. A file that was unlinked while nobody had it open may have held more than was read: benchd killed
    right after the unlink cannot know that this one did not, and must say so, but no more often than that."""
    blind = result["turns"] if result["source"] == "json-file-unlink" else 0
    cuts = result["turns"] if result["source"] == "copytruncate" else 0
    rules = {"each line counts once": result["counted"] == result["lines"],
             "each is itself": result["lost_microseconds"] == 0,
             "no counter falls": not result["fallen"],
             "no line is told to be lost that is not": result["lost_lines"] == 0,
             "no loss is told where there is none": result["losses"] <= blind,
             "each cut is told, once": result["truncations"] == cuts}
    return [rule for rule, holds in rules.items() if not holds]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=5_000_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("sources", nargs="*", default=list(SOURCES), choices=list(SOURCES))
    asked = parser.parse_args()
    bad = 0
    for name in asked.sources or list(SOURCES):
        with tempfile.TemporaryDirectory() as directory, Cgroup(f"benchd-soak-{os.getpid()}") as cgroup:
            result = soak(name, asked.lines, asked.kills, directory, cgroup, asked.seed)
        good = not complaints(result)
        bad += not good
        print("good" if good else "BAD ", result, flush=True)
    return bad


if __name__ == "__main__":
    sys.exit(main())
