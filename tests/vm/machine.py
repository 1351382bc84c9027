#!/usr/bin/python3
"""A real host for tests: Debian with systemd, pure cgroup v2, Docker and podman under qemu, started from tests/vm/image.

    with Machine(find_image(), payload={"benchd": "build/release/benchd"}) as machine:
        machine.check("docker run --rm box true")

Works without KVM, where everything is 10 to 60 times slower than outside: assert counts and equalities, never times.
The image is never changed: what a test writes is gone with the machine. By hand: `tests/vm/machine.py [NAME=FILE...]` is a
root shell on the console.
"""
import argparse
import base64
import ctypes
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

HERE = pathlib.Path(__file__).resolve().parent
NOT_HERE = 77  # exit code of tests/vm/image, which CMakeLists.txt calls skipped
PR_SET_PDEATHSIG = 1


class MachineError(Exception):
    """The machine itself failed: it did not boot, died, or no longer answers."""


class NotHere(Exception):
    """This computer cannot have the machine, and why."""


class CommandError(Exception):
    """A command that had to succeed did not."""


class Result(NamedTuple):
    rc: int
    out: str
    err: str


class Image(NamedTuple):
    """What tests/vm/image leaves in its directory."""
    disk: pathlib.Path
    kernel: pathlib.Path
    initrd: pathlib.Path

    @staticmethod
    def at(directory):
        directory = pathlib.Path(directory)
        return Image(directory / "disk.img", directory / "vmlinuz", directory / "initrd.img")


# BENCHD_VM_RELEASE=trixie: kernel 6.12 instead of 6.1.
RELEASE = os.environ.get("BENCHD_VM_RELEASE", "bookworm")


def find_image():
    """The cached image, built first where there is none; its progress goes to standard error."""
    script = subprocess.run([HERE / "image", "--release", RELEASE], stdout=subprocess.PIPE, text=True)
    if script.returncode == NOT_HERE:
        raise NotHere(script.stdout.strip())
    if script.returncode != 0:
        raise MachineError(f"tests/vm/image failed with {script.returncode}")
    return Image.at(script.stdout.strip())


class Machine:
    """One qemu. Use it as a context manager; it also dies with the thread that started it, however that ends.

    payload: {name: file or directory}, seen in the machine read-only as /payload/name.
    log: where the console is written. writable: changes reach the image's disk (only tests/vm/image wants that).
    /data in the machine is an empty ext4 on a virtio disk of its own (/dev/disk/by-id/virtio-data), for real IO.
    """

    def __init__(self, image, payload=None, log=None, memory_mib=2048, writable=False):
        self._image = image
        self._payload = dict(payload or {})
        self._memory_mib = memory_mib
        self._writable = writable
        self._log = pathlib.Path(log) if log else None
        self._directory = None
        self._process = None
        self._channel = None
        self._received = b""

    def __enter__(self):
        self._directory = pathlib.Path(tempfile.mkdtemp(prefix="benchd-vm-"))
        try:
            self._start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_):
        self.kill()

    def run(self, command, timeout=300):
        """Runs a bash command line as root, in /. One not done after `timeout` seconds is killed: TimeoutError."""
        reply = self._ask({"do": "run", "command": command, "timeout": timeout}, timeout + 60)
        out = base64.b64decode(reply["out"]).decode(errors="replace")
        err = base64.b64decode(reply["err"]).decode(errors="replace")
        if reply["timed_out"]:
            raise TimeoutError(f"not done after {timeout} s: {command}\n{out}{err}")
        return Result(reply["rc"], out, err)

    def check(self, command, timeout=300):
        """run() for a command that must succeed; returns its standard output."""
        result = self.run(command, timeout)
        if result.rc != 0:
            raise CommandError(f"exit code {result.rc}: {command}\n{result.out}{result.err}")
        return result.out

    def wait_until(self, command, timeout=120):
        """Waits until a command succeeds; returns its standard output."""
        deadline = time.monotonic() + timeout
        while True:
            result = self.run(command)
            if result.rc == 0:
                return result.out
            if time.monotonic() > deadline:
                raise TimeoutError(f"never succeeded in {timeout} s: {command}\n{result.out}{result.err}")
            time.sleep(0.2)

    def put(self, path, data, mode=0o644):
        """Writes bytes to a file in the machine, making its directory where needed."""
        self._ask({"do": "put", "path": path, "data": base64.b64encode(data).decode(), "mode": mode}, 60)

    def get(self, path):
        """The bytes of a file in the machine."""
        return base64.b64decode(self._ask({"do": "get", "path": path}, 60)["data"])

    def power_off(self, timeout=120):
        """An orderly end. A writable disk needs it: killed, it would keep empty files."""
        self.run("systemctl poweroff --no-block")
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise MachineError(f"did not power off in {timeout} s{self._last_words()}") from None

    def kill(self):
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._channel:
            self._channel.close()
            self._channel = None
        if self._directory:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None

    def console(self):
        """Instead of `with`: hands this terminal to a machine until it ends; returns qemu's exit code."""
        with tempfile.TemporaryDirectory(prefix="benchd-vm-") as directory:
            self._directory = pathlib.Path(directory)
            return subprocess.run(self._arguments() + ["-serial", "mon:stdio"]).returncode

    def _arguments(self):
        """qemu's command line up to the console and the agent's channel; makes the two small disks it names."""
        data = self._directory / "data.img"
        make_disk(data, "512M", "data")
        root_options = "cache=unsafe" if self._writable else "cache=unsafe,snapshot=on"
        return [
            "qemu-system-x86_64", "-no-user-config", "-nodefaults", "-display", "none", "-no-reboot",
            # KVM on request only: a /dev/kvm that opens does not always run a machine.
            "-accel", os.environ.get("BENCHD_VM_ACCEL", "tcg,thread=multi"),
            # Kernel 6.12 panicked at boot with it; the cause is believed to be qemu 7.2's emulation of cmpxchg16b under tcg.
            "-cpu", "qemu64,-cx16", "-smp", "2", "-m", str(self._memory_mib),
            "-kernel", self._image.kernel, "-initrd", self._image.initrd,
            # apparmor=0: the image has no AppArmor tools, and Docker refuses to start a container where the kernel has it on.
            "-append", "root=/dev/vda rw console=ttyS0 panic=-1 apparmor=0 net.ifnames=0 quiet",
            *disk("root", self._image.disk, root_options), *disk("data", data, "cache=unsafe"),
            *disk("payload", self._make_payload(), "readonly=on"),
            "-device", "virtio-rng-pci", "-device", "virtio-serial-pci",
        ]

    def _make_payload(self):
        root = self._directory / "payload"
        root.mkdir()
        for name, source in {**self._payload, "agent.py": HERE / "guest" / "agent.py"}.items():
            if os.path.isdir(source):
                shutil.copytree(source, root / name, symlinks=True)
            else:
                shutil.copy(source, root / name)
        kib = int(subprocess.run(["du", "-sk", root], check=True, capture_output=True, text=True).stdout.split()[0])
        path = self._directory / "payload.img"
        make_disk(path, f"{kib + kib // 8 + 4096}k", "payload", root)
        shutil.rmtree(root)
        return path

    def _start(self):
        self._channel, theirs = socket.socketpair()
        if self._log:
            self._log.parent.mkdir(parents=True, exist_ok=True)
        else:
            self._log = self._directory / "console.log"
        with theirs, open(self._log, "w") as log:  # qemu adds the console to its own messages
            command = self._arguments() + [
                "-chardev", f"file,id=console,path={self._log},append=on", "-serial", "chardev:console",
                "-chardev", f"socket,id=agent,fd={theirs.fileno()}", "-device", "virtserialport,chardev=agent,name=benchd.agent",
            ]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                             pass_fds=[theirs.fileno()], preexec_fn=die_with_parent)
        try:
            self._receive(600)
        except TimeoutError:
            raise MachineError(f"did not boot in 600 s{self._last_words()}") from None

    def _ask(self, request, timeout):
        if not self._channel:
            raise MachineError("is not running")
        try:
            self._channel.settimeout(60)
            self._channel.sendall(json.dumps(request).encode() + b"\n")
            reply = self._receive(timeout)
        except (TimeoutError, BrokenPipeError, ConnectionResetError):
            # What it still sends would be taken for the answer to the next question.
            message = f"no longer answers, asked to {request['do']} {request.get('command', request.get('path'))}"
            message += self._last_words()
            self.kill()
            raise MachineError(message) from None
        if "error" in reply:
            raise CommandError(f"{request['do']} {request.get('path', '')}: {reply['error']}")
        return reply

    def _receive(self, timeout):
        deadline = time.monotonic() + timeout
        while b"\n" not in self._received:
            self._channel.settimeout(max(0.001, deadline - time.monotonic()))
            data = self._channel.recv(1 << 20)
            if not data:
                raise MachineError(f"ended by itself{self._last_words()}")
            self._received += data
        line, self._received = self._received.split(b"\n", 1)
        return json.loads(line)

    def _last_words(self):
        if not self._log or not self._log.exists():
            return ""
        return "; its console ends with:\n" + "\n".join(self._log.read_text(errors="replace").splitlines()[-30:])


def disk(name, path, options):
    """Disks are /dev/vda, vdb, vdc in the order of these arguments, and /dev/disk/by-id/virtio-NAME."""
    return ["-drive", f"file={path},format=raw,if=none,id={name},{options}", "-device", f"virtio-blk-pci,drive={name},serial={name}"]


def make_disk(path, size, label, contents=None):
    # Nothing lazy: else the kernel goes on writing for minutes, and tests compare io.stat.
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-E", "lazy_itable_init=0", "-L", label,
                    *(["-d", contents] if contents else []), path, size], check=True, stdout=subprocess.DEVNULL)


def die_with_parent():
    """Between fork and exec: the kernel ends qemu when its parent is gone, be it by SIGKILL."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main():
    parser = argparse.ArgumentParser(description="A root shell in the test machine; Ctrl-A X ends it.")
    parser.add_argument("payload", nargs="*", metavar="NAME=FILE", help="seen in the machine as /payload/NAME")
    options = parser.parse_args()
    return Machine(find_image(), dict(item.split("=", 1) for item in options.payload)).console()


if __name__ == "__main__":
    sys.exit(main())
