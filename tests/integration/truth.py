#!/usr/bin/env python3
"""File, benchd, file: does every value that benchd shows of a cgroup lie between the kernel's own before and after?

Stands alone (no pytest), so that the virtual machine can run it too:
    truth.py --port 10900 --rounds 100 /sys/fs/cgroup/system.slice/x /sys/fs/cgroup/system.slice/y
prints a JSON object: {id: {"violations": […], "compared": {family: times}, "moved": [family, …], "stale": rounds}}.
"""

import argparse
import collections
import http.client
import json
import pathlib
import random
import re
import time

SECONDS = 1e-6  # the kernel counts microseconds

# How old a file's values may be in a scrape: hot files are read for it (scrapes within 10 ms share a reading), warm ones
# at most once a second, cold ones every 10 s (model/field.h). Pressure of memory and IO is read for it where the host's
# has grown, which may lag by a jiffy (collectors/cgroup/host_stalls.h); how fresh it is, test_containers.py asks.
HOT, WARM, COLD = 0.015, 1.1, 11.0
STALLS = COLD

EVENTS = ["low", "high", "max", "oom", "oom_kill", "oom_group_kill"]

# family, labels, file, key (None = the file's one number; "some"/"full" = that line's total), scale, age
COUNTERS = [
    ("container_cpu_usage_seconds_total", {"cpu": "total"}, "cpu.stat", "usage_usec", SECONDS, HOT),
    ("container_cpu_user_seconds_total", {}, "cpu.stat", "user_usec", SECONDS, HOT),
    ("container_cpu_system_seconds_total", {}, "cpu.stat", "system_usec", SECONDS, HOT),
    ("benchd_container_cpu_nice_seconds_total", {}, "cpu.stat", "nice_usec", SECONDS, HOT),
    ("container_cpu_cfs_periods_total", {}, "cpu.stat", "nr_periods", 1, HOT),
    ("container_cpu_cfs_throttled_periods_total", {}, "cpu.stat", "nr_throttled", 1, HOT),
    ("container_cpu_cfs_throttled_seconds_total", {}, "cpu.stat", "throttled_usec", SECONDS, HOT),
    ("container_cpu_cfs_burst_periods_total", {}, "cpu.stat", "nr_bursts", 1, HOT),
    ("container_cpu_cfs_burst_seconds_total", {}, "cpu.stat", "burst_usec", SECONDS, HOT),
    ("benchd_container_cpu_force_idle_seconds_total", {}, "cpu.stat", "core_sched.force_idle_usec", SECONDS, HOT),
    ("benchd_container_cpu_throttled_local_seconds_total", {}, "cpu.stat.local", "throttled_usec", SECONDS, COLD),
    ("container_pressure_cpu_waiting_seconds_total", {}, "cpu.pressure", "some", SECONDS, HOT),
    ("container_pressure_cpu_stalled_seconds_total", {}, "cpu.pressure", "full", SECONDS, HOT),
    ("container_pressure_memory_waiting_seconds_total", {}, "memory.pressure", "some", SECONDS, STALLS),
    ("container_pressure_memory_stalled_seconds_total", {}, "memory.pressure", "full", SECONDS, STALLS),
    ("container_pressure_io_waiting_seconds_total", {}, "io.pressure", "some", SECONDS, STALLS),
    ("container_pressure_io_stalled_seconds_total", {}, "io.pressure", "full", SECONDS, STALLS),
    ("benchd_container_pressure_irq_stalled_seconds_total", {}, "irq.pressure", "full", SECONDS, HOT),
    ("container_memory_events_high_total", {}, "memory.events", "high", 1, COLD),
    ("container_memory_events_max_total", {}, "memory.events", "max", 1, COLD),
    ("container_memory_failcnt", {}, "memory.events", "max", 1, COLD),
    ("container_oom_events_total", {}, "memory.events", "oom_kill", 1, COLD),
    *[("benchd_container_memory_events_total", {"event": event}, "memory.events", event, 1, COLD) for event in EVENTS],
    *[("benchd_container_memory_events_local_total", {"event": event}, "memory.events.local", event, 1, COLD)
      for event in EVENTS],
    ("container_memory_failures_total", {"failure_type": "pgfault"}, "memory.stat", "pgfault", 1, WARM),
    ("container_memory_failures_total", {"failure_type": "pgmajfault"}, "memory.stat", "pgmajfault", 1, WARM),
    ("container_memory_pgscan_total", {}, "memory.stat", "pgscan", 1, WARM),
    ("container_memory_pgsteal_total", {}, "memory.stat", "pgsteal", 1, WARM),
    ("container_memory_workingset_refault_file_total", {}, "memory.stat", "workingset_refault_file", 1, WARM),
    ("container_memory_workingset_refault_anon_total", {}, "memory.stat", "workingset_refault_anon", 1, WARM),
    *[(f"benchd_container_memory_{key}_total", {}, "memory.stat", key, 1, WARM)
      for key in ["pgrefill", "pgactivate", "pgdeactivate", "pglazyfree", "pglazyfreed", "workingset_activate_anon",
                  "workingset_activate_file", "workingset_restore_anon", "workingset_restore_file",
                  "workingset_nodereclaim"]],
    ("benchd_container_memory_huge_page_faults_total", {}, "memory.stat", "thp_fault_alloc", 1, WARM),
    ("benchd_container_memory_huge_page_collapses_total", {}, "memory.stat", "thp_collapse_alloc", 1, WARM),
    *[("benchd_container_swap_events_total", {"event": event}, "memory.swap.events", event, 1, COLD)
      for event in ["high", "max", "fail"]],
    ("benchd_container_threads_refused_total", {}, "pids.events", "max", 1, COLD),
    ("container_memory_max_usage_bytes", {}, "memory.peak", None, 1, COLD),
    ("benchd_container_swap_peak_bytes", {}, "memory.swap.peak", None, 1, COLD),
    ("benchd_container_threads_peak", {}, "pids.peak", None, 1, COLD),
]

# family, what stands before the device's name, labels beside it, key of the device's row
IO_COUNTERS = [
    ("container_fs_reads_bytes_total", "/dev/", {}, "rbytes"),
    ("container_fs_writes_bytes_total", "/dev/", {}, "wbytes"),
    ("container_fs_reads_total", "/dev/", {}, "rios"),
    ("container_fs_writes_total", "/dev/", {}, "wios"),
    ("container_blkio_device_usage_total", "/dev/", {"operation": "Read"}, "rbytes"),
    ("container_blkio_device_usage_total", "/dev/", {"operation": "Write"}, "wbytes"),
    ("benchd_container_io_discarded_bytes_total", "", {}, "dbytes"),
    ("benchd_container_io_discards_total", "", {}, "dios"),
]

# Equal to the file while the workload is frozen. family, file, key, scale, what is shown for "max" (ABSENT: no series)
INFINITE = float("inf")
ABSENT = None
GAUGES = [
    ("container_memory_usage_bytes", "memory.current", None, 1, ABSENT),
    ("container_memory_rss", "memory.stat", "anon", 1, ABSENT),
    ("container_memory_cache", "memory.stat", "file", 1, ABSENT),
    ("container_memory_mapped_file", "memory.stat", "file_mapped", 1, ABSENT),
    ("container_memory_kernel_usage", "memory.stat", "kernel", 1, ABSENT),
    ("container_memory_total_active_file_bytes", "memory.stat", "active_file", 1, ABSENT),
    ("container_memory_total_inactive_file_bytes", "memory.stat", "inactive_file", 1, ABSENT),
    ("container_memory_file_dirty_bytes", "memory.stat", "file_dirty", 1, ABSENT),
    ("container_memory_file_writeback_bytes", "memory.stat", "file_writeback", 1, ABSENT),
    ("container_memory_swap", "memory.swap.current", None, 1, ABSENT),
    *[(f"benchd_container_memory_{name}_bytes", "memory.stat", key, 1, ABSENT)
      for name, key in [("kernel_stack", "kernel_stack"), ("page_tables", "pagetables"),
                        ("secondary_page_tables", "sec_pagetables"), ("percpu", "percpu"), ("sock", "sock"),
                        ("vmalloc", "vmalloc"), ("shmem", "shmem"), ("zswap", "zswap"), ("zswapped", "zswapped"),
                        ("swapcached", "swapcached"), ("anon_huge", "anon_thp"), ("file_huge", "file_thp"),
                        ("shmem_huge", "shmem_thp"), ("inactive_anon", "inactive_anon"), ("active_anon", "active_anon"),
                        ("unevictable", "unevictable"), ("slab_reclaimable", "slab_reclaimable"),
                        ("slab_unreclaimable", "slab_unreclaimable")]],
    ("benchd_container_zswap_current_bytes", "memory.zswap.current", None, 1, ABSENT),
    ("container_spec_memory_limit_bytes", "memory.max", None, 1, 0),
    ("container_spec_memory_reservation_limit_bytes", "memory.low", None, 1, INFINITE),
    ("benchd_container_memory_limit_bytes", "memory.max", None, 1, INFINITE),
    ("benchd_container_memory_high_bytes", "memory.high", None, 1, INFINITE),
    ("benchd_container_memory_low_bytes", "memory.low", None, 1, INFINITE),
    ("benchd_container_memory_min_bytes", "memory.min", None, 1, INFINITE),
    ("benchd_container_swap_limit_bytes", "memory.swap.max", None, 1, INFINITE),
    ("container_spec_cpu_quota", "cpu.max", "quota", 1, ABSENT),
    ("container_spec_cpu_period", "cpu.max", "period", 1, ABSENT),
    ("benchd_container_cpu_quota_seconds", "cpu.max", "quota", SECONDS, INFINITE),
    ("benchd_container_cpu_period_seconds", "cpu.max", "period", SECONDS, ABSENT),
    ("benchd_container_cpu_burst_limit_seconds", "cpu.max.burst", None, SECONDS, ABSENT),
    ("benchd_container_cpu_weight", "cpu.weight", None, 1, ABSENT),
    ("benchd_container_cpuset_cpus", "cpuset.cpus.effective", None, 1, ABSENT),
    ("container_processes", "cgroup.procs", None, 1, ABSENT),
    ("container_threads", "pids.current", None, 1, ABSENT),
    ("container_threads_max", "pids.max", None, 1, 0),
    ("benchd_container_threads_limit", "pids.max", None, 1, INFINITE),
    ("benchd_container_populated", "cgroup.events", "populated", 1, ABSENT),
    ("benchd_container_frozen", "cgroup.events", "frozen", 1, ABSENT),
    ("benchd_container_descendant_cgroups", "cgroup.stat", "nr_descendants", 1, ABSENT),
    ("benchd_container_dying_descendant_cgroups", "cgroup.stat", "nr_dying_descendants", 1, ABSENT),
]

# What is made of two files: family, files, formula
DERIVED = [
    ("container_memory_working_set_bytes", [("memory.current", None), ("memory.stat", "inactive_file")],
     lambda current, inactive: max(0, current - inactive)),
    ("container_spec_memory_swap_limit_bytes", [("memory.max", None), ("memory.swap.max", None)],
     lambda memory, swap: 0 if "max" in (memory, swap) else memory + swap),
]


def parse(name, text):
    """{key: number or "max"} of any cgroup file but io.stat; the key is None where the file is one value."""
    if name == "cpu.max":
        return dict(zip(("quota", "period"), map(number, text.split())))
    if name == "cpuset.cpus.effective":
        ranges = [part.split("-") for part in text.strip().split(",") if part]
        return {None: sum(int(ends[-1]) - int(ends[0]) + 1 for ends in ranges)}
    values = {}
    for line in text.splitlines():
        words = line.split()
        if words and words[0] in ("some", "full"):
            values[words[0]] = int(words[-1].removeprefix("total="))
        elif len(words) == 1:
            values[None] = number(words[0])
        elif len(words) == 2:
            values[words[0]] = int(words[1])
    return values


def number(word):
    return word if word == "max" else int(word)


def parse_io(text):
    rows = collections.defaultdict(dict)
    for line in text.splitlines():
        words = line.split()
        for pair in words[1:]:
            if "=" in pair:
                key, value = pair.split("=")
                rows[words[0]][key] = int(value) if value.isdigit() else value
    return rows


FILES = sorted({row[2] for row in COUNTERS} | {row[1] for row in GAUGES} - {"cgroup.procs"})


class Files:
    """All files of one cgroup at one instant."""

    def __init__(self, directory):
        self.values, self.io = {}, {}
        for name in FILES:
            try:
                self.values[name] = parse(name, (directory / name).read_text())
            except OSError:
                self.values[name] = {}  # not enabled, or this kernel has none
        # crun puts a container's processes into cgroups below the container's.
        self.values["cgroup.procs"] = {None: sum(len(file.read_text().split()) for file in directory.rglob("cgroup.procs"))}
        try:
            self.io = parse_io((directory / "io.stat").read_text())
        except OSError:
            pass

    def get(self, name, key):
        return self.values[name].get(key)


SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)')


def scrape(port, identity):
    """{(family, labels without identity and names): value} of the container with this id, and the page's own age."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    samples, age = {}, 0.0
    # Escaped as in a label; the cheap search first, since the machine that this runs in is slow.
    wanted = 'id="' + identity.replace("\\", r"\\").replace('"', r'\"') + '"'
    for line in text.splitlines():
        if line.startswith("benchd_snapshot_age_seconds "):
            age = float(line.split()[1])
        match = SAMPLE.match(line) if wanted in line else None
        labels = dict(LABEL.findall(match.group(2))) if match else {}
        if 'id="' + labels.get("id", "") + '"' != wanted:
            continue
        kept = {key: value for key, value in labels.items()
                if key not in ("id", "name", "image", "scope") and not key.startswith("container_label_")}
        samples[match.group(1), tuple(sorted(kept.items()))] = float(match.group(3))
    return samples, age


def device_names():
    names = {}
    for line in pathlib.Path("/proc/diskstats").read_text().splitlines():
        major, minor, name = line.split()[:3]
        names[f"{major}:{minor}"] = name
    return names


def series(family, labels):
    return family, tuple(sorted(labels.items()))


class Container:
    """What one cgroup's comparisons have shown, and what its files said before."""

    def __init__(self, directory, identity):
        self.directory, self.identity = pathlib.Path(directory), identity
        self.violations, self.compared, self.moved, self.stale = [], collections.Counter(), set(), 0
        self._history, self._last = [], {}
        self.remember()

    def remember(self):
        files = Files(self.directory)
        # The instant after the last of them was read: they may not count as older than they are.
        self._history.append((time.monotonic(), files))
        return files

    def at_most(self, instant):
        """The newest files that are at least this old."""
        return next((files for when, files in reversed(self._history) if when <= instant), None)

    def check(self, family, labels, value, low, high, when):
        self.compared[family] += 1
        # A double of seconds may differ from the file's microseconds in the last place.
        if not low * (1 - 1e-12) <= value <= high * (1 + 1e-12):
            self.violations.append(f"{when}: {family}{labels} = {value!r}, kernel said {low!r} before and {high!r} after")

    def absent(self, family, labels, shown, has, when):
        if shown != has:
            self.violations.append(f"{when}: {family}{labels} is {'shown' if shown else 'absent'}, but the kernel's "
                                   f"value is {'there' if has else 'not there'}")

    def counters_between(self, port, turn):
        """At this instant: each counter between the file before (as much earlier as its class may be old) and after."""
        self.remember()
        time.sleep(HOT)
        began = time.monotonic()
        samples, age = scrape(port, self.identity)
        if age > time.monotonic() - began + HOT:
            self.stale += 1  # it got no new reading in time, and says so
            return
        after = Files(self.directory)
        when = f"round {turn}"
        for family, labels, name, key, scale, oldest in COUNTERS:
            value = samples.get(series(family, labels))
            before = self.at_most(began - oldest)
            high = after.get(name, key)
            if high is None or (before is not None and before.get(name, key) is not None):
                self.absent(family, labels, value is not None, high is not None, when)
            if value is not None and before is not None and high is not None:
                self.check(family, labels, value, (before.get(name, key) or 0) * scale, high * scale, when)
        self._io_between(samples, self.at_most(began - HOT), after, when)
        self._falls_never(samples, when)
        # What is older than any class may be is of no more use.
        self._history = [entry for entry in self._history if entry[0] > began - COLD - 10]

    def _io_between(self, samples, before, after, when):
        names = device_names()
        for device, row in after.io.items():
            for family, prefix, labels, key in IO_COUNTERS:
                if key not in row or device not in before.io:
                    continue
                shown = {"device": prefix + names[device] if device in names else device, **labels}
                if labels:
                    shown["major"], shown["minor"] = device.split(":")
                value = samples.get(series(family, shown))
                self.absent(family, shown, value is not None, True, when)
                if value is not None:
                    self.check(family, shown, value, before.io[device].get(key, 0), row[key], when)
        if not after.io:
            for family, *_ in IO_COUNTERS:
                if any(name == family for name, _ in samples):
                    self.violations.append(f"{when}: {family} is shown, but io.stat is empty")

    def _falls_never(self, samples, when):
        counters = {family for family, *_ in COUNTERS + IO_COUNTERS}
        for one, value in samples.items():
            if one[0] in counters and value < self._last.get(one, 0):
                self.violations.append(f"{when}: {one} fell from {self._last[one]!r} to {value!r}")
            if one[0] in counters and value > self._last.get(one, value):
                self.moved.add(one[0])
        self._last = samples

    def gauges_equal(self, port, before):
        samples, _ = scrape(port, self.identity)
        after = Files(self.directory)
        for family, name, key, scale, unlimited in GAUGES:
            value = samples.get(series(family, {}))
            high = after.get(name, key)
            expected = unlimited if high == "max" else high and high * scale
            if before.get(name, key) != high:
                continue  # other than by the workload itself: the kernel wrote back, or reclaimed
            self.absent(family, "", value is not None, expected is not None, "frozen")
            if value is not None and expected is not None:
                self.check(family, "", value, expected, expected, "frozen")
        for family, sources, formula in DERIVED:
            value = samples.get(series(family, {}))
            numbers = [after.get(*source) for source in sources]
            if None in numbers or numbers != [before.get(*source) for source in sources]:
                continue
            self.absent(family, "", value is not None, True, "frozen")
            if value is not None:
                self.check(family, "", value, formula(*numbers), formula(*numbers), "frozen")

    def freeze(self, frozen):
        (self.directory / "cgroup.freeze").write_text(str(frozen))
        while f"frozen {frozen}" not in (self.directory / "cgroup.events").read_text():
            time.sleep(0.01)

    def result(self):
        return {"violations": self.violations, "compared": dict(self.compared), "moved": sorted(self.moved),
                "stale": self.stale}


# The kernel adds up memory.stat every 2 s.
SETTLED = 3.0


def compare(port, directories, rounds, pause=0.05, mount="/sys/fs/cgroup"):
    """{id: result} of these cgroups: counters at random instants, then gauges with all workloads frozen."""
    containers = [Container(directory, "/" + str(pathlib.Path(directory).relative_to(mount))) for directory in directories]
    for turn in range(rounds):
        for container in containers:
            time.sleep(random.uniform(0, pause))
            container.counters_between(port, turn)
    try:
        for container in containers:
            container.freeze(1)
        time.sleep(SETTLED)
        before = [container.remember() for container in containers]
        time.sleep(COLD)
        for container, files in zip(containers, before):
            container.gauges_equal(port, files)
    finally:
        for container in containers:
            container.freeze(0)
    return {container.identity: container.result() for container in containers}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--pause", type=float, default=0.05)
    parser.add_argument("--mount", default="/sys/fs/cgroup")
    parser.add_argument("cgroup", nargs="+", help="directory of a container's cgroup")
    arguments = parser.parse_args()
    print(json.dumps(compare(arguments.port, arguments.cgroup, arguments.rounds, arguments.pause, arguments.mount)))
