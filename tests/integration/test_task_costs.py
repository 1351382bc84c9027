"""What tasks cost, beside what the workload itself knows of its CPU time."""

import json
import subprocess

import pytest

from benchd import Benchd, wait_until
from fake_docker import FakeDocker

PAIRS = {"benchd.task.work.start.match": "begin {id}", "benchd.task.work.end.match": "end {id}"}
DURATIONS = {"benchd.task.match": "task {id} done in {duration:ms}", "benchd.task.name": "work"}

# WORKERS one beside the other, each with TASKS tasks of SECONDS on a cpu and a pause behind each. Prints the CPU time
# of all tasks. Lines are written whole: one write(2) each, to a file that is opened to append.
WORK = """
import json, os, sys, time
path, manner, workers, tasks, seconds, pause = sys.argv[1], sys.argv[2], *map(float, sys.argv[3:])
log = os.open(path, os.O_WRONLY | os.O_APPEND)

def say(text):
    now = time.time_ns()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now // 10**9)) + f".{now % 10**9:09d}Z"
    os.write(log, (json.dumps({"log": text + "\\n", "stream": "stdout", "time": stamp}) + "\\n").encode())

def work(worker):
    spent = 0
    for n in range(int(tasks)):
        if manner == "pairs":
            say(f"begin {worker}-{n}")
        began, used = time.time(), time.process_time()
        while time.process_time() - used < seconds:
            pass
        took, used = time.time() - began, time.process_time() - used
        spent += used
        say(f"end {worker}-{n}" if manner == "pairs" else f"task {n} done in {took * 1000:.3f} ms")
        time.sleep(pause)
    return spent

pipes = []
for worker in range(int(workers)):
    read, write = os.pipe()
    if os.fork() == 0:
        os.write(write, str(work(worker)).encode())
        os._exit(0)
    pipes.append(read)
print(sum(float(os.read(pipe, 100)) for pipe in pipes))
"""


@pytest.fixture
def docker(tmp_path):
    with FakeDocker(tmp_path) as running:
        yield running


def costs(docker, cgroup, tmp_path, manner, workers, tasks, seconds, pause):
    """What benchd says at the end, and the CPU time that the tasks had by their own account."""
    program = tmp_path / "work.py"
    program.write_text(WORK)
    labels = PAIRS if manner == "pairs" else DURATIONS
    with Benchd(*docker.flags) as daemon:
        with docker.container(cgroup, "box:1", **labels) as container:
            work = container.start("/usr/bin/python3", str(program), str(container.log.path), manner, str(workers),
                                   str(tasks), str(seconds), str(pause), stdout=subprocess.PIPE, text=True)
            used = float(work.communicate()[0])
            container.die(exit_code=0)
            known = wait_until(lambda: daemon.scrape() if daemon.scrape().get("benchd_task_costed_total", id=container.id,
                                                                              task="work") == workers * tasks else None,
                               f"the cost of {workers * tasks} tasks")
            return known, container.id, used


def test_tasks_alone_with_a_start_and_an_end_cost_what_they_used_to_one_percent(docker, cgroup, tmp_path):
    scrape, id, used = costs(docker, cgroup, tmp_path, "pairs", 1, 60, 0.1, 0.05)
    assert scrape.get("benchd_task_apportioned_total", id=id) == 0
    assert scrape.get("benchd_task_cpu_seconds_total", id=id) == pytest.approx(used, rel=0.01)


def test_tasks_alone_that_tell_how_long_they_took_cost_what_they_used(docker, cgroup, tmp_path):
    scrape, id, used = costs(docker, cgroup, tmp_path, "durations", 1, 40, 0.1, 0.05)
    assert scrape.get("benchd_task_apportioned_total", id=id) == 0
    assert scrape.get("benchd_task_cpu_seconds_total", id=id) == pytest.approx(used, rel=0.05), "looked at often, not exactly then"


def test_eight_tasks_at_a_time_are_apportioned_and_cost_on_average_what_they_used_to_three_percent(docker, cgroup, tmp_path):
    scrape, id, used = costs(docker, cgroup, tmp_path, "pairs", 8, 12, 0.1, 0.02)
    assert scrape.get("benchd_task_apportioned_total", id=id) >= 0.9 * 96
    assert scrape.get("benchd_task_cpu_seconds_total", id=id) == pytest.approx(used, rel=0.03)
    in_flight = scrape.get("benchd_task_in_flight_seconds_total", id=id)
    assert in_flight > used, "eight on fewer cpus wait"


# A process that burns and one that mostly sleeps, at the same time; each prints what its tasks used.
UNLIKE = """
import json, os, sys, time
log = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND)

def say(text):
    now = time.time_ns()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now // 10**9)) + f".{now % 10**9:09d}Z"
    os.write(log, (json.dumps({"log": text + "\\n", "stream": "stdout", "time": stamp}) + "\\n").encode())

kind = "heavy" if os.fork() else "light"
spent = 0
for n in range(3):
    say(f"begin {kind} {kind}{n} pid {os.getpid()}")
    began, used = time.time(), time.process_time()
    while time.time() - began < 3:
        if kind == "light":
            time.sleep(0.02)
    spent += time.process_time() - used
    say(f"end {kind} {kind}{n} pid {os.getpid()}")
    time.sleep(0.2)
os.write(1, json.dumps({kind: spent}).encode() + b"\\n")
if kind == "heavy":
    os.wait()
"""


def costs_side_by_side(docker, cgroup, program):
    """What each kind of the unlike tasks cost by benchd's account, and by its own; how many were apportioned."""
    labels = {"benchd.task.work.start.match": "begin {kind} {id} pid {pid}",
              "benchd.task.work.end.match": "end {kind} {id} pid {pid}"}
    with Benchd(*docker.flags) as daemon:
        with docker.container(cgroup, "box:1", **labels) as container:
            work = container.start("/usr/bin/python3", str(program), str(container.log.path), stdout=subprocess.PIPE, text=True)
            used = {kind: seconds for line in work.communicate()[0].splitlines() for kind, seconds in json.loads(line).items()}
            container.die(exit_code=0)

            def of(scrape, family):
                return {kind: scrape.get(f"benchd_task_{family}_total", id=container.id, task=kind) or 0 for kind in used}

            wait_until(lambda: of(daemon.scrape(), "costed") == {"heavy": 3, "light": 3}, "the cost of all tasks")
            scrape = daemon.scrape()
            return of(scrape, "cpu_seconds"), used, sum(of(scrape, "apportioned").values())


def test_where_a_rule_captures_the_process_tasks_side_by_side_have_each_their_own_cost(docker, cgroup, tmp_path):
    program = tmp_path / "unlike.py"
    program.write_text(UNLIKE)
    for _ in range(4):
        cost, used, apportioned = costs_side_by_side(docker, cgroup, program)
        if apportioned == 0:
            hundredth = 0.01 * 3 * 3  # of the tasks' time: a line may be read so much later than it was written
            assert cost["heavy"] == pytest.approx(used["heavy"], abs=hundredth)
            assert cost["light"] == pytest.approx(used["light"], abs=hundredth)
            return
        # It must not claim to know better: halves of what both used together, where they ran side by side.
        assert cost["heavy"] + cost["light"] == pytest.approx(used["heavy"] + used["light"], rel=0.1)
    pytest.skip("this machine is too busy: lines were read more than a hundredth of a task too late")
