"""The runtime registry against real engines of Debian's packages (see runtimes_watch.cpp for what drives it)."""

import json
import os
import queue
import subprocess
import threading
import time
from pathlib import Path

import pytest

from benchd import MOUNT
from engines import Docker, Podman, cgroups_named, remove_empty_cgroups, why_not

WATCH = os.environ.get("RUNTIMES_WATCH", "")
COMPOSE = ("--label=com.docker.compose.project=shop", "--label=com.docker.compose.service=web", "--label=secret=x")
LABELS = {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"}
# What a slow machine is given; nothing is asserted about how long anything takes.
PATIENCE = 60

pytestmark = [
    pytest.mark.skipif(not WATCH, reason="RUNTIMES_WATCH names no program"),
    pytest.mark.skipif(MOUNT is None, reason="no cgroup2 mount"),
]


class Watch:
    """runtimes_watch and what it has said."""

    def __init__(self, docker="/nonexistent", podman="/nonexistent", docker_root="/nonexistent", containerd="/nonexistent"):
        self.process = subprocess.Popen(
            [WATCH, MOUNT, str(docker), str(podman), str(docker_root), str(containerd)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.lines = queue.Queue()
        self.containers = {}  # cgroup → runtime id, in the order they were seen
        self.metadata = {}  # cgroup → the latest
        self.history = []  # every (cgroup, metadata)
        self.states = None
        self.gone = set()
        threading.Thread(target=self.read, daemon=True).start()

    def __enter__(self):
        self.until(lambda: self.states is not None, "the first status")
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        assert self.process.wait(PATIENCE) == 0

    def read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def take(self, line):
        if "seen" in line:
            self.containers[line["cgroup"]] = line["id"]
        elif "gone" in line:
            self.gone.add(line["gone"])
        elif "metadata" in line:
            self.metadata[line["cgroup"]] = line["metadata"]
            self.history.append((line["cgroup"], line["metadata"]))
        else:
            self.states = line["states"]

    def until(self, holds, what):
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < deadline, f"{what} did not come; {self.containers} {self.metadata} {self.states}"
            assert self.process.poll() is None, "runtimes_watch ended"
            try:
                self.take(self.lines.get(timeout=0.1))
            except queue.Empty:
                pass

    def named(self, name, **wanted):
        """The cgroups of containers of this name, oldest first."""
        return [
            cgroup
            for cgroup in self.containers
            if (it := self.metadata.get(cgroup))
            and it["name"] == name
            and all(it[key] == value for key, value in wanted.items())
        ]

    def await_named(self, name, count=1, **wanted):
        self.until(lambda: len(self.named(name, **wanted)) >= count, f"{count} × {name} with {wanted}")
        return self.metadata[self.named(name, **wanted)[-1]]

    def await_running(self, name, count=1):
        def running():
            return sum(self.metadata[cgroup]["init_pid"] is not None for cgroup in self.named(name)) >= count

        self.until(running, f"{name} running")
        return next(self.metadata[c] for c in reversed(self.named(name)) if self.metadata[c]["init_pid"] is not None)

    def await_state(self, subject, found):
        self.until(
            lambda: any(s["subject"] == subject and found in s["found"] for s in self.states), f"{subject}: {found}"
        )

    def await_well(self, subject):
        """Other tests run engines and make containers of their own beside this one: their states are not asked for."""
        self.until(lambda: all(s["subject"] != subject for s in self.states), f"no state of the {subject}")


@pytest.fixture(scope="module")
def docker(tmp_path_factory):
    if reason := why_not("dockerd", "docker", "runc"):
        pytest.skip(reason)
    with Docker(tmp_path_factory.mktemp("d")) as engine:
        yield engine


@pytest.fixture(scope="module")
def podman(tmp_path_factory):
    if reason := why_not("podman", "conmon"):
        pytest.skip(reason)
    with Podman(tmp_path_factory.mktemp("p")) as engine:
        yield engine


@pytest.fixture(params=["docker", "podman"])
def engine(request):
    started = request.getfixturevalue(request.param)
    yield started
    started.remove_all()


@pytest.fixture
def watch(engine):
    with Watch(**{type(engine).__name__.lower(): engine.socket}) as watching:
        yield watching


def image_of(engine):
    return ("localhost/" if isinstance(engine, Podman) else "") + "bench/box:1"


def test_names_labels_image_and_limits(engine, watch):
    engine.run("-d", "--name=web", *COMPOSE, "--memory=64m", "--cpus=0.5", "/bin/sleep", "1000")
    it = watch.await_running("web")
    assert it["image"] == image_of(engine)
    assert it["image_digest"].startswith("sha256:")
    assert it["labels"] == LABELS
    assert it["memory_limit_bytes"] == 64 << 20
    assert it["cpu_limit"] == 0.5
    assert it["exit_code"] is None
    assert it["restarts"] == 0
    assert it["log_driver"] == ("k8s-file" if isinstance(engine, Podman) else "json-file")
    assert Path(it["log_path"]).is_file()
    command = Path(f"/proc/{it['init_pid']}/cmdline").read_bytes()
    assert command == b"/bin/sleep\0" + b"1000\0"
    assert abs(it["created"] - time.time()) < 3600 and it["created"] <= it["started"]


def test_a_container_that_was_there_before(engine):
    engine.run("-d", "--name=old", *COMPOSE, "/bin/sleep", "1000")
    with Watch(**{type(engine).__name__.lower(): engine.socket}) as watching:
        assert watching.await_running("old")["labels"] == LABELS


def test_exit_code_of_a_container_removed_after_50_ms(engine, watch):
    engine.run("--rm", "--name=short", *COMPOSE, "/bin/sh", "-c", "/bin/busybox usleep 50000; exit 7", check=False)
    it = watch.await_named("short", exit_code=7)
    assert it["image"] == image_of(engine)
    assert it["labels"] == LABELS
    assert it["finished"] >= it["started"]


def test_many_short_containers_lose_no_exit_code(engine, watch):
    for code in range(5):
        engine.run("--rm", f"--name=n{code}", "/bin/sh", "-c", f"exit {code}", check=False)
    for code in range(5):
        watch.await_named(f"n{code}", exit_code=code)


def test_a_restart_is_a_second_container_and_the_first_keeps_its_end(engine, watch):
    engine.run("-d", "--name=twice", "/bin/sh", "-c", "trap 'exit 3' TERM; while :; do sleep 0.1; done")
    first = watch.await_running("twice")
    engine.engine("restart", "twice")
    watch.until(lambda: len(watch.named("twice")) == 2, "the second cgroup")
    old, new = watch.named("twice")
    watch.until(lambda: watch.metadata[new]["init_pid"] is not None, "the second run's pid")
    second = watch.metadata[new]
    assert second["init_pid"] != first["init_pid"]
    # Podman's event of the end may come after an inspect has shown the next run.
    watch.until(lambda: watch.metadata[old]["exit_code"] is not None, "the first end")
    assert watch.metadata[old]["exit_code"] == 3
    assert all(it["exit_code"] is None for cgroup, it in watch.history if cgroup == new)
    engine.engine("rm", "--force", "twice")
    watch.until(lambda: watch.metadata[new]["exit_code"] is not None, "the second end")
    assert watch.metadata[old]["exit_code"] == 3


def test_rename(engine, watch):
    engine.run("-d", "--name=before", "/bin/sleep", "1000")
    watch.await_running("before")
    engine.engine("rename", "before", "after")
    assert watch.await_named("after")["image"] == image_of(engine)


def test_an_engine_that_hangs_and_wakes(engine, watch):
    engine.run("-d", "--name=web", "/bin/sleep", "1000")
    watch.await_running("web")
    # A container that appears while the engine hangs: nobody answers for it, nothing breaks.
    place = "docker/" if isinstance(engine, Docker) else "libpod_parent/libpod-"
    ghost = MOUNT / f"{place}{'f' * 64}"
    with engine.paused():
        ghost.mkdir(parents=True)
        try:
            watch.await_state(f"{type(engine).__name__.lower()} engine", "hangs")
        finally:
            ghost.rmdir()
    engine.run("--rm", "--name=later", "/bin/sh", "-c", "exit 9", check=False)
    watch.await_named("later", exit_code=9)


def test_an_engine_that_is_restarted(engine, watch):
    engine.run("--rm", "--name=first", "/bin/sh", "-c", "exit 1", check=False)
    watch.await_named("first", exit_code=1)
    engine.stop_engine()
    subject = f"{type(engine).__name__.lower()} engine"
    watch.await_state(subject, "")
    engine.start_engine()
    watch.await_well(subject)
    engine.run("--rm", "--name=second", "/bin/sh", "-c", "exit 2", check=False)
    watch.await_named("second", exit_code=2)


def test_health(docker):
    with Watch(docker=docker.socket) as watching:
        docker.run(
            "-d", "--name=sick", "--health-cmd=test -e /well", "--health-interval=200ms", "--health-retries=1",
            "/bin/sleep", "1000",
        )
        watching.await_named("sick", health="unhealthy")
        docker.engine("exec", "sick", "/bin/touch", "/well")
        watching.await_named("sick", health="healthy")
    docker.remove_all()


def test_out_of_memory(docker):
    with Watch(docker=docker.socket) as watching:
        docker.run("--name=boom", "--memory=8m", "/bin/sh", "-c", "x=a; while :; do x=$x$x; done", check=False)
        if docker.engine("inspect", "--format={{.State.OOMKilled}}", "boom") != "true":
            pytest.skip("the memory controller does not limit here")
        it = watching.await_named("boom", exit_code=137)
        watching.await_named("boom", oom_killed=True)
        assert it["memory_limit_bytes"] is None or it["memory_limit_bytes"] == 8 << 20
    docker.remove_all()


def test_without_a_socket_dockers_own_file_tells(docker):
    with Watch(docker_root=docker.directory / "data") as watching:
        docker.run("-d", "--name=quiet", *COMPOSE, "/bin/sleep", "1000")
        it = watching.await_running("quiet")
        assert it["labels"] == LABELS
        assert it["image"] == "bench/box:1"
    docker.remove_all()


def test_without_any_source_the_state_says_so(docker):
    with Watch() as watching:
        docker.run("-d", "--name=dark", "/bin/sleep", "1000")
        watching.await_state("docker containers", "no docker engine answers")
        assert watching.containers and not watching.metadata
    docker.remove_all()


def test_containerds_own_container(docker):
    """`ctr run` in the containerd that dockerd brings along: named by its path, limits from the bundle."""
    directory = docker.directory / "exec" / "containerd"
    before = cgroups_named("default")
    archive = docker.directory / "image.tar"
    docker.engine("save", "--output", str(archive), "bench/box:1")

    def ctr(*arguments):
        address = ("--address", str(directory / "containerd.sock"), "--namespace", "default")
        subprocess.run(["ctr", *address, *arguments], check=True, capture_output=True, timeout=PATIENCE)

    ctr("images", "import", "--snapshotter=native", str(archive))
    with Watch(containerd=directory / "daemon") as watching:
        run = ("run", "--detach", "--snapshotter=native", f"--memory-limit={64 << 20}", f"--runc-root={directory}/runc")
        ctr(*run, "docker.io/bench/box:1", "lonely", "/bin/sleep", "1000")
        try:
            it = watching.await_named("lonely")
            assert it["memory_limit_bytes"] == 64 << 20
            watching.await_well("containerd containers")
        finally:
            ctr("tasks", "delete", "--force", "lonely")
            ctr("containers", "delete", "lonely")
            remove_empty_cgroups(cgroups_named("default") - before)


def test_an_engine_answers_one_request_per_connection(engine):
    """What the door's contract rests on: after "Connection: close" a second request is not answered."""
    import socket

    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        client.connect(str(engine.socket))
        client.sendall(
            b"GET /version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /info HTTP/1.1\r\nHost: x\r\n\r\n"
        )
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    assert answer.count(b"HTTP/1.1 ") == 1
