"""benchd in the test machine, as an operator installs it: the unit, the user and the drop-ins of deploy/systemd."""
import time

from benchd import Scrape

PORT = 10900

# Docker's socket is open to the group of 10-engine-socket.conf. podman's is root's alone: an operator who wants the names of its
# containers lets benchd in like this.
PODMAN_SOCKET = "[Socket]\nSocketGroup=benchd\nSocketMode=0660\n"

INSTALL = """
    set -e
    install -D -m644 /payload/systemd/benchd.sysusers.conf /etc/sysusers.d/benchd.conf
    systemd-sysusers
    install -m644 /payload/systemd/benchd.service /etc/systemd/system/
    install -D -m644 -t /etc/systemd/system/benchd.service.d /payload/systemd/10-engine-socket.conf
    systemctl daemon-reload
    systemctl restart podman.socket
    chmod 711 /run/podman
    systemctl start benchd
"""


class Service:
    """The running benchd.service: started at once, and READY when this returns, for the unit is of Type=notify."""

    def __init__(self, machine):
        self.machine = machine
        # Only the place of the program differs from a package's.
        machine.put("/etc/systemd/system/benchd.service.d/payload.conf",
                    b"[Service]\nExecStart=\nExecStart=/payload/benchd serve $ARGS\n")
        machine.put("/etc/systemd/system/podman.socket.d/benchd.conf", PODMAN_SOCKET.encode())
        machine.check(INSTALL)

    def text(self):
        return self.machine.check(f"curl -sSf localhost:{PORT}/metrics")

    def scrape(self):
        return Scrape(self.text())

    def wait_for(self, family, value=None, timeout=120, **labels):
        """Scrapes until the series is there (and has this value); returns that scrape."""
        deadline = time.monotonic() + timeout
        while True:
            scrape = self.scrape()
            found = scrape.get(family, **labels)
            if found is not None and value in (None, found):
                return scrape
            if time.monotonic() > deadline:
                raise TimeoutError(f"{family}{labels} was {found} for {timeout} s, not {value}\n{self.log()}")
            time.sleep(0.2)

    def property(self, name):
        return self.machine.check(f"systemctl show -P {name} benchd").strip()

    def log(self):
        return self.machine.check("journalctl -q -o cat -u benchd")


def identity(cgroup):
    """The label `id` of the container whose cgroup is this directory."""
    return cgroup.removeprefix("/sys/fs/cgroup")
