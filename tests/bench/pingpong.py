#!/usr/bin/env python3
"""Whether benchd slows down what it watches: a byte goes through pipes between two threads on one cpu, nothing but context
switches, with benchd at 10 Hz and without, by turns in random order.

    tests/bench/pingpong.py                  100 pairs of runs of 0.3 s, about five minutes
    tests/bench/pingpong.py --pairs 400

Prints the median of the pairs' relative differences and its 95 % interval (order statistics: no assumption of how they
spread): of the threads' time on the cpu, which is what benchd can do to them, and of the wall clock, which is also what
everybody else does. Exits 1 unless the first interval contains 0 or ends below 0.2 %. As root.
"""

import argparse
import functools
import math
import os
import pathlib
import random
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from benchd import REPOSITORY, Benchd, Cgroup, why_not_exact  # noqa: E402

WORK = REPOSITORY / "build/release/known_work"
CPU = max(os.sched_getaffinity(0))
MOST = 0.002


def trip_seconds(cgroup, trips):
    """By the wall clock, and by the two threads' own clocks."""
    ended = subprocess.run([WORK, cgroup.path, "pingpong", str(trips), str(CPU)], check=True, capture_output=True, text=True)
    main, echo = ([int(word) / 1e9 / trips for word in line.split()] for line in ended.stdout.splitlines())
    return main[0], main[1] + echo[1]


def with_benchd(cgroup, trips, interval):
    with Benchd(f"--collector.cgroup.include={cgroup.id}", f"--interval={interval}") as daemon:
        if reason := why_not_exact(daemon):
            sys.exit(f"nothing to measure: {reason}")
        daemon.wait_for("container_cpu_usage_seconds_total", id=cgroup.id)
        return settled(cgroup, trips)


def settled(cgroup, trips):
    """Without what starting and ending a daemon leaves for the kernel to do."""
    time.sleep(0.3)
    return trip_seconds(cgroup, trips)


def median_interval(values):
    """The median, and the order statistics that enclose the true one in 95 % of cases."""
    values = sorted(values)
    n = len(values)
    outside, rank = 0.0, 0
    while rank < n // 2 and outside + math.comb(n, rank) / 2**n <= 0.025:
        outside += math.comb(n, rank) / 2**n
        rank += 1
    if rank == 0:
        sys.exit("too few pairs for an interval: 6 at least")
    return statistics.median(values), values[rank - 1], values[n - rank]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=0.3, help="of one run")
    parser.add_argument("--interval", default="100ms", help="of benchd's ticks; 60s leaves nothing but its programs")
    arguments = parser.parse_args()
    with Cgroup(f"benchd-pingpong-{os.getpid()}") as cgroup:
        trips = int(arguments.seconds / trip_seconds(cgroup, 20000)[1])
        pairs = []
        for _ in range(arguments.pairs):
            runs = [("with", functools.partial(with_benchd, interval=arguments.interval)), ("without", settled)]
            random.shuffle(runs)
            pairs.append({name: run(cgroup, trips) for name, run in runs})
    good = True
    for at, clock in enumerate(("wall clock", "time on the cpu")):
        median, low, high = median_interval([pair["with"][at] / pair["without"][at] - 1 for pair in pairs])
        bare = statistics.median(pair["without"][at] for pair in pairs)
        print(f"{clock}: {bare * 1e6:.2f} us a trip there and back without benchd; with it {median * 100:+.2f} % "
              f"(95 % interval {low * 100:+.2f} to {high * 100:+.2f} %, {arguments.pairs} pairs of {trips} trips)")
        good = low <= 0 or high < MOST
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
