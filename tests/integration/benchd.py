"""The daemon under test: starts it, asks it, ends it. And cgroups of the test's own."""

import contextlib
import http.client
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time

from truth import LABEL, SAMPLE

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("BENCHD", REPOSITORY / "build/release/benchd"))


def cgroup2_mount():
    """The cgroup2 mount as the kernel tells it, independent of benchd's own search."""
    for line in open("/proc/self/mountinfo"):
        left, right = line.split(" - ")
        if right.split()[0] == "cgroup2":
            return pathlib.Path(left.split()[4])
    return None


MOUNT = cgroup2_mount()


def wait_until(condition, what, seconds=20):
    """Waits for what must come; the limit only ends a test that has failed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.01)
    raise AssertionError(f"waited {seconds} s for {what}")


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def text(self):
        return self.body.decode()


ESCAPES = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


def parse_samples(text):
    """{(name, ((label, value), …) sorted): value} of a text 0.0.4 exposition."""
    samples = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        name, labels, value = SAMPLE.match(line).groups()
        pairs = LABEL.findall(labels or "")
        unescaped = [(key, re.sub(r'\\[\\"n]', lambda m: ESCAPES[m.group()], raw)) for key, raw in pairs]
        samples[name, tuple(sorted(unescaped))] = float(value)
    return samples


class Scrape:
    def __init__(self, text):
        self.text = text
        self.samples = parse_samples(text)

    def get(self, family, **labels):
        """The one sample of this family that has these labels among its own; None if there is none."""
        wanted = set(labels.items())
        found = [value for (name, pairs), value in self.samples.items() if name == family and wanted <= set(pairs)]
        assert len(found) <= 1, f"{family}{labels} is not one series: {found}"
        return found[0] if found else None

    def labels(self, family, **labels):
        wanted = set(labels.items())
        return [dict(pairs) for (name, pairs) in self.samples if name == family and wanted <= set(pairs)]


class Benchd:
    """`benchd serve` on a free port of loopback, as a context manager."""

    def __init__(self, *flags, env=None, prefix=()):
        self.flags = flags
        self.env = {**os.environ, **(env or {})}
        self.prefix = list(prefix)
        # Of this daemon alone, over its restarts; one that runs as nobody may write there too.
        self.storage = tempfile.TemporaryDirectory(prefix="benchd-storage-")
        os.chmod(self.storage.name, 0o777)
        self.control = f"{self.storage.name}/control.sock"
        self.log_file = tempfile.NamedTemporaryFile(prefix="benchd-", suffix=".log")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def start(self):
        config = [] if any(flag.startswith("--config.file") for flag in self.flags) else ["--config.file=/dev/null"]
        if not any(flag.startswith("--storage.path") for flag in self.flags):
            config.append(f"--storage.path={self.storage.name}")
        if not any(flag.startswith("--control.socket") for flag in self.flags):
            config.append(f"--control.socket={self.control}")
        command = [*self.prefix, str(BINARY), "serve", "--web.listen-address=127.0.0.1:0", *config, *self.flags]
        earlier = len(self.log)  # of a process before, on another port
        self.process = subprocess.Popen(command, stderr=open(self.log_file.name, "a"), env=self.env)
        found = wait_until(lambda: self.died() or re.search(r"port (\d+)", self.log[earlier:]), "the port in the log")
        self.port = int(found.group(1))

    def died(self):
        assert self.process.poll() is None, f"benchd ended with {self.process.returncode}:\n{self.log}"

    def find_in_log(self, pattern):
        found = re.search(pattern, self.log)
        return found and found.group(1)

    @property
    def log(self):
        return pathlib.Path(self.log_file.name).read_text()

    def stop(self, with_signal=signal.SIGTERM):
        self.process.send_signal(with_signal)
        return self.process.wait(timeout=20)

    def ask(self, path, method="GET", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            return Answer(connection.getresponse())

    def scrape(self):
        answer = self.ask("/metrics")
        assert answer.status == 200, answer.body
        return Scrape(answer.text)

    def wait_for(self, family, seconds=20, **labels):
        """Scrapes until the sample is there; returns that scrape."""
        def look():
            scrape = self.scrape()
            return scrape if scrape.get(family, **labels) is not None else None
        return wait_until(look, f"{family}{labels}", seconds)


def why_not_exact(daemon):
    """Why the daemon reads nothing by kernel programs, or None."""
    (mode,) = daemon.scrape().labels("benchd_kernel_mode_info")
    return None if mode["mode"] == "exact" else f"kernel mode is {mode['mode']}: {mode['reason']}"


class Cgroup:
    """A cgroup of the test's own below the cgroup2 mount; removed with what runs in it at the end."""

    def __init__(self, name, parent=None):
        self.path = (parent.path if parent else MOUNT) / name
        self.id = "/" + str(self.path.relative_to(MOUNT))

    def __enter__(self):
        self.path.mkdir()
        return self

    def __exit__(self, *_):
        self.remove()

    def run(self, *command, **options):
        """Starts a command that is in the cgroup from its first instruction."""
        procs = str(self.path / "cgroup.procs")
        return subprocess.Popen(["sh", "-c", 'echo $$ > "$0" && exec "$@"', procs, *command], **options)

    def read(self, name):
        return (self.path / name).read_text()

    def keyed(self, name):
        return {key: int(value) for key, value in (line.split() for line in self.read(name).splitlines())}

    def remove(self):
        if not self.path.exists():
            return
        below = [directory for directory in self.path.rglob("*") if directory.is_dir()]
        for directory in sorted([self.path, *below], key=lambda directory: -len(directory.parts)):
            wait_until(lambda: self.gone(directory), f"rmdir {directory}")

    @staticmethod
    def kill(directory):
        with contextlib.suppress(FileNotFoundError, OSError):
            for pid in (directory / "cgroup.procs").read_text().split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)

    @classmethod
    def gone(cls, directory):
        """Kills at each try: what `run` started may not have come into the cgroup yet."""
        cls.kill(directory)
        try:
            directory.rmdir()
        except FileNotFoundError:
            pass
        except OSError:
            return False
        return True


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
