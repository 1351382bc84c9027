#!/usr/bin/env python3
"""`benchd rules test` beside Debian's mtail on the same log: the same tasks, and how fast.

    tests/bench/rules_beside_mtail.py                 2 million lines, a quarter of which are tasks; needs mtail
    tests/bench/rules_beside_mtail.py --lines 200000

Every figure is lines per second of CPU time, the median of several runs that take turns on one cpu, because a busy machine
stretches the wall clock. Exits 1 unless both find the same tasks with the same sum, benchd is 20 times as fast, unwraps
Docker's json-file at 2 million lines a second, spends on 20 rules at most three times what it spends on one, and needs as
much memory for all of the file as for a tenth of it.
"""

import argparse
import json
import os
import pathlib
import random
import statistics
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BENCHD = REPOSITORY / "build/release/benchd"
REGEX = r"task (?P<id>\d+) done in (?P<ms>[\d.]+) ms"
MTAIL = f"counter tasks\ncounter ms\n/{REGEX}/ {{\n  tasks++\n  ms += $ms\n}}\n"
NAMES = "alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa quebec romeo sierra"
# What all of them have in common, and an alternation behind it: an automaton each, and no text to tell them apart by.
PREFIX = r"app\.tasks: task (?P<id>\d+) "
RUNS = 5


def lines_of(count):
    numbers = random.Random(1)
    for i in range(count):
        stamp = f"2025-01-{i // 86400 % 28 + 1:02} {i // 3600 % 24:02}:{i // 60 % 60:02}:{i % 60:02},{i % 1000:03}"
        if i % 4 == 0:
            text = f"INFO [worker-{i % 8}] app.tasks: task {i} done in {numbers.uniform(1, 500):.1f} ms"
        else:
            text = f"DEBUG [worker-{i % 8}] app.http: GET /api/v1/items/{numbers.randrange(10**6)} from 10.0.0.{i % 250} ok"
        yield f"{stamp} {text}"


def write(path, lines, wrap=False):
    with open(path, "w") as file:
        for line in lines:
            if wrap:
                line = '{"log":' + json.dumps(line + "\n") + ',"stream":"stdout","time":"2025-01-01T00:00:00.123456789Z"}'
            file.write(line + "\n")


def run(*command):
    """CPU seconds, output and greatest memory in KiB of a command on one cpu."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        os.dup2(writer, 1)
        os.execv(command[0], [str(word) for word in command])
    os.close(writer)
    with open(reader) as output:
        text = output.read()
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        sys.exit(f"{command[0]}: exit status {status}")
    return usage.ru_utime + usage.ru_stime, text, usage.ru_maxrss


def benchd(log, *rules):
    seconds, text, memory = run(BENCHD, "rules", "test", log, "--format=json", *rules)
    return seconds, json.loads(text), memory


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=RUNS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        log, wrapped, tenth = folder / "app.log", folder / "app-json.log", folder / "tenth.log"
        write(log, lines_of(options.lines))
        write(tenth, lines_of(options.lines // 10))
        write(wrapped, lines_of(options.lines), wrap=True)
        (folder / "tasks.mtail").write_text(MTAIL)
        many = folder / "many.yml"
        others = "".join(f"- {{name: {name}, regex: '{name} {REGEX[5:]}'}}\n" for name in NAMES.split())
        many.write_text(f"- {{name: task, regex: '{REGEX}'}}\n{others}")
        alike = folder / "alike.yml"
        alike.write_text("".join(f"- {{name: {name}, regex: '{PREFIX}(?:{name}|never {name}) in (?P<ms>[\\d.]+) ms'}}\n"
                                 for name in ["done", *NAMES.split()]))
        first = folder / "first.yml"
        first.write_text(alike.read_text().splitlines()[0] + "\n")
        kinds = {
            "mtail": lambda: run("/usr/bin/mtail", "--one_shot", "--one_shot_format=json", "--progs", folder / "tasks.mtail",
                                 "--logs", log),
            "regex": lambda: benchd(log, "--regex", "--rule", REGEX),
            "template": lambda: benchd(log, "--rule", "task {id} done in {duration:ms} ms"),
            "20 rules": lambda: benchd(log, "--config.file", many),
            "one of the alike": lambda: benchd(log, "--config.file", first),
            "20 alike": lambda: benchd(log, "--config.file", alike),
            "json-file": lambda: benchd(wrapped, "--regex", "--rule", REGEX),
        }
        times, last = {kind: [] for kind in kinds}, {}
        for _ in range(options.runs):
            for kind in random.sample(list(kinds), len(kinds)):
                seconds, *last[kind] = kinds[kind]()
                times[kind].append(seconds)
        small = benchd(tenth, "--regex", "--rule", REGEX)[2]

    rate = {kind: options.lines / statistics.median(seconds) / 1e6 for kind, seconds in times.items()}
    values = {name: metrics[0]["LabelValues"][0]["Value"]["Value"] for name, metrics in json.loads(last["mtail"][0]).items()}
    good = True

    def check(what, value, holds):
        nonlocal good
        good &= bool(holds)
        print(f"{what:42} {value:>16}{'' if holds else '   NOT GOOD'}")

    for kind in kinds:
        print(f"{kind:42} {rate[kind]:10.2f} M lines/s")
    for kind in ("regex", "template", "20 rules", "one of the alike", "20 alike", "json-file"):
        (task,) = last[kind][0]["tasks"]
        same = task["count"] == int(values["tasks"]) and abs(task["duration_sum_seconds"] * 1e3 / float(values["ms"]) - 1) < 1e-9
        check(f"{kind}: tasks, as mtail has them", task["count"], same)
    check("regex beside mtail (wanted: 20)", f"{rate['regex'] / rate['mtail']:.1f}", rate["regex"] >= 20 * rate["mtail"])
    check("json-file, M lines/s (wanted: 2)", f"{rate['json-file']:.2f}", rate["json-file"] >= 2)
    check("20 rules beside one (wanted: 3 at most)", f"{rate['regex'] / rate['20 rules']:.2f}",
          rate["regex"] <= 3 * rate["20 rules"])
    check("20 that begin alike, beside one", f"{rate['one of the alike'] / rate['20 alike']:.2f}", True)
    memory = last["regex"][1]
    check("memory, KiB, and for a tenth", f"{memory} {small}", memory < small + 1024)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
