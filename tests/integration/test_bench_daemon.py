"""benchd bench beside a running daemon: campaigns in the daemon's ledger, through ends of either at any moment."""

import contextlib
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import time

import pytest

from benchd import BINARY, MOUNT, Benchd, wait_until

pytestmark = pytest.mark.skipif(
    MOUNT is None or not os.access(MOUNT, os.W_OK), reason="no cgroup2 mount that this user may write to"
)
PAIR = ["--warmup=0", "--exclude=never", "-n", "a", "-n", "b"]


class Host:
    """A daemon, and a user with a home of their own."""

    def __init__(self, daemon, home):
        self.daemon, self.home = daemon, home
        self.ledger = pathlib.Path(daemon.storage.name) / "ledger.db"
        self.own = home / "benchd" / "ledger.db"
        self.environment = {**os.environ, "XDG_DATA_HOME": str(home)}

    def command(self, *arguments):
        return [BINARY, "bench", f"--socket={self.daemon.control}", *map(str, arguments)]

    def bench(self, *arguments):
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, check=False, timeout=300,
                              cwd=self.home, env=self.environment)

    def start(self, *arguments):
        return subprocess.Popen(self.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                cwd=self.home, env=self.environment)

    def compare(self, *arguments):
        return subprocess.run([BINARY, "compare", *arguments, f"--ledger={self.ledger}",
                               f"--socket={self.daemon.control}", "--format=json"], capture_output=True, text=True,
                              check=False, timeout=60, env=self.environment)

    def rows(self, query):
        with contextlib.closing(sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True, timeout=10)) as database:
            return database.execute(query).fetchall()

    def runs(self):
        return self.rows("SELECT id, variant, block, failure, duration_ns FROM run ORDER BY campaign, start_order")

    def kill_daemon(self):
        self.daemon.process.kill()
        self.daemon.process.wait()

    def ask(self, method, path, body=""):
        """The daemon's answer to what no bench would send."""
        connection = http.client.HTTPConnection("localhost", timeout=20)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(20)
        with contextlib.closing(connection):
            connection.sock.connect(self.daemon.control)
            connection.request(method, path, body=body)
            response = connection.getresponse()
            return response.status, response.read().decode()


@pytest.fixture(name="host")
def a_host(tmp_path):
    with Benchd("--no-collector.kernel", "--no-collector.runtimes") as daemon:
        yield Host(daemon, tmp_path)


def result(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def is_complete(runs, blocks):
    assert len({run[0] for run in runs}) == len(runs) == 2 * blocks
    assert len({(variant, block) for _, variant, block, *_ in runs}) == 2 * blocks, "none twice"


def test_a_campaign_is_in_the_daemons_ledger_and_its_verdict_on_its_metrics(host):
    shown = result(host.bench("--experiment=beside", "--runs=8", "--threshold=20%", "--format=json", *PAIR,
                              "sleep 0.01", "sleep 0.05"))
    (b,) = shown["comparisons"]
    assert b["ratio"] > 1 and shown["looks"] == 1
    assert not host.own.exists()
    is_complete(host.runs(), 8)
    assert result(host.compare("beside")) == shown, "the same from the ledger"
    scrape = host.daemon.wait_for("benchd_compare_ratio", experiment="beside", variant="b", bound="estimate")
    ratio = scrape.get("benchd_compare_ratio", experiment="beside", variant="b", bound="estimate")
    assert ratio == pytest.approx(b["ratio"], rel=1e-9)
    assert scrape.get("benchd_ledger_refused_runs_total") == 0


def test_only_its_group_may_connect(host):
    assert stat.S_IMODE(os.stat(host.daemon.control).st_mode) == 0o660


def test_without_a_daemon_the_ledger_is_the_users_own(host):
    host.kill_daemon()
    assert pathlib.Path(host.daemon.control).exists(), "what a killed daemon leaves"
    assert result(host.bench("--runs=6", "--format=json", *PAIR, "true", "sleep 0"))["looks"] == 1
    assert host.own.exists() and not host.runs()


def test_a_daemon_that_is_killed_and_started_again_loses_and_doubles_nothing(host):
    process = host.start("--runs=30", "--format=json", *PAIR, "sleep 0.02", "sleep 0.03")
    for seen in (5, 20, 35):
        wait_until(lambda: len(host.runs()) >= seen, f"{seen} runs")
        host.kill_daemon()
        kept = host.runs()
        host.daemon.start()
        wait_until(lambda: len(host.runs()) > len(kept), "bench to go on")
        assert host.runs()[:len(kept)] == kept
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert json.loads(output)["comparisons"][0]["runs"] == 30
    is_complete(host.runs(), 30)


def test_a_daemon_that_stays_away_ends_it_as_an_interruption_and_resume_goes_on(host):
    arguments = ["--runs=10", *PAIR, "sleep 0.02", "sleep 0.03"]
    process = host.start(*arguments)
    wait_until(lambda: len(host.runs()) >= 5, "five runs")
    host.kill_daemon()
    line = ""
    while "waiting" not in line:
        line = process.stderr.readline()
        assert line, "bench ended"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "are done and kept in its ledger" in errors and "--resume" in errors
    host.daemon.start()
    kept = host.runs()
    assert 5 <= len(kept) < 20
    result(host.bench(*arguments, "--resume", "--format=json"))
    is_complete(host.runs(), 10)
    assert host.runs()[:len(kept)] == kept
    again = host.bench(*arguments, "--resume")
    assert again.returncode == 2 and "is finished" in again.stderr


def test_both_killed_at_any_moment_no_run_is_lost_or_doubled(host, kills):
    blocks = 5 * kills
    dice = random.Random(7)
    arguments = [f"--runs={blocks}", *PAIR, "sleep 0.01", "sleep 0.02"]
    seen = []
    for turn in range(kills):
        if len(seen) == 2 * blocks:
            break
        process = host.start(*arguments, *(["--resume"] if seen else []))
        goal = len(seen) + dice.randrange(4)
        wait_until(lambda: len(host.runs()) >= goal or process.poll() is not None, "runs", 60)
        time.sleep(dice.uniform(0, 0.1))
        if turn % 2 == 0:
            host.kill_daemon()
            host.daemon.start()
            time.sleep(dice.uniform(0, 0.3))
        process.kill()
        process.communicate()
        runs = host.runs()
        assert runs[:len(seen)] == seen, "what was there is there"
        seen = runs
    if len(seen) < 2 * blocks:
        (b,) = result(host.bench(*arguments, "--resume", "--format=json"))["comparisons"]
        assert (b["runs"], b["failed"]) == (blocks, 0)
    is_complete(host.runs(), blocks)


def test_what_contradicts_the_ledger_is_refused_and_counted(host):
    result(host.bench("--runs=6", "--format=json", *PAIR, "true", "sleep 0"))
    lines = subprocess.run([BINARY, "runs", "export", "--format=json", f"--ledger={host.ledger}"], text=True,
                           capture_output=True, check=True).stdout
    assert host.ask("POST", "/v1/records", lines) == (200, '{"new":0}\n'), "a second time the same"
    line = next(json.loads(line) for line in lines.splitlines() if "run" in json.loads(line))
    line["run"]["duration_ns"] += 1
    status, answer = host.ask("POST", "/v1/records", json.dumps(line))
    assert status == 409 and "another duration_ns" in answer
    line["run"]["id"] += "-more"
    status, answer = host.ask("POST", "/v1/records", json.dumps(line))
    assert status == 409 and "its campaign is finished" in answer
    line["run"]["campaign"] = "elsewhere"
    assert host.ask("POST", "/v1/records", json.dumps(line))[0] == 404
    assert len(host.runs()) == 12, "none of it was taken"
    assert host.daemon.scrape().get("benchd_ledger_refused_runs_total") == 2


@pytest.mark.parametrize("method, path, body, status", [
    ("POST", "/v1/records", "not JSON", 400),
    ("POST", "/v1/records", '{"run": {"id": "x"}}', 400),
    ("POST", "/v1/finish", '{"campaign": "x"}', 400),
    ("POST", "/v1/finish", '{"campaign": "x", "at_ns": 1}', 404),
    ("POST", "/v1/look", '{"campaign": "x", "request": "1"}', 404),
    ("POST", "/v1/look", '{"campaign": "x"}', 400),
    ("POST", "/v1/look", "[]", 400),
    ("GET", "/v1/runs?of=x", "", 400),
    ("GET", "/v1/records", "", 405),
    ("POST", "/v1/ledger", "", 405),
    ("GET", "/metrics", "", 404),
])
def test_what_no_bench_would_send_is_refused(host, method, path, body, status):
    assert host.ask(method, path, body)[0] == status


def test_an_unfinished_campaign_is_looked_at_through_the_daemon(host):
    arguments = ["--experiment=going", "--runs=12", *PAIR, "sleep 0.02", "sleep 0.06"]
    process = host.start(*arguments)
    wait_until(lambda: len(host.runs()) >= 18, "nine blocks")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert result(host.compare("going"))["looks"] == 1
    assert result(host.compare("going"))["looks"] == 2, "each is counted"
    assert result(host.bench(*arguments, "--resume", "--format=json"))["looks"] == 3


def test_the_daemons_group_may_compare_what_it_may_add(tmp_path):
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("needs root and setpriv, to be somebody of another group")
    as_member = ["setpriv", "--reuid=65534", "--regid=54321", "--clear-groups"]
    if subprocess.run([*as_member, BINARY, "--version"], capture_output=True, check=False).returncode != 0:
        pytest.skip("nobody may not run this build")
    # As the unit has it: its own group, and that file mode.
    with Benchd("--no-collector.kernel", "--no-collector.runtimes",
                prefix=["setpriv", "--regid=54321", "--clear-groups", "sh", "-c", 'umask 0027; exec "$@"', "sh"]) as daemon:
        os.chmod(daemon.storage.name, 0o755)
        host = Host(daemon, tmp_path)

        def as_one(group, *command):
            return subprocess.run(["setpriv", "--reuid=65534", f"--regid={group}", "--clear-groups", *command],
                                  capture_output=True, text=True, check=False, timeout=60, cwd="/")

        arguments = ["--experiment=going", "--runs=12", *PAIR, "sleep 0.02", "sleep 0.06"]
        process = host.start(*arguments)
        wait_until(lambda: len(host.runs()) >= 18, "nine blocks")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        compare = [BINARY, "compare", "going", f"--ledger={host.ledger}", f"--socket={daemon.control}", "--format=json"]
        runs = [BINARY, "runs", "list", f"--ledger={host.ledger}", "--format=csv"]
        assert result(as_one(54321, *compare))["looks"] == 1, "a look is counted for its group too"
        assert len(as_one(54321, *runs).stdout.splitlines()) == 1 + len(host.runs())
        assert as_one(65534, *runs).returncode != 0, "for nobody else"
        shown = result(host.bench(*arguments, "--resume", "--format=json"))
        assert result(as_one(54321, *compare)) == shown
        daemon.process.terminate()
        daemon.process.wait()
        assert result(as_one(54321, *compare)) == shown, "also when no daemon has it open"


def test_a_second_daemon_leaves_the_socket_of_the_first_alone(host):
    with Benchd(f"--control.socket={host.daemon.control}", "--no-collector.kernel") as second:
        assert "control socket" in second.log
        assert host.ask("GET", "/v1/ledger") == (200, json.dumps({"path": str(host.ledger)}, separators=(",", ":")) + "\n")


def test_a_user_who_may_not_ask_the_daemon_has_a_ledger_of_their_own(host):
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("needs root and setpriv, to be root without its rights")
    os.chmod(host.daemon.control, 0o600)
    os.chown(host.daemon.control, 65534, 65534)
    done = subprocess.run(["setpriv", "--bounding-set=-dac_override,-dac_read_search",
                           "--inh-caps=-dac_override,-dac_read_search",
                           *host.command("--runs=6", "--format=json", *PAIR, "true", "sleep 0")], check=False,
                          capture_output=True, text=True, cwd=host.home, env=host.environment, timeout=120)
    # Whether it may make cgroups is another matter.
    assert "Permission denied; runs are kept in this user's own ledger" in done.stderr
    assert host.own.exists() and not host.runs()
