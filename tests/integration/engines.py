"""Real container engines for tests: Debian's dockerd and podman, each in a directory of its own.

`with Docker(directory) as docker:` starts a dockerd that shares nothing with any other on this machine (socket, state,
images, containerd), and ends it and its containers afterwards; `Podman` likewise. Needs root. Neither touches the host's
network: containers have none (`--network none` or `host`).

    docker.run("--name=web", "-d", "/bin/sleep", "100")    # in BOX, an image of static busybox alone
    docker.engine("inspect", "web")                        # any command of the client
    with docker.paused(): ...                              # an engine that hangs
    docker.restart_engine()
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from benchd import wait_until

BOX = "bench/box:1"  # /bin/sh and everything else is busybox
BUSYBOX = "/bin/busybox"
START_TIMEOUT = 60


def why_not(*programs):
    """Why engines cannot run here, or None. For pytest.mark.skipif."""
    if os.geteuid() != 0:
        return "needs root"
    for program in programs:
        if shutil.which(program) is None:
            return f"{program} is not installed"
    if not os.access(BUSYBOX, os.X_OK):
        return "busybox-static is not installed"
    if subprocess.run(["ldd", BUSYBOX], capture_output=True, check=False).returncode == 0:
        return f"{BUSYBOX} is not static"
    return None


def box_tar(directory):
    """A root file system of busybox alone, as a tar for `docker import`."""
    root = Path(directory) / "box"
    (root / "bin").mkdir(parents=True, exist_ok=True)
    shutil.copy(BUSYBOX, root / "bin" / "busybox")
    for name in ("sh", "sleep", "true", "cat", "dd", "touch"):
        with contextlib.suppress(FileExistsError):
            (root / "bin" / name).symlink_to("busybox")
    archive = Path(directory) / "box.tar"
    subprocess.run(["tar", "-C", str(root), "-cf", str(archive), "."], check=True)
    return archive


def listens(path):
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


def cgroups_named(name):
    """/NAME in every hierarchy where that is there."""
    return {path for depth in ("", "*/") for path in Path("/sys/fs/cgroup").glob(depth + name)}


def remove_empty_cgroups(cgroups):
    for cgroup in cgroups:
        for path in [path for path, _, _ in os.walk(cgroup, topdown=False)]:
            with contextlib.suppress(OSError):  # somebody else's containers are in it by now
                os.rmdir(path)


class Engine:
    """What Docker and Podman share. `directory` must be short: the socket's path has at most 107 bytes."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.socket = self.directory / "sock"
        self.process = None
        self.cgroups_before = cgroups_named(self.CGROUP_PARENT)

    def __enter__(self):
        try:
            self.start_engine()
            self.import_box()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process is not None:
            with contextlib.suppress(subprocess.SubprocessError, OSError):
                self.remove_all()
            self.stop_engine()
        self.unmount_leftovers()
        remove_empty_cgroups(cgroups_named(self.CGROUP_PARENT) - self.cgroups_before)

    def start_engine(self):
        self.socket.unlink(missing_ok=True)  # of one that was killed
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                self.command(), env=self.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_until(
            lambda: self.process.poll() is not None or listens(self.socket), f"{self} to listen", START_TIMEOUT
        )
        if self.process.poll() is not None:
            raise RuntimeError(f"{self} ended at once:\n{(self.directory / 'log').read_text()[-3000:]}")

    def stop_engine(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(START_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def restart_engine(self):
        self.stop_engine()
        self.start_engine()

    @contextlib.contextmanager
    def paused(self):
        """It takes connections and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def engine(self, *arguments, check=True, timeout=60):
        """Runs the client, and gives its standard output; `check=False` also lets it fail."""
        done = subprocess.run(
            [*self.client(), *arguments],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip()

    def run(self, *arguments, check=True, image=BOX):
        """`run --network none OPTION… IMAGE COMMAND…`; the command begins at the first argument with a leading slash."""
        start = next(i for i, argument in enumerate(arguments) if argument.startswith("/"))
        options, command = arguments[:start], arguments[start:]
        return self.engine("run", "--network", "none", *options, image, *command, check=check)

    def environment(self):
        return {**os.environ, "TMPDIR": str(self.directory)}

    def unmount_leftovers(self):
        """An engine that was killed leaves its containers' mounts behind."""
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for mount in sorted((m for m in mounts if m.startswith(f"{self.directory}/")), reverse=True):
            subprocess.run(["umount", "-l", mount], check=False, capture_output=True)

    def __str__(self):
        return f"{type(self).__name__} in {self.directory}"


class Docker(Engine):
    """dockerd with the cgroupfs driver: works without systemd."""

    CGROUP_PARENT = "docker"

    def command(self):
        return [
            "dockerd",
            f"--host=unix://{self.socket}",
            f"--data-root={self.directory}/data",
            f"--exec-root={self.directory}/exec",
            f"--pidfile={self.directory}/pid",
            "--exec-opt=native.cgroupdriver=cgroupfs",
            "--iptables=false",
            "--ip6tables=false",
            "--bridge=none",
        ]

    def client(self):
        return ["docker", "--host", f"unix://{self.socket}"]

    def import_box(self):
        self.engine("import", str(box_tar(self.directory)), BOX)

    def remove_all(self):
        ids = self.engine("ps", "--all", "--quiet").split()
        if ids:
            self.engine("rm", "--force", *ids)

    def stop_engine(self):
        super().stop_engine()
        (self.directory / "pid").unlink(missing_ok=True)


class Podman(Engine):
    """`podman system service` with the cgroupfs manager. The client works on the same storage, without the service."""

    CGROUP_PARENT = "libpod_parent"

    def __init__(self, directory):
        super().__init__(directory)
        # Its default limits are above the hard ones in an unprivileged environment, where runc then fails.
        (self.directory / "containers.conf").write_text(
            '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n'
            '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n'
        )

    def command(self):
        return [*self.client(), "system", "service", "--time", "0", f"unix://{self.socket}"]

    def client(self):
        return [
            "podman",
            f"--root={self.directory}/root",
            f"--runroot={self.directory}/run",
            f"--tmpdir={self.directory}/tmp",
        ]

    def environment(self):
        return {**super().environment(), "CONTAINERS_CONF": str(self.directory / "containers.conf")}

    def import_box(self):
        self.engine("import", str(box_tar(self.directory)), BOX)

    def remove_all(self):
        self.engine("rm", "--all", "--force", "--time", "0")

    def unmount_leftovers(self):
        """At the end of a container its conmon starts a `podman container cleanup`, which mounts the storage anew."""
        with contextlib.suppress(AssertionError):  # a container that was not removed; the mounts go nevertheless
            wait_until(lambda: not self.uses_storage(), f"{self}'s cleanups")
        super().unmount_leftovers()

    def uses_storage(self):
        for command in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if f"{self.directory}/root".encode() in command.read_bytes():
                    return True
        return False
