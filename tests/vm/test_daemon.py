"""benchd under systemd beside real engines: the unit as shipped, names, ends, networks."""
import re
import shutil
import subprocess
import time

import check_exposition
import pytest
from engine import Engine
from machine import CommandError
from service import identity


def use_cpu(then):
    return f"i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; {then}"


def only(values):
    values = list(values)
    assert len(values) == 1, values
    return values[0]


def final_or_counted(scrape, holds, file):
    """A container's directory may be gone before its last reading, here more often than elsewhere: that must be counted."""
    return holds or scrape.get("benchd_final_incomplete_total", file=file) > 0


def test_the_unit_runs_as_a_user_without_any_right(service):
    assert service.property("ActiveState") == "active"
    status = service.machine.check(f"cat /proc/{service.property('MainPID')}/status")
    uid = service.machine.check("id -u benchd").strip()
    assert re.search(rf"^Uid:(\t{uid}){{4}}$", status, re.MULTILINE) and uid != "0"
    for capabilities in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert f"{capabilities}:\t0000000000000000" in status
    # CAP_BPF and CAP_PERFMON, which the kernel programs took: the bound alone, which gives nothing to anybody here.
    assert "CapBnd:\t000000c000000000" in status
    assert "NoNewPrivs:\t1" in status and "Seccomp:\t2" in status


def test_the_kernel_programs_are_loaded_under_the_units_rules(service):
    (mode,) = service.scrape().labels("benchd_kernel_mode_info")
    assert mode["mode"] == "exact", mode["reason"]


def test_systemctl_status_says_what_it_does(service):
    service.machine.wait_until("systemctl status benchd | grep -E 'Status: \"[0-9]+ containers running\"'")


def test_a_reload_takes_effect_or_says_why_not(service):
    pid = service.property("MainPID")
    service.machine.put("/etc/benchd/benchd.yml", b"retention: never\n")
    service.machine.check("systemctl reload benchd")
    service.wait_for("benchd_config_last_reload_successful", 0)
    assert "retention" in service.log()
    service.machine.put("/etc/benchd/benchd.yml", b"retention: 10m\n")
    service.machine.check("systemctl reload benchd")
    service.wait_for("benchd_config_last_reload_successful", 1)
    assert service.property("MainPID") == pid and service.property("ActiveState") == "active"
    service.machine.check("rm /etc/benchd/benchd.yml")


def test_names_images_and_labels_come_from_the_engine(service, rootful):
    cgroup = rootful.start("shop", "--label com.docker.compose.project=fruit --label com.docker.compose.service=apples")
    scrape = service.wait_for("benchd_container_info", id=identity(cgroup), name="shop")
    info = only(scrape.labels("benchd_container_info", id=identity(cgroup)))
    state = rootful.inspect("shop")
    assert info["runtime"] == rootful.name and info["runtime_id"] == state["Id"]
    assert info["image"] == (state["Config"]["Image"] if rootful.name == "docker" else state["ImageName"])
    assert info["label_com_docker_compose_project"] == "fruit" and info["label_com_docker_compose_service"] == "apples"
    usage = only(scrape.labels("container_cpu_usage_seconds_total", id=identity(cgroup)))
    assert (usage["name"], usage["image"]) == ("shop", info["image"])


def test_a_removed_container_keeps_its_exit_code_and_final_counters(service, rootful):
    name = f"leaver-{rootful.name}"
    run = rootful(f"run --rm --name {name} box sh -c '{use_cpu('cat /sys/fs/cgroup/cpu.stat; exit 42')}'")
    assert run.rc == 42
    scrape = service.wait_for("benchd_container_exit_code", 42, name=name)
    last_words = int(re.search(r"^usage_usec (\d+)", run.out, re.MULTILINE).group(1))
    usage = scrape.get("container_cpu_usage_seconds_total", name=name)
    assert usage > 0 and final_or_counted(scrape, usage >= last_words / 1e6, "cpu.stat")
    peak = scrape.get("container_memory_max_usage_bytes", name=name)
    assert final_or_counted(scrape, peak > 0, "memory.peak")
    assert scrape.get("benchd_container_finished_timestamp_seconds", name=name) is not None
    assert scrape.get("container_memory_usage_bytes", name=name) is None, "a gauge of what is no more"


def test_a_container_that_the_oom_killer_ended_says_so(service, rootful):
    name = f"victim-{rootful.name}"
    assert rootful(f"run --name {name} --memory 16m --memory-swap 16m box tail /dev/zero").rc == 137
    service.wait_for("benchd_container_exit_code", 137, name=name)
    # What the engine says: podman 4.3 does not notice, Docker not always. The kernel counts.
    scrape = service.wait_for("benchd_container_oom_killed", rootful.inspect(name)["State"]["OOMKilled"], name=name)
    assert scrape.get("container_oom_events_total", name=name) == 1


def test_made_again_under_its_name_it_is_another_container(service, docker):
    first = identity(docker.start("again"))
    service.wait_for("benchd_container_populated", 1, id=first, name="again")
    docker("rm -f again")
    second = identity(docker.start("again"))
    service.wait_for("benchd_container_populated", 1, id=second, name="again")
    scrape = service.wait_for("benchd_container_exit_code", 137, id=first)
    assert only(scrape.labels("benchd_container_populated", name="again"))["id"] == second
    assert scrape.get("benchd_container_exit_code", id=second) is None


def test_a_restarted_engine_loses_no_reading_and_gives_names_again(service, docker):
    pid = service.property("MainPID")
    before = identity(docker.start("before"))
    service.wait_for("benchd_container_populated", 1, id=before, name="before")
    docker.machine.check("systemctl restart docker")
    scrape = service.wait_for("benchd_container_finished_timestamp_seconds", id=before, name="before")
    assert scrape.get("container_cpu_usage_seconds_total", id=before) > 0
    after = identity(docker.start("after"))
    service.wait_for("benchd_container_populated", 1, id=after, name="after")
    assert service.property("MainPID") == pid


def test_traffic_is_charged_to_the_container_and_only_once(service, docker):
    def counted():
        table = docker.machine.check(f"cat /proc/{pid}/net/dev")
        row = re.search(r"^ *eth0: *(.*)$", table, re.MULTILINE).group(1).split()
        return {"receive_bytes": int(row[0]), "receive_packets": int(row[1]),
                "transmit_bytes": int(row[8]), "transmit_packets": int(row[9])}

    owner = identity(docker.start("owner"))
    pid = docker.inspect("owner")["State"]["Pid"]
    service.wait_for("benchd_container_network_info", id=owner, scope="own")
    guest = identity(docker.start("guest", "--network container:owner"))
    host = identity(docker.start("on-host", "--network host"))
    service.wait_for("benchd_container_network_info", id=guest, scope="shared")
    service.wait_for("benchd_container_network_info", id=host, scope="host")
    docker.machine.check("docker exec owner ping -c 3 -s 1000 $(docker network inspect bridge "
                         "-f '{{(index .IPAM.Config 0).Gateway}}')")
    before, scrape, after = counted(), service.scrape(), counted()
    assert before["receive_bytes"] > 3000 and before["transmit_bytes"] > 3000
    for key in before:
        shown = scrape.get(f"container_network_{key}_total", id=owner, interface="eth0")
        assert before[key] <= shown <= after[key], key
    for other in (guest, host):
        assert scrape.labels("container_network_receive_bytes_total", id=other) == []


def test_the_exposition_is_well_formed(service, rootful):
    rootful.start("shown", "--label 'com.docker.compose.project=a\"b\\c'")
    service.wait_for("benchd_container_info", name="shown", runtime=rootful.name)
    text = service.text()
    assert check_exposition.check(text) == []
    assert check_exposition.check_later(text, service.text()) == []
    if shutil.which("promtool"):
        lint = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        assert (lint.returncode, lint.stdout, lint.stderr) == (0, "", "")


def test_systemd_restarts_it_when_it_hangs(service):
    restarts = int(service.property("NRestarts"))
    service.machine.check("systemctl kill -s STOP --kill-whom=main benchd")
    service.machine.wait_until(f"test $(systemctl show -P NRestarts benchd) -gt {restarts}", timeout=180)
    service.machine.wait_until("systemctl is-active benchd")
    assert service.scrape().get("benchd_collector_success", collector="cgroup") == 1


def test_it_ends_cleanly_and_starts_again(service):
    service.machine.check("systemctl stop benchd")
    assert service.property("ActiveState") == "inactive"
    assert (service.property("Result"), service.property("ExecMainStatus")) == ("success", "0")
    service.machine.check("systemctl start benchd")
    assert service.scrape().get("benchd_collector_success", collector="cgroup") == 1


# --- logs: the drop-in 20-logs.conf -------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def reads_logs(service):
    """The service with the right to read logs from their files, and the number of its starts forgotten."""
    drop_in = "/etc/systemd/system/benchd.service.d/20-logs.conf"
    restart = "systemctl daemon-reload && systemctl reset-failed benchd && systemctl restart benchd"
    service.machine.check(f"install -m644 /payload/systemd/20-logs.conf {drop_in} && {restart}")
    yield service
    service.machine.check(f"rm {drop_in} && {restart}")


ROWS = 2000
WRITE_ROWS = f"""i=0; while [ $i -lt {ROWS} ]; do
    echo row $i done in 2 ms; i=$((i+1)); test $((i % 100)) = 0 && sleep 0.5; done; sleep infinity"""


def counted(service, **labels):
    try:
        return service.scrape().get("benchd_tasks_total", task="row", **labels) or 0
    except CommandError:  # nobody answers: it was killed
        return 0


def wait_until_counted(service, count, **labels):
    deadline = time.monotonic() + 120
    while counted(service, **labels) < count:
        assert time.monotonic() < deadline, f"{counted(service, **labels)} of {count} rows came\n{service.log()}"
        time.sleep(0.2)


def test_of_a_capability_more_it_keeps_that_for_logs_alone(reads_logs):
    status = reads_logs.machine.check(f"cat /proc/{reads_logs.property('MainPID')}/status")
    assert "CapEff:\t0000000000000004" in status, "CAP_DAC_READ_SEARCH"


@pytest.fixture
def rows(machine, request):
    """Starts a container that writes ROWS rows; gives its engine, its name and its id."""
    name, driver = request.param
    engine, container = Engine(machine, name), f"rows-{driver}"
    options = f"--log-driver {driver} --label benchd.task.name=row --label 'benchd.task.match=row {{id}} done in {{duration:ms}}'"
    try:
        yield engine, container, identity(engine.start(container, options, WRITE_ROWS))
    finally:
        engine(f"rm -f {container}")


FILES = {"json-file": "-json.log", "k8s-file": "/ctr.log", "journald": ".journal"}


@pytest.mark.parametrize("rows", [("docker", "json-file"), ("docker", "journald"),
                                  ("podman", "k8s-file"), ("podman", "journald")],
                         ids="-".join, indirect=True)
def test_rows_of_a_log_count_once_though_it_is_killed_while_they_are_written(machine, reads_logs, rows):
    engine, name, container = rows
    file = FILES[name.removeprefix("rows-")]
    for part in (400, 1200):
        wait_until_counted(reads_logs, part, id=container)
        # The log itself is read, no engine asked for it. All rows may have been counted before it was killed, and the
        # engine not have told again yet where they are.
        pid = reads_logs.property("MainPID")
        machine.wait_until(f"readlink /proc/{pid}/fd/* | grep -q '{re.escape(file)}$'", timeout=120)
        machine.check("systemctl reset-failed benchd; systemctl kill -s KILL benchd")
    wait_until_counted(reads_logs, ROWS, id=container)
    engine(f"rm -f {name}")
    scrape = reads_logs.wait_for("benchd_container_finished_timestamp_seconds", id=container)
    assert scrape.get("benchd_tasks_total", id=container, task="row") == ROWS
    assert scrape.get("benchd_task_duration_seconds_sum", id=container) == ROWS * 0.002
    for loss in ("losses", "lost_lines", "truncations"):
        assert scrape.get(f"benchd_log_{loss}_total", id=container) == 0
