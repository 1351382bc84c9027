"""Runs and campaigns in the ledger: kept, listed, carried from one ledger to another, and judged."""

import concurrent.futures
import json
import os
import random
import resource
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

from benchd import BINARY, Benchd, Cgroup, wait_until
from fake_docker import FakeDocker

CAMPAIGN = "20260102T030405-1a2b3c"


def benchd(*arguments, home, **options):
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, check=False,
                          env={"HOME": str(home), "PATH": "/usr/bin:/bin"}, **options)


def run(variant, block, order, seconds, **more):
    return {"id": f"{more.get('campaign', CAMPAIGN)}/{block}/{order}", "campaign": CAMPAIGN, "experiment": "builds",
            "variant": variant, "block": block, "start_order": order, "started_at_ns": 10**18 + order * 10**9,
            "duration_ns": round(seconds * 1e9), **more}


def campaign(finished=True, looks=1, **definition):
    definition = {"experiment": "builds", "measure": "duration", "threshold": 0.05, "baseline": "old",
                  "variants": {"new": {}, "old": {}}, **definition}
    return {"id": CAMPAIGN, "experiment": "builds", "definition": json.dumps(definition), "hash": "ab", "host": "here",
            "seed": 7, "planned_blocks": 20, "started_at_ns": 10**18, "looks": looks,
            "finished_at_ns": 2 * 10**18 if finished else None}


def blocks(count, seed=1, **more):
    noise = random.Random(seed)
    order = 0
    for block in range(count):
        pair = [("old", 1.0), ("new", 0.8)]
        noise.shuffle(pair)
        for variant, seconds in pair:
            yield run(variant, block, order, seconds * noise.lognormvariate(0, 0.01), **more)
            order += 1


@pytest.fixture
def ledger(tmp_path):
    """A ledger of one's own, filled by `ledger(campaign, runs)`."""
    class Ledger:
        path = tmp_path / "ledger.db"

        def fill(self, *campaigns, runs=()):
            file = tmp_path / "in.json"
            file.write_text("".join([json.dumps({"campaign": it}) + "\n" for it in campaigns] +
                                    [json.dumps({"run": it}) + "\n" for it in runs]))
            done = self("runs", "import", file)
            assert done.returncode == 0, done.stderr
            return done.stdout

        def __call__(self, *arguments):
            return benchd(*arguments, f"--ledger={self.path}", home=tmp_path)

        def compare(self, *arguments):
            return self("compare", "builds", *arguments)

        def looks(self):
            return sqlite3.connect(self.path).execute("SELECT looks FROM campaign").fetchone()[0]

    return Ledger()


def test_what_was_exported_is_imported_as_it_was(ledger, tmp_path):
    ledger.fill(campaign(), runs=blocks(3, tasks=[{"task": "a,\"b\"", "outcome": "ok", "tasks": 2, "timed": 2,
                                                   "duration_ns": 5, "durations": [[7, 2]]}],
                                        cpu_ns=[[0, 2**63 - 1]], cpu_limit=0.1, exit_code=0))
    for form in ("json", "csv"):
        exported = ledger("runs", "export", f"--format={form}").stdout
        file = tmp_path / f"out.{form}"
        file.write_text(exported)
        other = f"--ledger={tmp_path}/{form}.db"
        assert "6 runs" in benchd("runs", "import", file, other, home=tmp_path).stdout
        again = benchd("runs", "export", f"--format={form}", other, home=tmp_path).stdout
        assert exported == again and exported.count("\n") == 7
        assert "0 runs and 0 campaigns imported, 6 runs were there" in benchd("runs", "import", file, other,
                                                                              home=tmp_path).stdout
        assert (benchd("runs", "list", "--format=json", other, home=tmp_path).stdout ==
                ledger("runs", "list", "--format=json").stdout)


def test_another_run_under_a_known_id_is_refused(ledger, tmp_path):
    ledger.fill(runs=[run("old", 0, 0, 1)])
    file = tmp_path / "other.json"
    file.write_text(json.dumps({"run": run("old", 0, 0, 2)}) + "\n")
    done = ledger("runs", "import", file)
    assert done.returncode == 1 and "with another duration_ns" in done.stderr


def test_a_mistake_in_the_last_line_leaves_nothing_behind(ledger, tmp_path):
    file = tmp_path / "bad.json"
    lines = [json.dumps({"run": it}) + "\n" for it in blocks(2)]
    file.write_text("".join(lines) + json.dumps({"run": {**run("old", 9, 9, 1), "colour": "red"}}))
    done = ledger("runs", "import", file)
    assert done.returncode == 2
    assert f'{file}:5: unknown member "colour"' in done.stderr
    assert not ledger.path.exists()


def test_listing_showing_selecting_and_pruning(ledger):
    ledger.fill(campaign(), runs=[*blocks(4), {**run("old", 0, 99, 1), "id": "lone", "campaign": "", "block": None}])
    assert len(ledger("runs", "list").stdout.splitlines()) == 1 + 9
    ids = lambda *flags: [it["id"] for it in json.loads(ledger("runs", "list", "--format=json", *flags).stdout)]
    assert ids("--campaign=none") == ["lone"]
    assert len(ids(f"--campaign={CAMPAIGN}", "--variant=new")) == 4
    assert ids("--experiment=other") == []
    shown = json.loads(ledger("runs", "show", "lone", "--format=json").stdout)
    assert shown["duration_ns"] == 10**9 and shown["block"] is None
    assert "variant                  old" in ledger("runs", "show", "lone").stdout
    assert ledger("runs", "show", "nobody").returncode == 2
    assert ledger("runs", "prune").returncode == 2
    assert ledger("runs", "prune", "--older-than=3 weeks").returncode == 2
    assert ledger("runs", "prune", f"--campaign={CAMPAIGN}").stdout == "8 runs removed\n"
    assert ids() == ["lone"]
    assert sqlite3.connect(ledger.path).execute("SELECT count(*) FROM campaign").fetchone() == (0,)


def test_the_text_file_is_one_that_prometheus_takes(ledger, tmp_path):
    ledger.fill(runs=blocks(2))
    file = tmp_path / "benchd.prom"
    assert ledger("runs", "export", "--format=prometheus", f"--output={file}").returncode == 0
    samples = [line for line in file.read_text().splitlines() if line.startswith("benchd_run_duration_seconds{")]
    assert len(samples) == 4 and 'variant="old"' in "".join(samples)
    promtool = subprocess.run(["promtool", "check", "metrics"], stdin=file.open(), capture_output=True, text=True,
                              check=False)
    assert promtool.returncode == 0, promtool.stdout + promtool.stderr


def test_a_finished_campaign_has_its_verdict_by_its_own_definition(ledger):
    ledger.fill(campaign(looks=3), runs=blocks(20))
    done = ledger.compare("--format=json")
    assert done.returncode == 0, done.stderr
    verdicts = json.loads(done.stdout)
    (comparison,) = verdicts["comparisons"]
    assert (verdicts["baseline"], verdicts["threshold"], verdicts["looks"]) == ("old", 0.05, 3)
    assert comparison["verdict"] == "faster" and comparison["blocks"] == 20
    assert comparison["low"] < 0.8 < comparison["high"]
    assert ledger.compare("--fail-on=slower").returncode == 0
    assert ledger.looks() == 3, "the same data, the same look"
    # What was fixed may be said again, but not changed.
    assert ledger.compare("--threshold=5%", "--baseline=old", "--measure=duration").returncode == 0
    for flag in ("--threshold=3%", "--baseline=new", "--measure=cpu_seconds", "--confidence=99%"):
        refused = ledger.compare(flag)
        assert refused.returncode == 2 and "fixed" in refused.stderr, flag


def test_the_latest_campaign_is_taken_or_the_one_that_is_named(ledger):
    later = {**campaign(baseline="new"), "id": "zz", "started_at_ns": 3 * 10**18}
    ledger.fill(campaign(), later,
                runs=[*blocks(20), *[{**it, "campaign": "zz", "id": "zz" + it["id"]} for it in blocks(20)]])
    assert json.loads(ledger.compare("--format=json").stdout)["comparisons"][0]["verdict"] == "slower"
    named = ledger.compare("--format=json", f"--campaign={CAMPAIGN}")
    assert json.loads(named.stdout)["comparisons"][0]["verdict"] == "faster"
    wrong = ledger.compare("--campaign=nobody")
    assert wrong.returncode == 2 and f"those of \"builds\" are {CAMPAIGN}, zz" in wrong.stderr


def test_each_look_at_a_campaign_that_goes_on_is_counted_and_costs(ledger):
    ledger.fill(campaign(finished=False, looks=0), runs=blocks(12))
    widths = []
    for look in (1, 2, 3):
        verdicts = json.loads(ledger.compare("--format=json").stdout)
        assert verdicts["looks"] == look == ledger.looks()
        comparison = verdicts["comparisons"][0]
        widths.append(comparison["high"] - comparison["low"] if comparison["high"] else float("inf"))
    assert widths[0] < widths[1] < widths[2]


def test_who_cannot_count_a_look_gets_no_verdict_on_a_campaign_that_goes_on(ledger):
    ledger.fill(campaign(finished=False, looks=0), runs=blocks(12))
    with subprocess.Popen(["flock", f"{ledger.path}-lock", "cat"], stdin=subprocess.PIPE) as writer:
        subprocess.run(["sleep", "0.3"], check=True)
        done = ledger.compare("--format=json")
        writer.stdin.close()
    assert done.returncode == 2
    assert "12 of 20 blocks begun, 24 runs (0 failed). No verdict" in done.stderr
    progress = json.loads(done.stdout)
    assert progress["comparisons"] == [] and not progress["finished"]
    assert ledger.looks() == 0


def test_a_campaign_without_a_run_says_so_and_spends_nothing(ledger):
    ledger.fill(campaign(finished=False, looks=0))
    done = ledger.compare()
    assert done.returncode == 2 and "0 of 20 blocks" in done.stderr and ledger.looks() == 0


def test_runs_outside_of_campaigns_are_capped_unless_their_order_is_accepted(ledger):
    runs = [{**it, "campaign": "", "block": None} for it in
            sorted(blocks(15), key=lambda it: it["variant"], reverse=True)]
    for order, it in enumerate(runs):
        it["started_at_ns"] = 10**18 + order
    ledger.fill(runs=runs)
    one_after_the_other = json.loads(ledger.compare("--format=json").stdout)["comparisons"][0]
    assert (one_after_the_other["verdict"], one_after_the_other["blocked"]) == ("inconclusive", False)
    accepted = json.loads(ledger.compare("--format=json", "--accept-order").stdout)["comparisons"][0]
    assert accepted["verdict"] == "faster"
    assert json.loads(ledger.compare("--format=json", "--accept-order", "--baseline=new").stdout)["baseline"] == "new"


def test_runs_of_a_campaign_that_is_not_there_have_no_definition_to_be_judged_by(ledger):
    ledger.fill(runs=blocks(12))
    done = ledger.compare()
    assert done.returncode == 2 and "definition is not in this ledger" in done.stderr


def test_one_run_of_each_is_refused_with_the_way_out(ledger):
    ledger.fill(campaign(), runs=blocks(1))
    done = ledger.compare()
    assert done.returncode == 2 and "until: {tasks: N}" in done.stderr


def test_failures_and_exclusions_of_the_ledger_are_shown(ledger):
    runs = list(blocks(20))
    for it in runs:
        if it["variant"] == "new" and it["block"] == 3:
            it["failure"] = "exit code 1"
        if it["variant"] == "new" and it["block"] == 4:
            it["exclusion"] = "foreign CPU 30 %"
    ledger.fill(campaign(), runs=runs)
    comparison = json.loads(ledger.compare("--format=json").stdout)["comparisons"][0]
    assert comparison["failed"] == 1
    assert [it["cause"] for it in comparison["excluded"]] == ["foreign CPU 30 %"]
    assert ledger.compare("--fail-on=failed").returncode == 1


def test_a_measure_that_no_run_has_says_why(ledger):
    ledger.fill(campaign(measure={"p99_task_time": "render"}), runs=blocks(
        20, tasks=[{"task": "render", "outcome": "ok", "tasks": 500, "timed": 500, "duration_ns": 1,
                    "durations": [[3, 500]]}]))
    done = ledger.compare()
    assert done.returncode == 2
    assert 'has 500 timed tasks of "render", and it wants 1000' in done.stderr


def test_what_is_neither_file_nor_experiment(ledger, tmp_path):
    ledger.fill(runs=blocks(2))
    done = benchd("compare", "nobody", f"--ledger={ledger.path}", home=tmp_path)
    assert done.returncode == 2 and '"nobody" is no file, and no experiment that has runs' in done.stderr
    assert benchd("compare", "nobody.csv", home=tmp_path).returncode == 2
    (tmp_path / "builds").write_text("old,1\nold,2\nnew,1\nnew,2\n")
    as_file = benchd("compare", "builds", home=tmp_path, cwd=tmp_path)
    assert "builds · value" in as_file.stdout, as_file.stderr


def test_a_user_without_the_daemons_ledger_has_one_of_their_own(tmp_path):
    own = tmp_path / ".local/share/benchd/ledger.db"
    file = tmp_path / "in.json"
    file.write_text("".join(json.dumps({"run": {**it, "campaign": ""}}) + "\n"
                            for it in blocks(2, experiment="of-my-own")))
    assert benchd("runs", "import", file, f"--ledger={own}", home=tmp_path).returncode == 2
    own.parent.mkdir(parents=True)
    assert benchd("runs", "import", file, f"--ledger={own}", home=tmp_path).returncode == 0
    done = benchd("compare", "of-my-own", home=tmp_path)
    assert "of-my-own · duration" in done.stdout, done.stderr
    listed = benchd("runs", home=tmp_path)
    assert listed.stdout.count("of-my-own") >= 4, listed.stderr
    assert listed.stdout == benchd("runs", "list", home=tmp_path).stdout


def test_a_million_rows_are_imported_in_bounded_memory(ledger, tmp_path):
    file = tmp_path / "many.csv"
    with file.open("w") as out:
        out.write("id,experiment,variant,started_at_ns,duration_ns\n")
        for i in range(1_000_000):
            out.write(f"r{i},many,{'ab'[i % 2]},{i},{10**9 + i * 7919 % 1000}\n")
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    done = ledger("runs", "import", file)
    assert done.returncode == 0 and done.stdout.startswith("1000000 runs"), done.stderr
    assert max(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss - before, 0) < 200 * 1024  # KiB
    with file.open("a") as out:
        out.write("x,many,a,1,-1\n")
    refused = ledger("runs", "import", file)
    assert refused.returncode == 2 and f"{file}:1000002: duration_ns" in refused.stderr


# --- what the daemon sees ---------------------------------------------------------------------------------------------

BURN = "i=0; while [ $i -lt {} ]; do i=$((i+1)); done"
KILLS = int(os.environ.get("BENCHD_KILLS", "30"))


@pytest.fixture
def docker(tmp_path):
    with FakeDocker(tmp_path) as running:
        yield running


def labels(variant, run=None, **more):
    labelled = {"benchd.experiment": "seen", "benchd.variant": variant, **more}
    return labelled if run is None else {**labelled, "benchd.run": run}


def seen(daemon, tmp_path, *flags):
    done = benchd("runs", "list", "--format=json", f"--ledger={daemon.storage.name}/ledger.db", *flags, home=tmp_path)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_labelled_container_becomes_a_run(docker, cgroup, tmp_path):
    more = {"benchd.task.match": "task {id} done in {duration:ms}", "benchd.task.name": "render"}
    with Benchd(*docker.flags) as daemon:
        daemon.scrape()
        with docker.container(cgroup, "box:1", **labels("lto", "7", **more)) as container:
            began = time.time()
            process = container.start("sh", "-c", "read line; " + BURN.format(20_000), stdin=subprocess.PIPE)
            wait_until(lambda: daemon.scrape().get("benchd_tasks_total", id=container.id) is not None, "the log")
            assert seen(daemon, tmp_path) == [], "it is not over"
            container.log.write(*(f"task {i} done in {10 + i} ms" for i in range(30)))
            process.communicate(b"go\n")
            ended = time.time()
            container.die(exit_code=3)
            used = container.keyed("cpu.stat")
            (run,) = wait_until(lambda: seen(daemon, tmp_path), "the run", seconds=30)
        assert (run["experiment"], run["variant"], run["block"], run["campaign"]) == ("seen", "lto", 7, "")
        assert (run["exit_code"], run["failure"], run["incomplete"]) == (3, "exit code 3", [])
        assert (run["cpu_usec"], run["cpu_user_usec"]) == (used["usage_usec"], used["user_usec"])
        assert began * 1e9 <= run["started_at_ns"] and run["duration_ns"] > 0
        assert run["started_at_ns"] + run["duration_ns"] <= ended * 1e9 + 1e9
        (tasks,) = run["tasks"]
        assert (tasks["task"], tasks["outcome"], tasks["tasks"]) == ("render", "ok", 30)
        assert tasks["duration_ns"] == sum(10 + i for i in range(30)) * 10**6
        assert sum(count for _, count in tasks["durations"]) == 30
        assert run["kernel"] == os.uname().release and run["cpus"] == os.cpu_count()
        with docker.container(cgroup, "box:1") as unlabelled:
            unlabelled.start("true").wait()
            unlabelled.die(exit_code=0)
            time.sleep(1)
        assert len(seen(daemon, tmp_path)) == 1


def test_a_cgroup_that_says_so_itself_is_a_run_from_its_first_process_to_its_last(cgroup, tmp_path):
    nobody = ["--runtimes.docker.socket=/nonexistent", "--runtimes.podman.socket=/nonexistent"]
    with Benchd(*nobody, f"--collector.cgroup.include={cgroup.id}/local-*") as daemon:
        daemon.scrape()
        with Cgroup("local-1", cgroup) as local:
            try:
                os.setxattr(local.path, "user.benchd.experiment", b"seen")
            except OSError as error:
                pytest.skip(f"no attributes on cgroups: {error}")
            os.setxattr(local.path, "user.benchd.variant", b"by hand")
            os.setxattr(local.path, "user.benchd.run", b"3")
            local.run("sh", "-c", BURN.format(1000)).wait()
            used = local.keyed("cpu.stat")["usage_usec"]
            (run,) = wait_until(lambda: seen(daemon, tmp_path), "the run", seconds=30)
            assert (run["variant"], run["block"], run["cpu_usec"]) == ("by hand", 3, used)
            assert (run["exit_code"], run["incomplete"]) == (None, [])
            local.run("sleep", "0.3").wait()  # a start that is over before it is told of would be the first one's time
            wait_until(lambda: len(seen(daemon, tmp_path)) == 2, "the second start", seconds=30)
            assert sum(it["cpu_usec"] for it in seen(daemon, tmp_path)) == local.keyed("cpu.stat")["usage_usec"]


def test_runs_that_the_daemon_saw_are_compared_beside_it(docker, cgroup, tmp_path):
    with Benchd(*docker.flags) as daemon:
        for block in range(7):
            for variant, work in (("short", "0.05"), ("long", "0.15")):
                with docker.container(cgroup, "box:1", **labels(variant, str(block))) as container:
                    container.start("sleep", work).wait()
                    container.die(exit_code=0)
        wait_until(lambda: len(seen(daemon, tmp_path)) == 14, "all runs", seconds=30)
        done = benchd("compare", "seen", f"--ledger={daemon.storage.name}/ledger.db", "--format=json", home=tmp_path)
    (comparison,) = json.loads(done.stdout)["comparisons"]
    assert (comparison["variant"], comparison["blocked"], comparison["blocks"]) == ("long", True, 7)
    assert comparison["verdict"] == "slower"


def test_the_daemon_shows_what_finished_campaigns_came_to(docker, ledger):
    lasting = {**campaign(finished=False), "id": "zz", "started_at_ns": 3 * 10**18}
    ledger.fill(campaign(), lasting, runs=blocks(20))
    with Benchd(*docker.flags, f"--storage.path={ledger.path.parent}") as daemon:
        scrape = daemon.wait_for("benchd_compare_verdict", experiment="builds", variant="new", verdict="faster")
        bounds = [scrape.get("benchd_compare_ratio", experiment="builds", variant="new", bound=bound)
                  for bound in ("low", "estimate", "high")]
        assert bounds == sorted(bounds) and bounds[0] < 0.8 < bounds[2]


def test_a_run_that_ends_while_no_benchd_is_there_is_kept_and_says_what_it_lacks(docker, cgroup, tmp_path):
    with Benchd(*docker.flags) as daemon:
        with docker.container(cgroup, "box:1", **labels("a")) as container:
            process = container.start("sleep", "100")
            wait_until(lambda: daemon.scrape().get("benchd_workload_runs_total", variant="a") == 1, "the start")
            daemon.stop(signal.SIGKILL)
            process.kill(), process.wait()
            container.die(exit_code=137)
        daemon.start()
        (run,) = wait_until(lambda: seen(daemon, tmp_path), "the run", seconds=30)
        assert (run["exit_code"], run["failure"]) == (137, "exit code 137")
        assert {"cpu", "memory", "threads"} <= set(run["incomplete"])
        assert run["duration_ns"] == pytest.approx((container.finished - container.started) * 1e9, abs=2e8)


def test_a_run_goes_on_through_a_restart_of_benchd(docker, cgroup, tmp_path):
    with Benchd(*docker.flags) as daemon, docker.container(cgroup, "box:1", **labels("a")) as container:
        process = container.start("sh", "-c", "while :; do :; done")
        began = time.time()
        wait_until(lambda: daemon.scrape().get("benchd_workload_runs_total", variant="a") == 1, "the start")
        daemon.stop(signal.SIGKILL)
        time.sleep(1)
        daemon.start()
        daemon.scrape()
        process.kill(), process.wait()
        lasted = time.time() - began
        container.die(exit_code=137)
        used = container.keyed("cpu.stat")["usage_usec"]
        (run,) = wait_until(lambda: seen(daemon, tmp_path), "the run", seconds=30)
        assert run["cpu_usec"] == used
        assert run["duration_ns"] == pytest.approx(lasted * 1e9, abs=5e8)
        assert "duration" not in run["incomplete"] and "cpu" not in run["incomplete"]


def test_kill_minus_nine_loses_no_run_and_doubles_none(docker, cgroup, tmp_path):
    """Containers stay until their run is there: each must come, once, whenever benchd is killed meanwhile."""
    with Benchd(*docker.flags) as daemon:
        over = threading.Event()
        made = []

        def work(worker):
            while not over.is_set():
                with docker.container(cgroup, "box:1", **labels(f"w{worker}", str(len(made)))) as container:
                    container.start("sh", "-c", BURN.format(random.randrange(2000))).wait()
                    container.die(exit_code=0)
                    used = container.keyed("cpu.stat")["usage_usec"]
                    mine = lambda: [it for it in seen(daemon, tmp_path) if it["container"] == container.name[:12]]
                    (run,) = wait_until(mine, f"the run of {container.name}", seconds=90)
                    assert run["cpu_usec"] == used
                    made.append(container.name[:12])

        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            workers = [pool.submit(work, worker) for worker in range(3)]
            try:
                for _ in range(KILLS):
                    time.sleep(random.uniform(0, 2))
                    daemon.stop(signal.SIGKILL)
                    daemon.start()
            finally:
                over.set()
            for worker in workers:
                worker.result()
        there = [it["container"] for it in seen(daemon, tmp_path)]
        assert sorted(there) == sorted(made)
        print(f"{KILLS} kills, {len(made)} runs")
        assert len(made) >= 3
