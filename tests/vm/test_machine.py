"""The test machine is what the other tests here take it for: a host of pure cgroup v2 alone. (Limits, kills, IO: test_truth.py.)"""
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from machine import Image, Machine, MachineError


def test_answers_with_exit_code_output_and_errors_apart(machine):
    assert machine.run("echo out; echo err >&2; exit 3") == (3, "out\n", "err\n")


def test_carries_any_bytes_both_ways(machine):
    data = bytes(range(256)) * 5000
    machine.put("/root/made/on/the/way", data)
    assert machine.get("/root/made/on/the/way") == data


def test_a_command_that_hangs_is_ended_with_its_children(machine):
    with pytest.raises(TimeoutError):
        machine.run("sleep 7777 | sleep 7777", timeout=1)
    assert machine.run("pgrep -f 'sleep 777[7]'").rc == 1


def test_a_machine_that_ends_by_itself_is_an_error_with_its_last_words(image, tmp_path):
    (tmp_path / "vmlinuz").write_text("no kernel")
    with pytest.raises(MachineError, match="kernel"):
        with Machine(Image(image.disk, tmp_path / "vmlinuz", image.initrd)):
            pass


def test_a_killed_test_run_leaves_no_machine_behind(image):
    start = "from machine import *\nwith Machine(find_image()): pass"
    tests = subprocess.Popen([sys.executable, "-c", start], cwd=pathlib.Path(__file__).parent)
    qemu = None
    while not qemu:
        assert tests.poll() is None
        time.sleep(0.05)
        for pid in pathlib.Path(f"/proc/{tests.pid}/task/{tests.pid}/children").read_text().split():
            if pathlib.Path(f"/proc/{pid}/comm").read_text().startswith("qemu-system"):
                qemu = pathlib.Path(f"/proc/{pid}")
    tests.send_signal(signal.SIGKILL)
    tests.wait()
    deadline = time.monotonic() + 30
    while qemu.exists() and "State:\tZ" not in (qemu / "status").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_cgroup_v2_is_alone_and_whole(machine):
    assert machine.check("stat -fc %T /sys/fs/cgroup").strip() == "cgroup2fs"
    assert "cgroup " not in machine.check("cut -d' ' -f3- /proc/mounts")
    assert {"cpu", "cpuset", "io", "memory", "pids"} <= set(machine.check("cat /sys/fs/cgroup/cgroup.subtree_control").split())
    assert machine.check("ls /proc/pressure").split() == ["cpu", "io", "memory"]


def test_systemd_rules_and_nothing_failed(machine):
    assert machine.check("cat /proc/1/comm").strip() == "systemd"
    assert machine.run("systemctl is-system-running --wait").out.strip() == "running", machine.run("systemctl --failed").out


def test_podman_s_monitor_has_a_cgroup_of_its_own(podman):
    group = podman.start("watched").replace("libpod-", "libpod-conmon-")
    assert podman.machine.check(f"cat /proc/$(head -1 {group}/cgroup.procs)/comm").strip() == "conmon"
