"""The container engines of the test machine, so that one test can be told to each of them."""
import json
import pathlib
import shlex
from typing import NamedTuple

from machine import CommandError, Machine


class Engine(NamedTuple):
    """One of COMMANDS by its name; containers are made from `box`, which every engine of the machine has."""
    machine: Machine
    name: str

    @property
    def command(self):
        return COMMANDS[self.name]

    def __call__(self, arguments, timeout=300):
        return self.machine.run(f"{self.command} {arguments}", timeout)

    def start(self, name, options="", program="sleep infinity"):
        """Starts a container in the background, its program a line of shell; returns the directory of its cgroup.

        Its shell is process 1 and so does not hear SIGTERM: without a stop timeout each removal would last 10 s.
        """
        self.machine.check(f"{self.command} run -d --stop-timeout 0 --name {name} {options} box sh -c {shlex.quote(program)}")
        return self.cgroup(name)

    def cgroup(self, name):
        """The directory of the container itself: crun puts the program into a cgroup `container` below it."""
        state = self.inspect(name)
        if state["State"]["Pid"] == 0:
            raise CommandError(f"{name} has ended: {state['State']}\n{self(f'logs {name}')}")
        line = self.machine.check(f"grep ^0:: /proc/{state['State']['Pid']}/cgroup").strip()
        path = pathlib.PurePath("/sys/fs/cgroup" + line.removeprefix("0::"))
        return str(next(group for group in reversed([path, *path.parents]) if state["Id"] in group.name))

    def inspect(self, name):
        return json.loads(self.machine.check(f"{self.command} inspect {name}"))[0]

    def remove_all(self):
        self.machine.check(f"ids=$({self.command} ps -aq); test -z \"$ids\" || {self.command} rm -f $ids")


COMMANDS = {
    "docker": "docker",
    "podman": "podman",
    "rootless": "runuser -u bench -- env XDG_RUNTIME_DIR=/run/user/1000 podman",
}
