#!/usr/bin/env python3
"""What the whole daemon costs: N cgroups, one reading and one scrape a second, for a while; beside a peer if one is named.

    tests/bench/daemon_cost.py                                  100 cgroups, 60 s
    tests/bench/daemon_cost.py --containers 1000 --seconds 30
    tests/bench/daemon_cost.py --awake                          whose processes run five times a second
    tests/bench/daemon_cost.py --cadvisor ~/cadvisor/cmd/cmd    cAdvisor at 1 s in the same run, by turns

Prints CPU time as a share of one cpu, resident memory, kernel memory for kept fds, and the scrape's median time. Exits 1
where 100 sleeping cgroups cost benchd more than 0.3 % of a cpu or 16 MB. As root; each cgroup has one process.
"""

import argparse
import contextlib
import os
import pathlib
import statistics
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from benchd import MOUNT, Benchd, Cgroup, free_port, wait_until  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGESIZE")
MOST_CPU, MOST_RESIDENT = 0.003, 16e6


def cpu_seconds(pid):
    """From schedstat of its threads: exact, where /proc/PID/stat has ticks of 10 ms."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def resident(pid):
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE


def slab():
    for line in open("/proc/meminfo"):
        if line.startswith("SUnreclaim"):
            return int(line.split()[1]) * 1024


class Cadvisor:
    def __init__(self, program):
        self.port = free_port()
        # Its own cgroup v2 look: a mount namespace in which cgroup2 is at /sys/fs/cgroup.
        command = f'mount -t cgroup2 none /sys/fs/cgroup && exec "$0" -port={self.port} -listen_ip=127.0.0.1 ' \
                  "-housekeeping_interval=1s -storage_duration=1m >/dev/null 2>&1"
        self.process = subprocess.Popen(["unshare", "--mount", "sh", "-c", command, program])
        wait_until(self.answers, "cAdvisor to answer", seconds=60)

    def answers(self):
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=30).status == 200

    def stop(self):
        self.process.terminate()
        self.process.wait()


def measure(pid, port, seconds):
    """Scrapes once a second; CPU share, resident bytes at the end, median scrape in ms, series, bytes."""
    for _ in range(5):  # warm
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read()
        time.sleep(1)
    began, before, times, text = time.monotonic(), cpu_seconds(pid), [], b""
    for turn in range(seconds):
        time.sleep(max(0.0, began + turn + 1 - time.monotonic()))
        start = time.monotonic()
        text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read()
        times.append(time.monotonic() - start)
    share = (cpu_seconds(pid) - before) / (time.monotonic() - began)
    series = sum(1 for line in text.splitlines() if not line.startswith(b"#"))
    return {"cpu": share, "resident": resident(pid), "scrape": statistics.median(times), "series": series}


def show(name, result, note=""):
    print(f"{name:10} {result['cpu'] * 100:7.3f} % of a cpu  {result['resident'] / 1e6:7.1f} MB resident  "
          f"scrape {result['scrape'] * 1e3:7.2f} ms  {result['series']:7d} series  {note}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--containers", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--awake", action="store_true")
    parser.add_argument("--cadvisor", help="its program")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        parent = stack.enter_context(Cgroup(f"benchd-cost-{os.getpid()}"))
        for i in range(arguments.containers):
            made = stack.enter_context(Cgroup(f"c{i}", parent))
            made.run("perl", "-e", "select undef, undef, undef, 0.2 while 1" if arguments.awake else "sleep 100000")
        time.sleep(1)
        slab_before = slab()
        with Benchd(f"--collector.cgroup.include={parent.id}/*", "--no-collector.runtimes") as daemon:
            wait_until(lambda: daemon.scrape().get("benchd_containers", state="running") == arguments.containers, "all")
            time.sleep(12)  # namespaces are settled, cold turns spread
            result = measure(daemon.process.pid, daemon.port, arguments.seconds)
            kept = daemon.scrape().get("benchd_cgroup_kept_fds")
            show("benchd", result, f"kernel memory {max(0, slab() - slab_before) / 1e6:.1f} MB for {kept:.0f} kept fds")
        if arguments.cadvisor:
            peer = Cadvisor(arguments.cadvisor)
            try:
                time.sleep(12)
                show("cAdvisor", measure(peer.process.pid, peer.port, arguments.seconds))
            finally:
                peer.stop()
    too_much = result["cpu"] > MOST_CPU or result["resident"] > MOST_RESIDENT
    if arguments.containers == 100 and not arguments.awake and too_much:
        print(f"above {MOST_CPU * 100} % of a cpu or {MOST_RESIDENT / 1e6:.0f} MB")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
