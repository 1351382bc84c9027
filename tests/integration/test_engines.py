"""The daemon with real engines: names, exit codes, restarts, hangs. An engine never costs a reading."""

import json
import time

import pytest

from benchd import MOUNT, Benchd, wait_until
from engines import Docker, Podman, why_not

CPU = "container_cpu_usage_seconds_total"
BURN = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"


@pytest.fixture(scope="module", params=[Docker, Podman], ids=["docker", "podman"])
def engine(request, tmp_path_factory):
    program = "dockerd" if request.param is Docker else "podman"
    if why_not(program):
        pytest.skip(why_not(program))
    with request.param(tmp_path_factory.mktemp("e")) as running:
        yield running


def sockets(engine):
    """Flags that show benchd this engine and no other of the machine."""
    mine, other = ("docker", "podman") if isinstance(engine, Docker) else ("podman", "docker")
    return [f"--runtimes.{mine}.socket={engine.socket}", f"--runtimes.{other}.socket=/nonexistent",
            "--runtimes.users=/nonexistent", "--runtimes.docker.root=/nonexistent"]


@pytest.fixture
def daemon(engine):
    with Benchd(*sockets(engine), "--retention=1h") as running:
        yield running


@pytest.fixture
def remove(engine):
    """Names of containers to be removed after the test."""
    names = []
    yield names.append
    for name in names:
        engine.engine("rm", "--force", name, check=False)


def test_a_container_has_its_name_image_and_allowed_labels(engine, daemon, remove):
    remove("web")
    engine.run("--detach", "--name=web", "--label=com.docker.compose.service=shop", "--label=secret=s3cr3t",
               "/bin/sh", "-c", f"{BURN}; /bin/sleep 600")
    scrape = daemon.wait_for(CPU, name="web")
    (labels,) = scrape.labels(CPU, name="web")
    assert labels["image"].endswith("bench/box:1")
    assert labels["id"].endswith(engine.engine("inspect", "--format={{.Id}}", "web"))
    assert labels["container_label_com_docker_compose_service"] == "shop"
    assert "s3cr3t" not in scrape.text
    (info,) = scrape.labels("benchd_container_info", name="web")
    assert info["runtime"] == type(engine).__name__.lower()
    started = daemon.wait_for("container_start_time_seconds", name="web").get("container_start_time_seconds", name="web")
    assert abs(started - time.time()) < 300


def test_an_exit_code_is_shown_with_the_final_counters(engine, daemon, remove):
    remove("failing")
    # It outlives a tick: what a shorter one loses on a busy machine is counted (benchd_final_incomplete_total).
    engine.run("--name=failing", "/bin/sh", "-c", f"{BURN}; /bin/sleep 2; exit 42", check=False)
    ended = daemon.wait_for("benchd_container_exit_code", name="failing")
    assert ended.get("benchd_container_exit_code", name="failing") == 42
    assert ended.get(CPU, name="failing") > 0
    assert ended.get("container_last_seen", name="failing") is None


def test_run_rm_is_named_and_has_its_exit_code_though_it_is_gone_at_once(engine, daemon):
    for turn in range(5):
        engine.run("--rm", f"--name=brief-{turn}", "/bin/sh", "-c", f"exit {turn}", check=False)
    for turn in range(5):
        scrape = daemon.wait_for("benchd_container_exit_code", name=f"brief-{turn}")
        assert scrape.get("benchd_container_exit_code", name=f"brief-{turn}") == turn


def test_restarted_under_one_name_is_another_container_that_starts_at_zero(engine, daemon, remove):
    remove("again")
    engine.run("--detach", "--name=again", "/bin/sh", "-c", f"{BURN}; {BURN}; /bin/sleep 600")
    wait_until(lambda: (daemon.scrape().get(CPU, name="again") or 0) > 0, "CPU time of the first run")

    def incarnations():
        containers = json.loads(daemon.ask("/api/v1/containers").text)["containers"]
        return [container["cgroup_id"] for container in containers if container.get("name") == "again"]

    before = incarnations()
    engine.engine("restart", "--time=0", "again")
    wait_until(lambda: incarnations() and incarnations() != before, "the second incarnation")
    assert len(incarnations()) == 1, "one owner per label set"


def test_an_engine_that_hangs_or_ends_costs_no_reading_and_is_told(engine, daemon, remove):
    remove("steady")
    engine.run("--detach", "--name=steady", "/bin/sh", "-c", "while :; do :; done")
    (steady,) = daemon.wait_for(CPU, name="steady").labels(CPU, name="steady")
    stat = MOUNT / steady["id"].lstrip("/") / "cpu.stat"

    def used():
        return int(stat.read_text().split()[1]) / 1e6

    def readings_go_on():
        for _ in range(5):
            time.sleep(0.1)
            before = used()
            scrape = daemon.scrape()
            assert before <= scrape.get(CPU, name="steady") <= used()
            assert scrape.get("benchd_scrapes_stale_total") == 0

    with engine.paused():
        readings_go_on()
    if isinstance(engine, Docker):  # dockerd takes its containers with it; podman's live on without the service
        engine.restart_engine()
        daemon.wait_for("benchd_container_finished_timestamp_seconds", name="steady")
        engine.engine("start", "steady")
        daemon.wait_for("container_last_seen", name="steady", seconds=60)
    else:
        engine.stop_engine()
        readings_go_on()
        engine.start_engine()
        readings_go_on()


def test_a_container_that_ran_before_benchd_started_is_known(engine, remove):
    remove("earlier")
    engine.run("--detach", "--name=earlier", "/bin/sleep", "600")
    with Benchd(*sockets(engine)) as late:
        late.wait_for(CPU, name="earlier")
        late.wait_for("container_start_time_seconds", name="earlier")


def test_without_an_engine_containers_are_shown_by_their_cgroup(engine, remove):
    remove("unnamed")
    engine.run("--detach", "--name=unnamed", "/bin/sleep", "600")
    identity = engine.engine("inspect", "--format={{.Id}}", "unnamed")
    elsewhere = ["--runtimes.docker.socket=/nonexistent", "--runtimes.podman.socket=/nonexistent",
                 "--runtimes.users=/nonexistent", "--runtimes.docker.root=/nonexistent"]
    with Benchd(*elsewhere) as daemon:
        ids = [labels["id"] for labels in daemon.scrape().labels(CPU)]
        assert any(identity in path for path in ids)


def test_dockers_own_files_name_a_container_where_no_socket_answers(engine, remove):
    if not isinstance(engine, Docker):
        pytest.skip("Docker's config.v2.json")
    remove("on-disk")
    engine.run("--detach", "--name=on-disk", "/bin/sleep", "600")
    flags = ["--runtimes.docker.socket=/nonexistent", "--runtimes.podman.socket=/nonexistent",
             "--runtimes.users=/nonexistent", f"--runtimes.docker.root={engine.directory}/data"]
    with Benchd(*flags) as daemon:
        daemon.wait_for(CPU, name="on-disk")
