#!/usr/bin/python3
"""What a run costs in `benchd bench` beside hyperfine, one after the other, round by round: wall and CPU time of the whole
program per run of `true`, its start-up (a campaign of two blocks) taken off; and what both say of a command's own time.

    tests/bench/bench_beside_hyperfine.py [ROUNDS] [RUNS]      BENCHD=build/release/benchd
"""

import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

BENCHD = os.environ.get("BENCHD", pathlib.Path(__file__).resolve().parents[2] / "build/release/benchd")
LOOP = "sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done'"


def spent(command):
    """Wall and CPU seconds of a command and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def hyperfine(runs, *more, command="true"):
    return ["hyperfine", "-N", "--warmup", "0", "--runs", str(runs), *more, command, command]


def benchd(directory, runs, *more, command="true"):
    return [str(BENCHD), "bench", f"--ledger={directory}/l.db", f"--runs={runs}", "--warmup=0", "--shell=none", *more,
            "-n", "a", "-n", "b", command, command]


def per_run(program, runs):
    """Microseconds a run: the difference of a long campaign and a short one."""
    short, long = spent(program(2)), spent(program(runs + 2))
    return [(b - a) / (2 * runs) * 1e6 for a, b in zip(short, long)]


def main(rounds, runs):
    with tempfile.TemporaryDirectory() as directory:
        programs = {"hyperfine -N": hyperfine, "benchd bench": lambda n: benchd(directory, n),
                    "benchd bench --exclude=never": lambda n: benchd(directory, n, "--exclude=never")}
        figures = {name: [] for name in programs}
        for _ in range(rounds):
            for name, program in programs.items():
                figures[name].append(per_run(program, runs))
        for name, values in figures.items():
            wall, cpu = (sorted(column) for column in zip(*values))
            print(f"{name:30} wall {statistics.median(wall):6.0f} us ({wall[0]:.0f} – {wall[-1]:.0f}),"
                  f" CPU {statistics.median(cpu):6.0f} us ({cpu[0]:.0f} – {cpu[-1]:.0f}) a run")
        theirs, ours = [], []
        for number in range(rounds):
            subprocess.run(hyperfine(20, f"--export-json={directory}/h.json", command=LOOP), check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            theirs += json.load(open(f"{directory}/h.json"))["results"][0]["times"]
            done = subprocess.run(benchd(directory, 20, "--exclude=never", "--format=json", f"--seed={number}",
                                         command=LOOP), check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            ours += json.loads(done.stdout)["comparisons"][0]["values"]
        print(f"a loop of sh: hyperfine median {statistics.median(theirs) * 1000:.2f} ms, min {min(theirs) * 1000:.2f};"
              f" benchd median {statistics.median(ours) * 1000:.2f} ms, min {min(ours) * 1000:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5, int(sys.argv[2]) if len(sys.argv) > 2 else 200)
