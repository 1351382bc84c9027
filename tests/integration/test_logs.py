"""The followers of logs against real engines of Debian's packages (see logs_watch.cpp for what drives them)."""

import collections
import concurrent.futures
import json
import os
import subprocess
import threading

import pytest

from benchd import wait_until
from engines import Docker, Podman, why_not

WATCH = os.environ.get("LOGS_WATCH", "")
# 1,000 take four minutes.
SHORT_CONTAINERS = int(os.environ.get("SHORT_CONTAINERS", "40"))
PATIENCE = 60

pytestmark = pytest.mark.skipif(not WATCH, reason="LOGS_WATCH names no program")


class Watch:
    """logs_watch and what it has said."""

    def __init__(self, docker="/nonexistent", podman="/nonexistent", docker_root="/nonexistent", storage="/nonexistent"):
        self.process = subprocess.Popen(
            [WATCH, str(docker), str(podman), str(docker_root), str(storage)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.lines = collections.defaultdict(list)  # log → texts
        self.places = {}
        self.losses = 0
        self.ended = set()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def read(self):
        for text in self.process.stdout:
            said = json.loads(text)
            log = said["log"]
            if "line" in said:
                self.lines[log].append(said["line"])
            elif "place" in said:
                self.places[log] = said["place"]
                self.losses += said["losses"]
            else:
                self.ended.add(log)

    def ask(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def finish(self):
        self.ask("finish")
        self.process.wait(PATIENCE)
        self.reader.join()

    def all_lines(self):
        return sorted(line for lines in self.lines.values() for line in lines)


@pytest.fixture(scope="module")
def docker(tmp_path_factory):
    if reason := why_not("dockerd", "docker"):
        pytest.skip(reason)
    with Docker(tmp_path_factory.mktemp("d")) as engine:
        yield engine


@pytest.fixture(scope="module")
def podman(tmp_path_factory):
    if reason := why_not("podman"):
        pytest.skip(reason)
    with Podman(tmp_path_factory.mktemp("p")) as engine:
        yield engine


def watch_docker(docker):
    return Watch(docker=docker.socket, docker_root=docker.directory / "data")


def test_containers_that_docker_removes_at_once_lose_no_line(docker):
    with watch_docker(docker) as watch:
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for done in [
                pool.submit(docker.run, "--rm", "/bin/sh", "-c", f"echo line {number}")
                for number in range(SHORT_CONTAINERS)
            ]:
                done.result()
        watch.finish()
        assert watch.all_lines() == sorted(f"line {number}" for number in range(SHORT_CONTAINERS))
        assert watch.losses == 0


def test_a_rotating_docker_log_loses_no_line(docker):
    with watch_docker(docker) as watch:
        docker.run(
            "--rm", "--log-opt=max-size=100k", "--log-opt=max-file=3", "--log-opt=compress=true",
            # A pause now and then: what Docker removes 20 ms after it was written, no one can read on a busy machine.
            "/bin/sh", "-c", "i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1));"
                             " [ $((i % 500)) = 0 ] && sleep 0.1; done; true",
        )  # fmt: skip
        watch.finish()
        assert [line for lines in watch.lines.values() for line in lines] == [f"line {n}" for n in range(5000)]
        assert watch.losses == 0


def test_a_docker_log_of_one_file_that_is_unlinked_loses_no_line(docker):
    with watch_docker(docker) as watch:
        # Slow enough for one look a rotation: what is unlinked unseen is gone, and counted.
        docker.run(
            "--rm", "--log-opt=max-size=20k",
            "/bin/sh", "-c", "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); [ $((i%100)) = 0 ] && sleep 0.1; done; true",
        )  # fmt: skip
        watch.finish()
        lines = [line for lines in watch.lines.values() for line in lines]
        assert watch.losses > 0 or lines == [f"line {n}" for n in range(2000)]
        assert len(lines) == len(set(lines))


def test_long_lines_and_terminals_are_joined(docker):
    with watch_docker(docker) as watch:
        for length in (16383, 16384, 16385, 40000):
            docker.run("--rm", "/bin/sh", "-c", f"head -c {length} /dev/zero | tr '\\0' x; echo; echo next")
        docker.run("--rm", "-t", "/bin/sh", "-c", "echo of a terminal")
        watch.finish()
        lengths = sorted(len(line) for lines in watch.lines.values() for line in lines if line.startswith("x"))
        assert lengths == [16383, 16384, 16385, 40000]
        assert watch.all_lines().count("next") == 4
        assert "of a terminal" in watch.all_lines()


@pytest.mark.parametrize("driver", ["local", "json-file"])
@pytest.mark.parametrize("terminal", [False, True])
def test_the_engine_is_asked_where_there_is_no_file(docker, driver, terminal):
    name = f"asked-{driver}-{terminal}"
    options = ["-t"] if terminal else []
    script = "echo a; echo b >&2; echo c; read x < /gate; head -c 20000 /dev/zero | tr '\\0' x; echo; echo d"
    docker.run(
        "-d", f"--name={name}", f"--log-driver={driver}", *options, "/bin/sh", "-c", "busybox mkfifo /gate; " + script
    )
    container = docker.engine("inspect", "--format={{.Id}}", name)
    log = f"engine:{container}"
    with Watch(docker=docker.socket) as watch:
        watch.ask(f"engine {container}")
        wait_until(lambda: len(watch.lines[log]) == 3, "the first lines", PATIENCE)
        place = wait_until(lambda: watch.places.get(log), "their place", PATIENCE)
    with Watch(docker=docker.socket) as watch:  # after a kill -9
        watch.ask(f"engine {container} {place}")
        docker.engine("exec", name, "/bin/sh", "-c", "echo > /gate")
        docker.engine("wait", name)
        watch.finish()
        if terminal and driver == "local":  # 20.10 glues the line after a long one to it
            assert watch.lines[log][-1].endswith("d")
        else:
            assert [line[:1] + str(len(line)) for line in watch.lines[log]] == ["x20000", "d1"]
        assert watch.losses == 0


def test_podmans_file_is_followed_over_its_overwriting(podman):
    with Watch(storage=podman.directory / "root") as watch:
        podman.run(
            "-d", "--name=k8s", "--log-driver=k8s-file", "--log-opt=max-size=20kb",
            "/bin/sh", "-c", "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); [ $((i%50)) = 0 ] && sleep 0.1; done; true",
        )  # fmt: skip
        watch.ask("file " + podman.engine("inspect", "--format={{.Id}}", "k8s"))
        podman.engine("wait", "k8s")
        watch.finish()
        (lines,) = watch.lines.values()
        assert len(lines) == len(set(lines))
        assert lines[-1] == "line 1999"
        assert watch.losses > 0 or lines == [f"line {n}" for n in range(2000)]


def test_podman_is_asked_where_there_is_no_file(podman):
    script = "echo a; echo b >&2; echo c; read x < /gate; head -c 20000 /dev/zero | tr '\\0' x; echo; echo d"
    podman.run("-d", "--name=asked", "--log-driver=k8s-file", "/bin/sh", "-c", "busybox mkfifo /gate; " + script)
    container = podman.engine("inspect", "--format={{.Id}}", "asked")
    log = f"podman:{container}"
    with Watch(podman=podman.socket) as watch:
        watch.ask(f"podman {container}")
        wait_until(lambda: len(watch.lines[log]) == 3, "the first lines", PATIENCE)
        place = wait_until(lambda: watch.places.get(log), "their place", PATIENCE)
    with Watch(podman=podman.socket) as watch:  # after a kill -9
        watch.ask(f"podman {container} {place}")
        podman.engine("exec", "asked", "/bin/sh", "-c", "echo > /gate")
        podman.engine("wait", "asked")
        watch.finish()
        assert [line[:1] + str(len(line)) for line in watch.lines[log]] == ["x20000", "d1"]
        assert watch.losses == 0
