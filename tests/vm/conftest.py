import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import pytest

from engine import Engine
from machine import RELEASE, Machine, MachineError, NotHere, find_image

ROOT = pathlib.Path(__file__).resolve().parents[2]
INTEGRATION = ROOT / "tests" / "integration"
sys.path.append(str(INTEGRATION))

from service import Service  # noqa: E402 (reads expositions as the tests there do)

BUILD = pathlib.Path(os.environ.get("BENCHD_BUILD", ROOT / "build" / "release"))
LOGS = BUILD / "vm-logs"


@contextlib.contextmanager
def booted(image, payload, **options):
    """A Machine that can run programs built on this one. Bookworm's image has their libraries; those that another release
    lacks are brought along."""
    if RELEASE == "bookworm":
        with Machine(image, payload, **options) as machine:
            yield machine
        return
    with tempfile.TemporaryDirectory(prefix="benchd-vm-lib-") as directory:
        for line in subprocess.check_output(["ldd", BUILD / "benchd"], text=True).splitlines():
            if "=> /" in line and "libc.so" not in line:
                shutil.copy(line.split("=> ")[1].split()[0], directory)
        with Machine(image, payload | {"lib": pathlib.Path(directory)}, **options) as machine:
            machine.check("""
                for library in /payload/lib/*; do
                    ldconfig -p | grep -qF "$(basename $library) " || cp $library /usr/local/lib
                done
                ldconfig""")
            yield machine


@pytest.fixture(scope="session")
def image():
    try:
        return find_image()
    except NotHere as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def machine(image, request):
    """The one machine of the session: a boot takes half a minute. Logs of the last session stay in vm-logs of the build."""
    payload = {"benchd": BUILD / "benchd", "systemd": ROOT / "deploy" / "systemd", "truth.py": INTEGRATION / "truth.py",
               "guest": ROOT / "tests" / "vm" / "guest"}
    with booted(image, payload, log=LOGS / "console.log") as machine:
        machine.wait_until("systemctl is-active docker.service && test -S /run/user/1000/bus", timeout=300)
        yield machine
        if request.session.testsfailed:
            with contextlib.suppress(MachineError):  # dead, it is the console that tells
                (LOGS / "journal.log").write_text(machine.run("journalctl -b -o short-monotonic").out)


@pytest.fixture(scope="session")
def service(machine):
    return Service(machine)


@pytest.fixture(params=["docker", "podman"])
def rootful(machine, request):
    """The engines whose sockets benchd may use here."""
    yield from started(machine, request.param)


@pytest.fixture
def docker(machine):
    yield from started(machine, "docker")


@pytest.fixture
def podman(machine):
    yield from started(machine, "podman")


def started(machine, name):
    engine = Engine(machine, name)
    yield engine
    engine.remove_all()
