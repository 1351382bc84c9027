"""What is shown is what the kernel says, at any instant, under load. (Memory, IO and quotas: tests/vm/test_truth.py.)"""

import re
import subprocess

import truth
from benchd import BINARY, MOUNT, Benchd

ROUNDS = 1000

# Families that come from a file of the cgroup but are not its number.
NOT_COMPARED = {
    "container_spec_cpu_shares": "a conversion, which the unit tests of the catalogue check",
    "benchd_container_finished_timestamp_seconds": "when the file changed, not what it says",
}


def test_every_value_lies_between_the_kernels_own_before_and_after(cgroup):
    load = cgroup.run("sh", "-c", "while :; do (true) & wait; i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done; done")
    nice = cgroup.run("nice", "sh", "-c", "while :; do :; done")
    with Benchd(f"--collector.cgroup.include={cgroup.id}") as daemon:
        daemon.wait_for("container_last_seen", id=cgroup.id)
        result = truth.compare(daemon.port, [cgroup.path], ROUNDS, pause=0.02, mount=MOUNT)[cgroup.id]
    load.kill(), nice.kill()
    assert result["violations"] == []
    # And it has really compared: what this host's cgroup v2 offers whatever the controllers.
    for family in ("container_cpu_usage_seconds_total", "container_cpu_user_seconds_total",
                   "container_pressure_cpu_waiting_seconds_total", "container_pressure_cpu_stalled_seconds_total"):
        assert result["compared"][family] > 0.9 * ROUNDS, f"{family} was hardly compared"
    assert "container_cpu_usage_seconds_total" in result["moved"]
    for family in ("container_pressure_io_stalled_seconds_total", "benchd_container_frozen", "benchd_container_descendant_cgroups"):
        assert result["compared"][family] >= 1


def families_of_cgroup_files():
    """{family: {(file, key)}} as `benchd metrics` documents them; the key is "" where it names none."""
    text = subprocess.run([BINARY, "metrics"], check=True, capture_output=True, text=True).stdout
    text = text[text.index("## Containers, under cAdvisor's names"):text.index("## Workloads")]
    families = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 7 or not re.match(r"(cgroup|cpu|cpuset|io|irq|memory|pids)\.", cells[5]):
            continue
        sources = set()
        for part in cells[5].split(", "):
            words = part.split()
            if re.match(r"[a-z]+\.", words[0]) and words[0] != "core_sched.force_idle_usec":
                file, *words = words
            sources.add((file, words[0] if words else ""))
        families[cells[0].strip("`")] = sources
    return families


def test_every_family_of_a_cgroup_file_has_its_row_here():
    documented = families_of_cgroup_files()
    assert len(documented) > 100
    compared = {}
    for family, _, file, key, *_ in truth.COUNTERS:
        compared.setdefault(family, set()).add((file, key or ""))
    for family, _, _, key in truth.IO_COUNTERS:
        compared.setdefault(family, set()).add(("io.stat", key))
    for family, file, key, *_ in truth.GAUGES:
        compared[family] = {(file, "" if file == "cpu.max" else key or "")}
    for family, sources, _ in truth.DERIVED:
        compared[family] = {(file, key or "") for file, key in sources}
    assert compared == {family: sources for family, sources in documented.items() if family not in NOT_COMPARED}
    assert set(NOT_COMPARED) <= set(documented)
