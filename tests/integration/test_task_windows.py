"""What the API says of tasks, and of logs whose times are those of a program's flushes."""

import json
import os
import subprocess
import sys
import threading
import time

import pytest

from benchd import BINARY, Benchd, wait_until
from fake_docker import FakeDocker

LABELS = {"benchd.task.match": "task {id} done in {duration:ms}", "benchd.task.name": "render"}
TASKS = "benchd_tasks_total"


@pytest.fixture
def docker(tmp_path):
    with FakeDocker(tmp_path) as running:
        yield running


def windows(daemon, length):
    return json.loads(daemon.ask(f"/api/v1/tasks?window={length}").text)["containers"]


def test_a_window_has_rates_and_costs(docker, cgroup):
    burn = "while :; do :; done"
    with Benchd(*docker.flags, "--interval=100ms") as daemon:
        with docker.container(cgroup, "box:1", **LABELS) as container:
            container.start("sh", "-c", burn)
            began = time.monotonic()
            written = 0
            while time.monotonic() - began < 8:  # the longest task tells how late a cost is known
                container.log.write(f"task {written} done in 200 ms")
                written += 1
                time.sleep(0.25)
            window = wait_until(lambda: next((it for it in windows(daemon, "3s") if it["id"] == container.id
                                              and it["tasks"][0]["costed"] > 0), None), "a window with costs")
            (tasks,) = window["tasks"]
            assert (tasks["task"], tasks["outcome"]) == ("render", "ok")
            assert 1 <= tasks["tasks"] <= 14
            assert tasks["tasks_per_second"] == pytest.approx(tasks["tasks"] / (window["to"] - window["from"]), rel=1e-3)
            assert tasks["mean_seconds"] == pytest.approx(0.2)
            assert tasks["in_flight"] == pytest.approx(tasks["tasks_per_second"] * 0.2)
            assert tasks["apportioned"] == 0
            assert 0.02 < tasks["per_task"]["cpu_seconds"] <= 0.21, "one thread that never sleeps"
            assert window["coarse"] is False and window["losses"] == 0


def test_windows_of_too_few_readings_are_refused_with_a_reason(docker, cgroup):
    with Benchd(*docker.flags, "--interval=200ms") as daemon:
        for query, allowed in (("window=1900ms", "2s (10 readings at the present interval) to 600s"),
                               ("window=soon", "a whole number with a unit"), ("length=3s", "window=DURATION")):
            answer = daemon.ask(f"/api/v1/tasks?{query}")
            assert answer.status == 400
            assert allowed in json.loads(answer.text)["error"]
        assert daemon.ask("/api/v1/tasks?window=2s").status == 200
        assert daemon.ask("/api/v1/tasks").status == 200


def test_the_last_lines_that_no_rule_took_are_a_few_short_ones_that_no_terminal_obeys(docker, cgroup):
    with Benchd(*docker.flags) as daemon:
        with docker.container(cgroup, "box:1", **LABELS) as container:
            container.start("sleep", "100")
            container.log.write(*[f"nothing {n}" for n in range(1000)], "\x1b[2J\x9b31m\x07" + "x" * 10_000)
            answer = wait_until(lambda: next((it for it in json.loads(daemon.ask("/api/v1/tasks/unmatched").text)["logs"]
                                              if it["id"] == container.id and "x" in it["lines"][-1]), None), "the lines")
            assert answer["log"] == f"docker:{container.name}"
            assert answer["lines"][:2] == ["nothing 981", "nothing 982"]
            assert len(answer["lines"]) == 20
            assert len(answer["lines"][-1].encode()) <= 500
            text = daemon.ask("/api/v1/tasks/unmatched").text
            assert all(" " <= char < "\x7f" for char in text)


PROGRAM = """
import time
for n in range(1500):
    print(f"task {n} done in 4.000 ms, and some more to read")
    time.sleep(0.004)
"""


def follow(container, process):
    """As an engine's copier: each line gets the stamp at which it was taken out of what one read gave."""
    rest = b""
    while piece := process.stdout.read1(16 << 10):
        *lines, rest = (rest + piece).split(b"\n")
        container.log.write(*[line.decode() for line in lines])


@pytest.mark.parametrize("buffered", [True, False])
def test_times_of_a_program_that_keeps_its_lines_back_are_coarse_and_the_cure_is_told(docker, cgroup, buffered):
    with Benchd(*docker.flags, "--interval=200ms") as daemon:
        with docker.container(cgroup, "box:1", **LABELS) as container:
            process = container.start(sys.executable, "-c", PROGRAM, stdout=subprocess.PIPE,
                                      env={**os.environ, "PYTHONUNBUFFERED": "" if buffered else "1"})
            copier = threading.Thread(target=follow, args=(container, process), daemon=True)
            copier.start()
            copier.join(60)
            wait_until(lambda: daemon.scrape().get(TASKS, id=container.id) == 1500, "all tasks")
            coarse = daemon.scrape().get("benchd_log_coarse_lines_total", id=container.id)
            window = next(it for it in windows(daemon, "10s") if it["id"] == container.id)
            assert window["coarse"] is buffered
            assert (coarse > 300) if buffered else (coarse == 0)
            if buffered:
                wait_until(lambda: "PYTHONUNBUFFERED=1" in daemon.log, "the cure in the log")
                finding = next(it for it in doctor(daemon, docker) if it["subject"].startswith("times in the log of container"))
                assert container.name[:12] in finding["subject"] and "PYTHONUNBUFFERED=1" in finding["cure"]
            process.wait()
            container.die(exit_code=0)
        assert daemon.log.count("PYTHONUNBUFFERED=1") == (1 if buffered else 0)


def doctor(daemon, docker, *flags):
    """The findings of `benchd doctor`, which asks this daemon."""
    told = subprocess.run([BINARY, "doctor", "--format=json", f"--web.listen-address=127.0.0.1:{daemon.port}",
                           "--collector.kernel=false", *(flags or ["--config.file=/dev/null"]), *docker.flags],
                          capture_output=True, text=True, check=False)
    return json.loads(told.stdout)["findings"]


def test_doctor_and_metrics_tell_of_rules_that_are_for_nothing_and_of_logs_that_none_takes(docker, cgroup, tmp_path):
    config = tmp_path / "benchd.yml"
    config.write_text("tasks:\n  - {name: used, image: 'box:*', match: 'task {id} done'}\n"
                      "  - {name: idle, image: 'box:*', match: 'never {id}'}\n"
                      "  - {name: misspelt, image: 'bx:*', match: 'task {id} done'}\n")
    flags = [f"--config.file={config}"]
    with Benchd(*docker.flags, *flags) as daemon:
        assert "no log" in {it["subject"]: it for it in doctor(daemon, docker, *flags)}["rule used"]["found"]
        with docker.container(cgroup, "box:1") as container, docker.container(cgroup, "box:2", **LABELS) as other:
            for it in (container, other):
                it.start("sleep", "100")
            container.log.write(*[f"task {n} done" for n in range(10)])
            other.log.write(*[f"nothing of interest {n}" for n in range(1000)])
            wait_until(lambda: daemon.scrape().get("benchd_rule_lines_total", rule="used") == 10, "the rule's lines")
            wait_until(lambda: daemon.scrape().get("benchd_rule_logs", rule="idle") == 2, "the rule's logs")
            scrape = daemon.scrape()
            assert scrape.get("benchd_rule_logs", rule="misspelt") == 0
            assert scrape.get("benchd_rule_lines_total", rule="idle") == 0
            wait_until(lambda: any(it["subject"].startswith("rules for the log of container")
                                   for it in json.loads(daemon.ask("/api/v1/states").text)["states"]), "the remark")
            found = {it["subject"]: it for it in doctor(daemon, docker, *flags)}
            assert found["running benchd"]["good"]
            assert "rule used" not in found
            assert "no line of the 2 logs" in found["rule idle"]["found"]
            assert f"{config}:4" in found["rule misspelt"]["found"] and "no log" in found["rule misspelt"]["found"]
            (remark,) = [it for subject, it in found.items() if subject.startswith("rules for the log of container")]
            assert other.name in remark["subject"] and "unmatched" in remark["cure"]


def suggest(docker, name):
    return subprocess.run([BINARY, "rules", "suggest", name, "--config.file=/dev/null", "--format=json", *docker.flags],
                          capture_output=True, text=True, check=False)


def test_rules_are_suggested_for_a_container_by_its_name(docker, cgroup):
    with docker.container(cgroup, "box:1", driver="local") as container:
        container.start("sleep", "100")
        container.log.write(*[f"2025-01-01 00:00:{n % 60:02d} INFO task {n} done in {n * 7 % 100}.5 ms" for n in range(200)])
        told = json.loads(suggest(docker, container.name).stdout)
        assert told["lines"] == 200
        assert told["suggestions"][0]["lines"] == 200 and told["suggestions"][0]["timed"]


def test_a_name_that_is_neither_file_nor_container_is_told_with_what_each_engine_said(docker):
    refused = suggest(docker, "nobody")
    assert refused.returncode == 1
    assert '"nobody" is no file; find a container "nobody": Docker: no such container' in refused.stderr
