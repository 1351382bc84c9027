"""benchd bench on real commands: counts, measures, failures, interruptions, and campaigns that are cut off anywhere."""

import json
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import tempfile
import time

import pytest

from benchd import BINARY, MOUNT, wait_until
from engines import BOX, Docker, why_not

pytestmark = pytest.mark.skipif(
    MOUNT is None or not os.access(MOUNT, os.W_OK), reason="no cgroup2 mount that this user may write to"
)


class Bench:
    """benchd bench with a ledger of its own."""

    def __init__(self, directory):
        self.directory = directory
        self.ledger = directory / "ledger.db"

    def command(self, *arguments):
        return [BINARY, "bench", f"--ledger={self.ledger}", *map(str, arguments)]

    def run(self, *arguments, **options):
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, check=False, timeout=120,
                              cwd=self.directory, **options)

    def start(self, *arguments):
        return subprocess.Popen(self.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                cwd=self.directory)

    def runs(self):
        if not self.ledger.exists():
            return []
        with sqlite3.connect(self.ledger) as database:
            database.row_factory = sqlite3.Row
            try:
                return [dict(row) for row in database.execute("SELECT * FROM run ORDER BY campaign, start_order")]
            except sqlite3.OperationalError:
                return []

    def count(self):
        if not self.ledger.exists():
            return 0
        with sqlite3.connect(self.ledger) as database:
            try:
                return database.execute("SELECT count(*) FROM run").fetchone()[0]
            except sqlite3.OperationalError:
                return 0

    def cgroups(self):
        """Those that its campaigns made and that are still there."""
        with sqlite3.connect(self.ledger) as database:
            campaigns = [row[0] for row in database.execute("SELECT id FROM campaign")]
        return [path for id in campaigns for depth in ("", "*/")
                for path in pathlib.Path("/sys/fs/cgroup").glob(f"{depth}benchd-bench-{id}*")]


@pytest.fixture(name="bench")
def a_bench(tmp_path):
    return Bench(tmp_path)


def result(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_variant_runs_once_a_block_and_warm_up_runs_do_not_count(bench):
    marks = bench.directory / "marks"
    done = bench.run("--runs=7", "--warmup=2", "--control", "--seed=11", "--exclude=never", "--format=json",
                     "-n", "a", "-n", "b", "-n", "c", *(f"echo {name} >> {marks}" for name in "abc"))
    comparison = result(done)
    assert (comparison["experiment"], comparison["measure"], comparison["baseline"]) == ("bench", "duration", "a")
    assert [it["runs"] for it in comparison["comparisons"]] == [7, 7]
    assert comparison["looks"] == 1
    started = marks.read_text().split()
    warm_up, counted = started[:6], started[6:]
    assert sorted(warm_up) == sorted("abcabc")
    blocks = [counted[i:i + 4] for i in range(0, len(counted), 4)]
    assert [sorted(block) for block in blocks] == [["a", "a", "b", "c"]] * 7
    assert len({tuple(block) for block in blocks}) > 1, "each block has an order of its own"
    runs = bench.runs()
    assert [run["variant"] for run in runs] == started, "the ledger has them in their order"
    assert [run["warm_up"] for run in runs] == [1] * 6 + [0] * 28
    assert sum(run["control"] for run in runs) == 7
    assert not bench.cgroups()


def test_the_seed_makes_the_order(bench):
    for seed in (1, 1, 2):
        result(bench.run("--runs=8", "--warmup=0", f"--seed={seed}", "--format=json", "true", "sleep 0"))
    with sqlite3.connect(bench.ledger) as database:
        by_seed = [(seed, [row[0] for row in database.execute(
            "SELECT variant FROM run WHERE campaign = ? ORDER BY start_order", (campaign,))])
            for campaign, seed in database.execute("SELECT id, seed FROM campaign")]
    first, again = [order for seed, order in by_seed if seed == 1]
    (other,) = [order for seed, order in by_seed if seed == 2]
    assert first == again != other


def test_a_variant_that_is_slower_is_found_slower(bench):
    done = bench.run("--runs=10", "--exclude=never", "--format=json", "--threshold=20%",
                     "-n", "short", "-n", "long", "sleep 0.1", "sleep 1")
    (long,) = result(done)["comparisons"]
    assert long["verdict"] == "slower"
    assert 1.5 < long["ratio"] < 10.5


def test_cpu_time_of_every_process_counts_and_sleep_has_none(bench):
    work = "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done"
    result(bench.run("--runs=5", "--format=json", "--exclude=never", "-n", "sleeps", "-n", "works",
                     "sleep 0.05", f"({work}) & ({work}) & wait"))
    cpu = {"sleeps": [], "works": []}
    for run in bench.runs():
        cpu[run["variant"]].append(run["cpu_usec"])
        assert run["duration_ns"] > 0
    assert max(cpu["sleeps"]) < min(cpu["works"])


def test_a_run_lasts_until_its_background_process_has_ended(bench):
    done = bench.run("--runs=6", "--format=json", "--exclude=never", "-n", "plain", "-n", "forks",
                     "sleep 0", "sh -c 'sleep 0.3 & exit 0'")
    assert result(done)["comparisons"][0]["verdict"] == "slower"
    assert all(run["duration_ns"] >= 300_000_000 for run in bench.runs() if run["variant"] == "forks")


def test_failures_are_outcomes_and_never_silent(bench):
    # Fails in every second of its starts.
    sometimes = "test ! -e f && touch f || { rm f; exit 3; }"
    done = bench.run("--runs=10", "--warmup=0", "--exclude=never", "--format=json", "--fail-on=failed",
                     "-n", "good", "-n", "bad", "true", sometimes)
    assert done.returncode == 1, done.stderr
    (bad,) = json.loads(done.stdout)["comparisons"]
    assert (bad["failed"], bad["verdict"], bad["doubt"]) == (5, None, "too_many_failures")
    failures = [run["failure"] for run in bench.runs() if run["variant"] == "bad"]
    assert sorted(failures) == [""] * 5 + ["exit code 3"] * 5


def test_a_command_that_always_fails_ends_it_soon(bench):
    done = bench.run("--runs=50", "true", "sh -c 'exit 7'")
    assert done.returncode == 2
    assert "failed at each of its first starts: exit code 7" in done.stderr
    assert len(bench.runs()) < 12


def test_a_timeout_kills_all_of_a_run(bench):
    done = bench.run("--runs=2", "--warmup=0", "--timeout=200ms", "-n", "ok", "-n", "hangs",
                     "true", "sh -c 'sleep 1000 & sleep 1000'")
    assert done.returncode == 2
    (failed, *_) = [run for run in bench.runs() if run["variant"] == "hangs"]
    assert failed["failure"] == "timeout of 0.2 s"
    assert not bench.cgroups(), "and nothing is left of it"


def test_prepare_and_conclude_are_around_each_run_and_not_timed(bench):
    done = bench.run("--runs=3", "--warmup=1", "--format=json", "--exclude=never",
                     "--prepare=sleep 0.1; echo p >> marks", "--conclude=echo c >> marks",
                     "-n", "a", "-n", "b", "echo r >> marks", "echo r >> marks; true")
    result(done)
    assert (bench.directory / "marks").read_text().split() == ["p", "r", "c"] * 8
    assert min(run["duration_ns"] for run in bench.runs()[2:]) < 100_000_000, "else each would have it"


def test_a_prepare_that_fails_ends_it(bench):
    done = bench.run("--runs=3", "--prepare=exit 4", "true", "sleep 0")
    assert done.returncode == 2
    assert "prepare: `exit 4` ended with exit code 4" in done.stderr
    assert not bench.runs()


@pytest.mark.parametrize("arguments, message", [
    (["true"], "found one command"),
    (["true", "true"], 'found "true" twice'),
    (["true", "no-such-command-here"], "no-such-command-here: find the command"),
    (["true", "/etc/passwd"], "/etc/passwd: execute /etc/passwd: Permission denied"),
    (["true", "it's"], "a quote is not closed"),
    (["--runs=1", "true", "sleep 0"], '--runs: found "1"'),
    (["--threshold=0", "true", "sleep 0"], '--threshold: found "0"'),
    (["--measure=task_time", "true", "sleep 0"], '--measure: found "task_time"'),
    (["--timeout=soon", "true", "sleep 0"], '--timeout: found "soon"'),
    (["-n", "a", "true", "sleep 0"], "-n: found 1 names"),
    (["--resume", "true", "sleep 0"], "has no campaign of just this experiment"),
])
def test_bad_input_is_refused_before_anything_runs(bench, arguments, message):
    done = bench.run(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert not bench.runs()


def test_the_result_goes_to_a_file_as_well(bench):
    done = bench.run("--runs=6", "--exclude=never", "--export-json=out.json", "true", "sleep 0.01")
    assert done.returncode == 0
    assert "sleep 0.01" in done.stdout
    assert json.loads((bench.directory / "out.json").read_text())["baseline"] == "true"


def plan_is_complete(runs, blocks, variants):
    ids = [run["id"] for run in runs]
    assert len(ids) == len(set(ids)) == blocks * variants
    counted = [(run["block"], run["variant"], run["control"]) for run in runs]
    assert len(set(counted)) == len(counted), "none twice"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_keeps_what_was_done_and_resume_completes_it(bench, number):
    arguments = ["--runs=6", "--warmup=0", "--exclude=never", "sleep 0.1", "sleep 0.11"]
    process = bench.start(*arguments)
    wait_until(lambda: len(bench.runs()) >= 3, "three runs")
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    kept = bench.runs()
    assert 3 <= len(kept) < 12
    assert f"{len(kept)} of 12 runs are done" in errors and "--resume" in errors
    assert all(not run["failure"] for run in kept), "the run that was cut off is no failure: it is none"
    assert not bench.cgroups()
    result(bench.run(*arguments, "--resume", "--format=json"))
    plan_is_complete(bench.runs(), 6, 2)
    assert bench.runs()[:len(kept)] == kept
    again = bench.run(*arguments, "--resume")
    assert again.returncode == 2 and "is finished" in again.stderr


def test_an_edited_experiment_is_another_one(bench):
    process = bench.start("--runs=6", "--warmup=0", "sleep 0.1", "sleep 0.11")
    wait_until(lambda: len(bench.runs()) >= 1, "a run")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    done = bench.run("--runs=7", "--warmup=0", "sleep 0.1", "sleep 0.11", "--resume")
    assert done.returncode == 2 and "what was edited makes a new campaign" in done.stderr


def kill_and_resume(bench, arguments, total, kills, environment=None):
    """Kills the campaign of `total` runs at so many moments, spread evenly over its whole life: most of them somewhere in
    a run or between two, where one more is there than was drawn, some while it starts. Then lets it come to its end."""
    dice = random.Random(4)
    seen, killed, starting = [], 0, 0

    def start():
        return subprocess.Popen(bench.command(*arguments, *(["--resume"] if seen else [])), cwd=bench.directory,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)

    for target in sorted(dice.sample(range(1, total), kills)):
        process = start()
        if dice.random() < 0.1:
            time.sleep(dice.uniform(0, 0.3))
            starting += 1
        else:
            wait_until(lambda: process.poll() is not None or bench.count() >= max(target, len(seen) + 1), "runs", 120)
            time.sleep(dice.uniform(0, 0.03))
        killed += process.poll() is None
        process.kill()
        process.communicate()
        runs = bench.runs()
        assert runs[:len(seen)] == seen, "what was there is there"
        seen = runs
        if len(seen) == total:
            break
    assert seen, "none of the processes came as far as a run"
    print(f"{killed} kills, {starting} of them within 0.3 s of a start; {len(seen)} of {total} runs done by then")
    if len(seen) < total:
        process = start()
        output, errors = process.communicate(timeout=600)
        assert process.returncode == 0, errors
        return json.loads(output)
    return None


def test_killed_at_any_moment_no_run_is_lost_or_doubled(bench, kills):
    blocks = 2 * kills
    arguments = [f"--runs={blocks}", "--warmup=0", "--exclude=never", "--format=json", "-n", "a", "-n", "b",
                 "sh -c 'sleep 0.01 & sleep 0.005'", "sleep 0.01"]
    comparison = kill_and_resume(bench, arguments, 2 * blocks, kills)
    if comparison:
        (b,) = comparison["comparisons"]
        assert (b["runs"], b["blocks"], b["failed"]) == (blocks, blocks, 0)
    plan_is_complete(bench.runs(), blocks, 2)
    assert not bench.cgroups(), "what the killed ones left is gone"


def test_cgroups_that_an_engine_makes_for_a_killed_campaign_are_in_nobodys_way(bench):
    """dockerd goes on with what the killed one had asked for: its cgroups come again after they were cleared."""
    arguments = ["--runs=6", "--warmup=0", "--exclude=never", "-n", "a", "-n", "b", "sleep 0.1", "sleep 0.1"]
    killed = bench.start(*arguments)
    wait_until(lambda: bench.count() >= 2, "runs")
    (home,) = bench.cgroups()
    killed.kill(), killed.communicate()
    done = bench.count()
    resumed = bench.start(*arguments, "--resume")
    wait_until(lambda: bench.count() > done, "a run of the one that resumed")
    (home / f"run-{done + 3}").mkdir(parents=True)
    _, errors = resumed.communicate(timeout=60)
    assert resumed.returncode == 0, errors
    plan_is_complete(bench.runs(), 6, 2)
    assert not bench.cgroups()


def test_as_nobody_there_is_a_refusal_that_names_the_cure(bench):
    bench.directory.chmod(0o777)
    for parent in bench.directory.parents:
        if parent.stat().st_uid == os.getuid() and parent != pathlib.Path("/") and "pytest" in str(parent):
            parent.chmod(0o755)
    if os.geteuid() != 0:
        pytest.skip("needs root, to be somebody else")
    done = bench.run("true", "sleep 0", user=65534, group=65534, extra_groups=[])
    assert done.returncode == 2
    assert "no cgroup for the runs" in done.stderr and "as root" in done.stderr


def test_a_pipe_gets_plain_lines(bench):
    done = bench.run("--runs=3", "--exclude=never", "true", "sleep 0")
    assert "\r" not in done.stderr and "\033" not in done.stderr + done.stdout


def campaign_file(bench, text):
    path = bench.directory / "campaign.yml"
    path.write_text(text)
    return path


def test_init_writes_a_file_that_runs_as_it_is_and_never_over_another(bench):
    done = subprocess.run([BINARY, "bench", "init"], cwd=bench.directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    again = subprocess.run([BINARY, "bench", "init"], cwd=bench.directory, capture_output=True, text=True, check=False)
    assert again.returncode == 2 and "File exists" in again.stderr
    cells = result(bench.run("campaign.yml", "--format=json"))
    assert [cell["experiment"] for cell in cells] == ["hello", "hello one"]
    assert all(run["failure"] == "" for run in bench.runs())
    assert len(bench.runs()) == 4 + 20 * 6


def test_a_file_says_everything_and_tasks_are_found_in_the_output(bench):
    script = bench.directory / "service.sh"
    script.write_text("for i in $(seq $1); do echo task $i done in $i ms; done; exit $CODE\n")
    path = campaign_file(bench, """
experiment: tasks
measure: p50_task_time
threshold: 50%
runs: 6
warmup: 0
exclude: never
baseline: many
defaults: {command: [sh, service.sh, "40"], env: {CODE: "3"}, check: {tasks: 40, exit: 3}}
variants:
  few: {local: true, command: [sh, service.sh, "30"], check: {tasks: 30, exit: 3}}
  many: {local: true}
tasks: [{name: job, match: "task {id} done in {duration:ms}"}]
""")
    comparison = result(bench.run(path, "--format=json"))
    assert (comparison["measure"], comparison["baseline"]) == ("p50_task_time", "many")
    (few,) = comparison["comparisons"]
    assert few["ratio"] == pytest.approx(15 / 20, rel=0.02)
    assert few["failed"] == 0


def test_a_service_is_cut_at_its_tasks_or_its_time(bench):
    path = campaign_file(bench, """
experiment: cut
runs: 3
warmup: 0
exclude: never
defaults: {command: "while :; do echo done; sleep 0.01; done", timeout: 20s}
variants:
  tasks: {local: true, until: {tasks: 5}}
  time: {local: true, until: {duration: 200ms}}
tasks: [{name: job, match: "done"}]
""")
    assert bench.run(path).returncode == 0
    for run in bench.runs():
        assert run["failure"] == "" and run["exit_code"] is None
        assert run["variant"] == "tasks" or 200_000_000 <= run["duration_ns"] < 5_000_000_000


def test_a_check_that_fails_is_a_failure(bench):
    path = campaign_file(bench, """
experiment: check
runs: 6
warmup: 0
exclude: never
defaults: {check: {tasks: 1}}
variants:
  good: {local: true, command: echo done}
  bad: {local: true, command: "test -e flag && { rm flag; echo none; } || { touch flag; echo done; }"}
tasks: [{name: job, match: "done"}]
""")
    bench.run(path)
    failures = [run["failure"] for run in bench.runs() if run["variant"] == "bad"]
    assert sorted(failures) == [""] * 3 + ["check: 0 tasks, expected 1"] * 3


def test_precision_ends_it_early(bench):
    path = campaign_file(bench, """
experiment: precise
threshold: 50%
runs: {precision: 400%, max: 60}
warmup: 0
exclude: never
variants: {a: {local: true, command: sleep 0.02}, b: {local: true, command: sleep 0.021}}
""")
    (b,) = result(bench.run(path, "--format=json"))["comparisons"]
    assert b["blocks"] == 10


def test_flags_of_the_definition_are_refused_beside_a_file_and_errors_have_their_line(bench):
    path = campaign_file(bench, "experiment: x\nruns: many\nvariants: {}\n")
    done = bench.run(path)
    assert done.returncode == 2
    assert 'campaign.yml:2: runs: found "many", allowed is a whole number' in done.stderr
    done = bench.run(path, "--runs=3")
    assert done.returncode == 2 and "--runs: found it beside" in done.stderr
    assert bench.run("nowhere.yml").returncode == 2


def test_the_ledger_of_a_bench_is_read_by_compare(bench):
    shown = result(bench.run("--runs=8", "--exclude=never", "--format=json", "--experiment=mine", "-n", "a", "-n", "b",
                             "sleep 0.01", "sleep 0.05"))
    done = subprocess.run([BINARY, "compare", "mine", f"--ledger={bench.ledger}", "--format=json"],
                          capture_output=True, text=True, check=False)
    assert result(done) == shown


def test_cells_of_a_matrix_are_compared_with_their_own_baseline_also_from_the_ledger(bench):
    path = campaign_file(bench, """
experiment: cells
runs: 8
warmup: 0
exclude: never
threshold: 20%
matrix: {time: ["0.01", "0.05"]}
defaults: {command: sleep {time}}
variants: {one: {local: true}, three: {local: true, command: "sleep {time}; sleep {time}; sleep {time}"}}
""".replace("sleep {time}}", '"sleep {time}"}'))
    shown = result(bench.run(path, "--format=json", f"--plots={bench.directory / 'plots'}"))
    assert [it["experiment"] for it in shown] == ["cells 0.01", "cells 0.05"]
    assert [it["baseline"] for it in shown] == ["one 0.01", "one 0.05"]
    for it in shown:
        (three,) = it["comparisons"]
        assert three["ratio"] > 1 and it["confidence"] == pytest.approx(0.975)
    for cell in "12":
        assert (bench.directory / "plots" / cell / "differences.svg").exists()

    def compare(*arguments):
        done = subprocess.run([BINARY, "compare", "cells", f"--ledger={bench.ledger}", *arguments],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert json.loads(compare("--format=json")) == shown, "the same as at the end of the campaign"
    assert compare().count("SLOWER") == 2
    lines = compare("--format=csv").splitlines()
    assert [line.split(",")[:2] for line in lines[1:]] == [["three 0.01", "one 0.01"], ["three 0.05", "one 0.05"]]
    page = compare("--format=html")
    assert page.count("<h1") == 2 and page.count("<html") == 1 and 'id="differences-2"' in page


def served(bench, services, variants="""
  a: {local: true, command: sleep 0.03}
  b: {local: true, command: sleep 0.031}
"""):
    return campaign_file(bench, f"""
experiment: served
runs: 6
warmup: 0
exclude: never
services: {services}
variants: {variants}
""")


def test_services_are_ready_before_the_first_run_and_gone_after_the_last(bench):
    path = served(bench, """
  slow: {local: true, command: "sleep 0.5; echo up > up; exec sleep 1000", ready: "test -e up"}
  forks: {local: true, command: "sh -c 'sleep 2000 & exec sleep 1000'"}
""", """
  a: {local: true, command: "test -e up; exit $?"}
  b: {local: true, command: "test -e up && exit 0"}
""")
    done = bench.run(path, "--format=json")
    result(done)
    assert [run["failure"] for run in bench.runs()] == [""] * 12
    assert "service slow: " in done.stderr and "s of CPU" in done.stderr and "of which a run: " in done.stderr
    lines = subprocess.run([BINARY, "runs", "export", "--format=json", f"--ledger={bench.ledger}"], text=True,
                           capture_output=True, check=True).stdout.splitlines()
    for run in (json.loads(line)["run"] for line in lines[1:]):
        (slow, usec, _), (forks, _, _) = run["services"]
        assert (slow, forks) == ("slow", "forks") and usec >= 0
    assert not bench.cgroups()


@pytest.mark.parametrize("service, message", [
    ('{local: true, command: sleep 1000, ready: {command: "false", timeout: 3s}}',
     "service db: is not ready after 3 s: `false` ended with exit code 1; 0 of 12 runs are done"),
    ('{local: true, command: sleep 1000, ready: {command: sleep 500, timeout: 300ms}}', "`sleep 500` was not over in time"),
    ('{local: true, command: "sh -c \'exit 7\'", ready: "false"}', "service db: ended with exit code 7"),
    ('{local: true, command: no-such-command}', "service db: find the command no-such-command"),
    ('{local: true, command: sleep 9, ready: no-such-command}', "service db: ready: find the command no-such-command"),
])
def test_a_service_that_does_not_come_up_ends_it_before_any_run(bench, service, message):
    done = bench.run(served(bench, f"{{db: {service}}}"))
    assert done.returncode == 2 and message in done.stderr
    assert not bench.runs() and not bench.cgroups()


def test_a_service_that_dies_in_the_middle_ends_it_with_all_runs_so_far(bench):
    path = served(bench, '{db: {local: true, command: "while [ ! -e die ]; do sleep 0.01; done; exit 3"}}')
    process = bench.start(path)
    wait_until(lambda: bench.count() >= 3, "three runs")
    (bench.directory / "die").touch()
    _, errors = process.communicate(timeout=60)
    kept = bench.runs()
    assert process.returncode == 2 and 3 <= len(kept) < 12
    assert "service db: ended with exit code 3" in errors and f"{len(kept)} of 12 runs are done and kept" in errors
    assert not any(run["failure"] for run in kept) and not bench.cgroups()
    (bench.directory / "die").unlink()
    result(bench.run(path, "--resume", "--format=json"))
    plan_is_complete(bench.runs(), 6, 2)
    assert bench.runs()[:len(kept)] == kept


def test_a_run_under_way_is_none_when_its_service_dies(bench):
    path = served(bench, '{db: {local: true, command: "while [ ! -e die ]; do sleep 0.01; done"}}',
                  '{a: {local: true, command: "touch die; sleep 1000"}, b: {local: true, command: "touch die; sleep 1001"}}')
    done = bench.run(path)
    assert done.returncode == 2 and "service db: ended with exit code 0" in done.stderr
    assert not bench.runs() and not bench.cgroups()


def test_an_interruption_while_a_service_comes_up_leaves_nothing(bench):
    path = served(bench, '{db: {local: true, command: "touch began; sleep 1000", ready: "false"}}')
    process = bench.start(path)
    wait_until((bench.directory / "began").exists, "the service")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and "interrupted: 0 of 12 runs are done" in errors
    assert not bench.cgroups()


def test_a_limit_that_cannot_be_kept_here_is_refused(bench):
    variants = '{{a: {{local: true, command: sleep 0, {}}}, b: {{local: true, command: sleep 0.001}}}}'
    done = bench.run(served(bench, "{}", variants.format('cpus: "0-500"')))
    assert done.returncode == 2 and "a: pin it to cpus 0-500: here are " in done.stderr
    controllers = (pathlib.Path(MOUNT) / "cgroup.controllers").read_text().split()
    for controller, limit in (("memory", "memory: 64MiB"), ("cpu", "cpu_limit: 0.5")):
        if controller not in controllers:
            done = bench.run(served(bench, "{}", variants.format(limit)))
            assert done.returncode == 2 and f"there is no {controller} controller in " in done.stderr
    if "cpuset" not in controllers:
        done = bench.run(served(bench, "{}", variants.format('cpus: "0"')))
        assert done.returncode == 0 and done.stderr.count("pinned by affinity, which they can change") == 1
        done = bench.run(served(bench, "{}", variants.format('mems: "0"')))
        assert done.returncode == 2 and "a: pin its memory to nodes: there is no cpuset controller in " in done.stderr
    assert not bench.cgroups()


def test_a_run_is_read_while_it_lasts_and_a_short_one_is_not(bench):
    work = "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done"
    done = bench.run("--runs=6", "--warmup=0", "--exclude=never", "--format=html", "-n", "short", "-n", "long",
                     "true", work)
    assert done.returncode == 0, done.stderr
    assert 'id="course"' in done.stdout and "CPU and memory beside time" in done.stdout
    for run in bench.runs():
        shown = json.loads(subprocess.run([BINARY, "runs", "show", run["id"], f"--ledger={bench.ledger}",
                                           "--format=json"], capture_output=True, text=True, check=True).stdout)
        course = shown["course"]
        assert len(course) <= run["duration_ns"] // 50_000_000
        assert run["duration_ns"] < 150_000_000 or course
        assert course == sorted(course) and len({at for at, *_ in course}) == len(course)
        assert all(at >= 50_000 and at * 1000 <= run["duration_ns"] for at, *_ in course)
        cpu = [cpu for _, cpu, _ in course]
        assert cpu == sorted(cpu) and all(it <= run["cpu_usec"] for it in cpu)
    assert any(run["variant"] == "long" and run["course"] for run in bench.runs())


@pytest.fixture(name="docker", scope="module")
def a_docker(tmp_path_factory):
    reason = why_not("dockerd", "docker")
    if reason:
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="bd-", dir="/tmp") as directory, Docker(directory) as docker:
        yield docker


def test_containers_are_variants_too(bench, docker):
    folder = bench.directory / "image"
    folder.mkdir()
    (folder / "Dockerfile").write_text(f"FROM {BOX}\nARG WORD=none\nENV WORD=$WORD\nCOPY said /said\n")
    (folder / "said").write_text("from the build\n")
    (bench.directory / "data").mkdir()
    (bench.directory / "data/file").write_text("from the host\n")
    path = campaign_file(bench, f"""
experiment: boxes
measure: task_time
threshold: 900%
runs: 6
warmup: 0
exclude: never
defaults:
  network: none
  env: {{MS: "10"}}
  volumes: ["./data:/data:ro"]
  check: {{tasks: 3}}
  command: [/bin/sh, -c, "test -s /data/file || exit 9; for i in 1 2 3; do echo task $i done in $MS ms; done; sleep 0.1"]
variants:
  box: {{image: "{BOX}"}}
  built:
    build: image
    args: {{WORD: seven}}
    command: [/bin/sh, -c, "test $WORD = seven -a -s /said || exit 8; for i in 1 2 3; do echo task $i done in 20 ms; done; sleep 0.1"]
  host: {{local: true, command: "for i in 1 2 3; do echo task $i done in 40 ms; done"}}
tasks: [{{name: job, match: "task {{id}} done in {{duration:ms}}"}}]
""")
    environment = {**os.environ, "DOCKER_HOST": f"unix://{docker.socket}"}
    done = bench.run(path, "--format=json", env=environment)
    assert done.returncode == 0, done.stderr
    ratios = {it["variant"]: it["ratio"] for it in json.loads(done.stdout)["comparisons"]}
    assert ratios == {"built": pytest.approx(2), "host": pytest.approx(4)}
    runs = bench.runs()
    assert len(runs) == 18 and all(run["failure"] == "" for run in runs)
    for run in runs:
        if run["variant"] != "host":
            assert run["image_digest"].startswith("sha256:")
            assert run["duration_ns"] >= 100_000_000
            assert run["cpu_usec"] > 0
    assert docker.engine("ps", "--all", "--quiet") == "", "no container is left"
    assert not bench.cgroups()


def test_an_image_that_is_not_there_and_a_container_that_is_cut_off(bench, docker):
    environment = {**os.environ, "DOCKER_HOST": f"unix://{docker.socket}"}
    path = campaign_file(bench, f"""
experiment: x
runs: 4
warmup: 0
exclude: never
variants: {{box: {{image: "{BOX}", network: none, command: /bin/sleep 60}}, gone: {{image: "nobody/none:7"}}}}
""")
    done = bench.run(path, env=environment)
    assert done.returncode == 2 and "docker pull nobody/none:7" in done.stderr
    path = campaign_file(bench, f"""
experiment: x
runs: 2
warmup: 0
exclude: never
defaults: {{network: none, command: /bin/sleep 60}}
variants: {{box: {{image: "{BOX}", timeout: 500ms}}, cut: {{image: "{BOX}", until: {{duration: 300ms}}}}}}
""")
    bench.run(path, env=environment)
    runs = bench.runs()
    assert {run["failure"] for run in runs if run["variant"] == "box"} == {"timeout of 0.5 s"}
    assert {run["failure"] for run in runs if run["variant"] == "cut"} == {""}
    assert docker.engine("ps", "--all", "--quiet") == ""


def test_services_in_containers_and_their_last_words(bench, docker):
    environment = {**os.environ, "DOCKER_HOST": f"unix://{docker.socket}"}
    text = f"""
experiment: served
runs: 4
warmup: 0
exclude: never
services:
  db:
    image: "{BOX}"
    network: none
    volumes: ["./shared:/shared"]
    command: [/bin/sh, -c, "sleep 0.3; touch /ready; while [ ! -e /shared/die ]; do sleep 0.05; done; echo no space left; exit 5"]
    ready: [/bin/sh, -c, "[ -e /ready ]"]
variants:
  box: {{image: "{BOX}", network: none, command: /bin/sleep 0.05}}
  host: {{local: true, command: sleep 0.05}}
"""
    (bench.directory / "shared").mkdir()
    path = campaign_file(bench, text)
    process = subprocess.Popen(bench.command(path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
                               cwd=bench.directory)
    wait_until(lambda: bench.count() >= 2, "two runs", 60)
    (bench.directory / "shared/die").touch()
    _, errors = process.communicate(timeout=60)
    kept = bench.count()
    assert process.returncode == 2 and "service db: ended with exit code 5; it said: no space left" in errors
    assert 2 <= kept < 8 and docker.engine("ps", "--all", "--quiet") == ""
    (bench.directory / "shared/die").unlink()
    done = bench.run(path, "--resume", env=environment)
    assert "service db: " in done.stderr
    plan_is_complete(bench.runs(), 4, 2)
    assert docker.engine("ps", "--all", "--quiet") == "" and not bench.cgroups()


def test_a_service_in_a_container_that_is_never_ready_says_why(bench, docker):
    environment = {**os.environ, "DOCKER_HOST": f"unix://{docker.socket}"}
    path = served(bench, f'{{db: {{image: "{BOX}", network: none, command: /bin/sleep 1000, '
                         'ready: {command: [/bin/sh, -c, "echo not yet; exit 4"], timeout: 10s}}}')
    done = bench.run(path, env=environment)
    assert done.returncode == 2 and "ended with exit code 4: not yet" in done.stderr
    assert not bench.runs() and docker.engine("ps", "--all", "--quiet") == ""


def test_containers_that_a_killed_campaign_left_go_when_another_begins(bench, docker):
    environment = {**os.environ, "DOCKER_HOST": f"unix://{docker.socket}"}
    definition = f"""
experiment: %s
runs: 2
warmup: 0
exclude: never
services: {{db: {{image: "{BOX}", network: none, command: /bin/sleep 1000}}}}
variants:
  box: {{image: "{BOX}", network: none, command: "%s"}}
  host: {{local: true, command: "true"}}
"""
    process = subprocess.Popen(bench.command(campaign_file(bench, definition % ("killed", "/bin/sleep 1000"))),
                               cwd=bench.directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env=environment)
    wait_until(lambda: len(docker.engine("ps", "--quiet").split()) == 2, "a run and the service beside it", 60)
    beside = docker.engine("create", "--network=none", BOX, "/bin/true").strip()
    process.kill()
    process.communicate()
    done = bench.run(campaign_file(bench, definition % ("another", "/bin/true")), env=environment)
    assert "note: removed what a killed campaign left: containers: 2, networks: 0" in done.stderr
    assert docker.engine("ps", "--all", "--quiet", "--no-trunc").split() == [beside], "which is nobody's campaign's"
    docker.engine("rm", beside)
    assert not bench.cgroups(), "nor below v1's hierarchies"


def test_containers_that_a_killed_campaign_left_go_when_it_is_resumed(bench, docker, kills):
    kills = max(2, kills // 10)
    environment = {**os.environ, "DOCKER_HOST": f"unix://{docker.socket}"}
    path = campaign_file(bench, f"""
experiment: killed
runs: {2 * kills}
warmup: 0
exclude: never
services: {{db: {{image: "{BOX}", network: none, command: /bin/sleep 1000, ready: [/bin/true]}}}}
variants:
  box: {{image: "{BOX}", network: none, command: [/bin/sh, -c, "sleep 0.1"]}}
  host: {{local: true, command: sleep 0.05}}
""")
    kill_and_resume(bench, [path, "--format=json"], 4 * kills, kills, environment)
    plan_is_complete(bench.runs(), 2 * kills, 2)
    assert not any(run["failure"] for run in bench.runs())
    assert docker.engine("ps", "--all", "--quiet") == "" and not bench.cgroups()
