"""The daemon as a program: flags, configuration, signals, what it tells the service manager and the log."""

import json
import os
import signal
import socket
import subprocess

import pytest

from benchd import BINARY, Benchd, Cgroup, wait_until


def benchd(*arguments, **options):
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=20, **options)


# --- usage and configuration ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("arguments, message", [
    (["serve", "--no-such-flag"], "no-such-flag"),
    (["serve", "--interval=1"], 'interval: found "1", allowed is a whole number with a unit'),
    (["serve", "--web.listen-address=nowhere"], "web.listen-address: found \"nowhere\", allowed is HOST:PORT"),
    (["serve", "--config.file=/nonexistent.yml"], "/nonexistent.yml: No such file"),
    (["serve", "--interval=2s", "--interval=3s"], 'interval: found "2s", "3s", allowed is one value'),
    (["serve", "--collector.host", "--no-collector.host"], 'found "true", "false", allowed is one value'),
    (["serve", "--no-collector.host=maybe"], 'collector.host: found "maybe", allowed is true or false'),
    (["serve", "--config.file=a", "--config.file=b"], 'config.file: found "a", "b", allowed is one value'),
    (["doctor", "--format=xml"], '--format: found "xml", allowed is one of text, json'),
    (["metrics", "--format=md", "--format=json"], '--format: found "md", "json", allowed is one of md, text, json'),
    (["no-such-command"], "no-such-command"),
    ([], "Usage: benchd"),
])
def test_wrong_usage_is_exit_2_and_says_what_is_wrong(arguments, message):
    ended = benchd(*arguments)
    assert ended.returncode == 2
    assert message in ended.stderr + ended.stdout


def test_check_config_names_file_line_key_and_what_is_allowed(tmp_path):
    file = tmp_path / "benchd.yml"
    file.write_text("log:\n  level: loud\n")
    ended = benchd("check-config", str(file))
    assert ended.returncode == 2
    assert ended.stderr == f'{file}:2: log.level: found "loud", allowed is one of debug, info, warn, error\n'
    as_json = benchd("check-config", "--format=json", str(file))
    assert as_json.returncode == 2
    assert json.loads(as_json.stdout)["valid"] is False

    file.write_bytes(b"interval: \xff\n")
    as_json = benchd("check-config", "--format=json", str(file))
    assert as_json.returncode == 2
    assert json.loads(as_json.stdout)["valid"] is False

    file.write_text("log: {level: debug}\n")
    assert benchd("check-config", str(file)).returncode == 0


def test_no_cgroup2_is_a_clear_error_at_the_start(tmp_path):
    ended = benchd("serve", f"--path.cgroupfs={tmp_path}")
    assert ended.returncode == 1
    assert str(tmp_path) in ended.stderr and "cgroup2" in ended.stderr


def test_an_address_in_use_is_a_clear_error_at_the_start(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = benchd("serve", f"--web.listen-address=127.0.0.1:{taken.getsockname()[1]}", f"--storage.path={tmp_path}")
    assert ended.returncode == 1
    assert "Address already in use" in ended.stderr


def test_the_metrics_document_is_the_committed_one():
    from benchd import REPOSITORY
    assert benchd("metrics").stdout == (REPOSITORY / "docs/metrics.md").read_text()


def test_the_metrics_in_every_format_are_the_same_ones():
    listed = json.loads(benchd("metrics", "--format=json").stdout)["families"]
    names = [family["name"] for family in listed]
    assert len(names) == len(set(names))
    text = benchd("metrics", "--format=text").stdout.splitlines()
    assert [line.split()[0] for line in text[1:]] == names
    document = benchd("metrics").stdout
    assert all(f"| `{name}` |" in document for name in names)
    assert document.count("\n| `") == len(names)
    cpu = next(family for family in listed if family["name"] == "container_cpu_usage_seconds_total")
    assert cpu["type"] == "counter" and cpu["unit"] == "seconds" and cpu["labels"] == ["id", "name", "image", "cpu"]


@pytest.mark.parametrize("command", [[], ["serve"], ["doctor"], ["check-config"], ["metrics"]])
def test_every_help_has_an_example(command):
    helped = benchd(*command, "--help")
    assert helped.returncode == 0
    assert "Example" in helped.stdout and "  benchd " in helped.stdout


def test_a_switch_may_be_given_its_value():
    with Benchd("--collector.host=false", "--no-collector.network=false") as daemon:
        scrape = daemon.scrape()
        assert scrape.get("benchd_collector_success", collector="host") is None
        assert scrape.get("benchd_collector_success", collector="network") == 1


def test_doctor_lists_what_is_found_and_what_is_missing():
    report = json.loads(benchd("doctor", "--format=json").stdout)
    findings = {finding["subject"]: finding for finding in report["findings"]}
    assert findings["kernel"]["good"]
    assert report["cgroup_mount"]
    for finding in report["findings"]:
        assert finding["good"] or finding["cost"], f"{finding['subject']} does not say what it costs"
    text = benchd("doctor").stdout
    for finding in report["findings"]:
        assert finding["subject"] in text


# --- signals ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("with_signal", [signal.SIGTERM, signal.SIGINT])
def test_ends_in_order_when_told_to(with_signal):
    with Benchd() as daemon:
        assert daemon.stop(with_signal) == 0
        assert "stopping" in daemon.log


def test_sighup_takes_a_good_file_and_keeps_the_old_one_over_a_bad_one(tmp_path):
    file = tmp_path / "benchd.yml"
    file.write_text("log: {level: info}\n")
    with Benchd(f"--config.file={file}") as daemon:
        file.write_text("log: {level: debug}\n")
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "configuration loaded anew" in daemon.log, "the reload")
        assert daemon.scrape().get("benchd_config_last_reload_successful") == 1

        file.write_text("log: {level: loud}\n")
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "configuration stays as it was" in daemon.log, "the refusal")
        assert f"{file}:1: log.level" in daemon.log
        assert daemon.scrape().get("benchd_config_last_reload_successful") == 0
        assert daemon.ask("/-/healthy").status == 200


# --- service manager --------------------------------------------------------------------------------------------------

class Manager:
    """Stands where systemd would: receives what the daemon notifies."""

    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(20)

    def wait_for(self, *wanted):
        """Receives until a message has all these lines' beginnings; returns it."""
        while True:
            lines = self.socket.recv(4096).decode().splitlines()
            if all(any(line.startswith(beginning) for line in lines) for beginning in wanted):
                return lines


def test_tells_the_service_manager_how_it_is(tmp_path):
    manager = Manager(tmp_path / "notify")
    with Benchd(env={"NOTIFY_SOCKET": manager.path}) as daemon:
        manager.wait_for("READY=1", "STATUS=")
        daemon.process.send_signal(signal.SIGHUP)
        manager.wait_for("RELOADING=1", "MONOTONIC_USEC=")
        manager.wait_for("READY=1")
        daemon.process.send_signal(signal.SIGTERM)
        manager.wait_for("STOPPING=1")


def test_feeds_the_watchdog_twice_within_its_time_whatever_the_interval(tmp_path):
    manager = Manager(tmp_path / "notify")
    with Benchd("--interval=60s", env={"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "400000"}):
        for _ in range(5):
            manager.wait_for("WATCHDOG=1")


# --- log --------------------------------------------------------------------------------------------------------------

def test_logs_json_when_asked():
    with Benchd("--log.format=json") as daemon:
        daemon.stop()
        for line in daemon.log.splitlines():
            assert {"ts", "level", "msg"} <= json.loads(line).keys()


def test_logs_priorities_and_no_time_into_the_journal():
    with Benchd(env={"JOURNAL_STREAM": "1:1"}) as elsewhere:
        assert elsewhere.log.startswith("ts="), "this one's stderr is another stream"
    journal = Benchd()
    status = os.stat(journal.log_file.name)
    journal.env["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino}"
    with journal:
        assert journal.log.startswith("<6>level=info") or journal.log.startswith("<4>level=warn")


def test_an_engine_that_cannot_be_asked_fails_its_collector_and_costs_no_reading(cgroup):
    nowhere = [f"--runtimes.{flag}=/nonexistent" for flag in ("docker.socket", "docker.root", "podman.socket", "users")]
    with Benchd(*nowhere) as daemon, Cgroup("docker", cgroup) as parent, Cgroup("ab" * 32, parent) as container:
        assert daemon.scrape().get("benchd_collector_success", collector="runtimes") == 1
        wait_until(lambda: daemon.scrape().get("benchd_collector_success", collector="runtimes") == 0, "the state")
        scrape = daemon.wait_for("container_cpu_usage_seconds_total", id=container.id)
        assert scrape.get("benchd_runtimes_errors_total") > 0
        assert scrape.get("benchd_runtimes_dropped_total") == 0
