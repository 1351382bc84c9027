"""A Docker that runs nothing: it answers on a socket of its own what benchd asks of one, about containers that a test
makes out of plain cgroups. Names, labels and exit codes come as fast as a test wants, hundreds of runs a minute."""

import contextlib
import datetime
import http.server
import json
import os
import pathlib
import secrets
import select
import shutil
import socketserver
import threading
import time

from benchd import Cgroup


def stamp(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class FakeDocker:
    """`with FakeDocker(directory) as docker:`; benchd is given `docker.flags`. With `engine="podman"` a podman."""

    def __init__(self, directory, engine="docker"):
        self.engine = engine
        self.socket = f"{directory}/docker.sock"
        self.root = pathlib.Path(directory) / "docker"
        (self.root / "containers").mkdir(parents=True)
        self.storage = pathlib.Path(directory) / "storage"
        other = "podman" if engine == "docker" else "docker"
        self.flags = [f"--runtimes.{engine}.socket={self.socket}", f"--runtimes.{other}.socket=/nonexistent",
                      "--runtimes.users=/nonexistent", f"--runtimes.docker.root={self.root}",
                      f"--runtimes.podman.storage={self.storage}"]
        self.changed = threading.Condition()
        self.containers = {}
        self.events = []  # (time, line)
        self.silent = False

    def __enter__(self):
        docker = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                with contextlib.suppress(OSError):  # whoever asked was killed
                    docker.answer(self)

            def log_message(self, *_):
                pass

            def address_string(self):
                return "unix"

        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            daemon_threads = True

        self.server = Server(self.socket, Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def container(self, parent, image, driver="json-file", **labels):
        """A cgroup that benchd takes for a container of this engine; not started yet."""
        return Container(self, secrets.token_hex(32), parent, image, labels, driver)

    def tell(self, action, container, **attributes):
        now = time.time()
        actor = {"ID": container.name, "Attributes": {"image": container.image, "name": container.display_name,
                                                      **container.labels, **attributes}}
        line = json.dumps({"Type": "container", "Action": action, "Actor": actor, "timeNano": int(now * 1e9)})
        with self.changed:
            self.events.append((now, line))
            self.changed.notify_all()
        return now

    def answer(self, request):
        path, _, query = request.path.partition("?")
        path = "/" + path.split("/", 2)[2] if path.startswith("/v1.") else path
        if path == "/events":
            self.stream(request, query)
            return
        if path == "/containers/json":
            body = [it.listed() for it in list(self.containers.values()) if it.started and not it.finished]
        elif path.startswith("/containers/") and path.endswith("/logs") and path.split("/")[2] in self.containers:
            self.containers[path.split("/")[2]].log.answer(request, query)
            return
        elif path.startswith("/containers/") and path.split("/")[2] in self.containers:
            body = self.containers[path.split("/")[2]].inspected()
        else:
            body = None
        text = json.dumps(body if body is not None else {}).encode()
        request.send_response(200 if body is not None else 404)
        request.send_header("Content-Length", str(len(text)))
        request.end_headers()
        request.wfile.write(text)

    def stream(self, request, query):
        since = next((float(part[6:]) for part in query.split("&") if part.startswith("since=")), time.time())
        request.send_response(200)
        request.end_headers()
        request.wfile.flush()
        sent = 0
        while True:
            with self.changed:
                self.changed.wait_for(lambda: len(self.events) > sent, timeout=1)
                new, sent = self.events[sent:], len(self.events)
            for when, line in new:
                if when >= since and not self.silent:
                    request.wfile.write(line.encode() + b"\n")
            request.wfile.flush()


class Container(Cgroup):
    def __init__(self, docker, name, parent, image, labels, driver):
        super().__init__(name if docker.engine == "docker" else f"libpod-{name}", parent)
        self.docker, self.name, self.image, self.labels, self.driver = docker, name, image, labels, driver
        self.started = self.finished = None
        self.exit_code = self.init_pid = 0
        self.display_name = name[:12]
        if driver == "json-file":
            self.log = JsonFile(docker.root / "containers" / name, name)
        elif driver == "k8s-file":
            self.log = CriFile(docker.storage / "overlay-containers" / name / "userdata")
        elif driver == "local":
            self.log = EngineLog(docker.root / "containers" / name)
        else:
            self.log = Nowhere(docker.root / "containers" / name)

    def create(self):
        self.log.directory.mkdir(parents=True, exist_ok=True)
        self.log.path.touch()

    def start(self, *command, **options):
        self.docker.containers[self.name] = self
        self.create()
        process = self.run(*command, **options)
        self.init_pid = process.pid
        self.started = self.docker.tell("start", self)
        return process

    def die(self, exit_code):
        self.exit_code = exit_code
        self.finished = self.docker.tell("die", self, exitCode=str(exit_code))

    def destroy(self):
        """As `docker rm` does, its log too."""
        shutil.rmtree(self.log.directory)
        self.docker.containers.pop(self.name)
        self.docker.tell("destroy", self)

    def listed(self):
        return {"Id": self.name, "Names": ["/" + self.display_name], "Image": self.image, "Labels": self.labels}

    def inspected(self):
        state = {"Running": not self.finished, "Status": "exited" if self.finished else "running",
                 "StartedAt": stamp(self.started or time.time()), "ExitCode": self.exit_code,
                 "FinishedAt": stamp(self.finished) if self.finished else "0001-01-01T00:00:00Z",
                 "Pid": 0 if self.finished else self.init_pid}
        return {"Id": self.name, "Name": "/" + self.display_name, "Created": stamp(self.started or time.time()), "State": state,
                "Config": {"Image": self.image, "Labels": self.labels}, "LogPath": str(self.log.path),
                "HostConfig": {"LogConfig": {"Type": self.driver}}}


class LogFile:
    """A container's log in files. After a rotation it is there again with the next line."""

    def __init__(self, directory, name):
        self.directory, self.path = directory, directory / name

    def write(self, *lines, stream="stdout"):
        text = "".join(self.record(line, stream, stamp(time.time())) for line in lines)
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(text)

    def rotate(self, keep=3):
        """As with max-file: the oldest goes, all others move up."""
        for n in range(keep, 0, -1):
            older = self.path.with_name(self.path.name + f".{n}")
            newer = self.path if n == 1 else self.path.with_name(self.path.name + f".{n - 1}")
            if newer.exists():
                newer.rename(older)

    def unlink(self):
        """As with max-file=1."""
        self.path.unlink(missing_ok=True)

    def copytruncate(self, keep=3, between=lambda: None):
        """As logrotate does to who cannot open a file anew. `between` the copy and the cut is where lines get lost."""
        for n in range(keep, 1, -1):
            older, newer = (self.path.with_name(self.path.name + f".{m}") for m in (n, n - 1))
            if newer.exists():
                newer.rename(older)
        shutil.copyfile(self.path, self.path.with_name(self.path.name + ".1"))
        between()
        os.truncate(self.path, 0)


class JsonFile(LogFile):
    """As Docker's json-file driver writes it."""

    def __init__(self, directory, name):
        super().__init__(directory, f"{name}-json.log")

    @staticmethod
    def record(line, stream, when):
        return json.dumps({"log": line + "\n", "stream": stream, "time": when}) + "\n"


class CriFile(LogFile):
    """As podman's k8s-file driver and the kubelet's runtimes write it."""

    def __init__(self, directory):
        super().__init__(directory, "ctr.log")

    @staticmethod
    def record(line, stream, when):
        return f"{when} {stream} F {line}\n"


class Nowhere:
    """Of drivers that write no file of the container's."""

    def __init__(self, directory):
        self.directory, self.path = directory, directory / "config.v2.json"


class EngineLog(Nowhere):
    """What the engine hands out of a log of its own ("local"): frames of one stream, from a second on."""

    def __init__(self, directory):
        super().__init__(directory)
        self.frames = directory / "frames"
        self.seconds = []  # (second, offset of its first frame)
        self.size = 0

    def write(self, *lines):
        frames = bytearray()
        for line in lines:
            now = time.time_ns()
            if not self.seconds or now // 10**9 > self.seconds[-1][0]:
                self.seconds.append((now // 10**9, self.size + len(frames)))
            text = f"{stamp(now // 10**9)[:19]}.{now % 10**9:09d}Z {line}\n".encode()
            frames += b"\1\0\0\0" + len(text).to_bytes(4, "big") + text
        with open(self.frames, "ab") as file:
            file.write(frames)
        self.size += len(frames)  # what is asked for is never more than what is written

    def answer(self, request, query):
        asked = dict(part.split("=", 1) for part in query.split("&"))
        request.protocol_version = "HTTP/1.1"
        request.send_response(200)
        request.send_header("Content-Type", "application/vnd.docker.multiplexed-stream")
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        request.close_connection = True
        if "stdout" not in asked:
            request.wfile.write(b"0\r\n\r\n")
            return
        follow = asked.get("follow") == "1"
        since = int(asked.get("since", 0))
        at = next((offset for second, offset in self.seconds if second >= since), self.size)
        with open(self.frames, "ab"), open(self.frames, "rb") as file:
            file.seek(at)
            while True:
                piece = file.read(min(1 << 16, self.size - file.tell()))
                if piece:
                    request.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                elif not follow:
                    request.wfile.write(b"0\r\n\r\n")
                    return
                else:
                    request.wfile.flush()
                    if select.select([request.connection], [], [], 0.002)[0]:
                        return  # whoever asked is gone
