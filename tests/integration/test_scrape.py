"""/metrics as scrapers ask for it, and as their parsers read it."""

import shutil
import signal
import subprocess
import threading
import time

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as parse_text

from benchd import Benchd, Cgroup, free_port, wait_until
from check_exposition import check, check_later

OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"


@pytest.fixture
def daemon(cgroup):
    """With a container that works, one that is idle and one that has ended."""
    with Benchd(f"--collector.cgroup.include={cgroup.id}/*") as running:
        with Cgroup("busy", cgroup) as busy, Cgroup("idle", cgroup) as idle:
            busy.run("sh", "-c", "while :; do :; done")
            with Cgroup("ended", cgroup) as ended:
                running.wait_for("container_last_seen", id=ended.id)
            running.wait_for("benchd_container_finished_timestamp_seconds", id=ended.id)
            running.wait_for("container_last_seen", id=idle.id)
            yield running


def test_promtool_is_silent_and_no_parser_could_complain(daemon):
    if not shutil.which("promtool"):
        pytest.skip("no promtool: package prometheus")
    text = daemon.scrape().text
    ended = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert check(text) == []
    assert {family.name for family in parse_text(text)}


def test_openmetrics_passes_the_strict_parser_and_says_the_same(daemon):
    def text_names():
        return {name for name, _ in daemon.scrape().samples}

    before = text_names()
    answer = daemon.ask("/metrics", Accept=OPENMETRICS)
    after = text_names()
    assert answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert check(answer.text, openmetrics=True) == []
    families = list(text_string_to_metric_families(answer.text))
    names = {sample.name for family in families for sample in family.samples}
    assert before & after <= names <= before | after  # others' containers come and go


def test_counters_never_fall_between_scrapes(daemon, cgroup):
    text = daemon.scrape().text
    for _ in range(100):
        earlier, text = text, daemon.scrape().text
        assert check_later(earlier, text, below=cgroup.id) == []


def test_text_is_the_default_and_compressed_only_for_others_than_loopback(daemon):
    answer = daemon.ask("/metrics", Accept_Encoding="gzip")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "content-encoding" not in answer.headers


def test_each_scrape_has_a_fresh_reading(daemon):
    taken = daemon.scrape().get("benchd_snapshots_total")
    for _ in range(20):
        time.sleep(0.012)  # scrapes within 10 ms share one
        earlier, taken = taken, daemon.scrape().get("benchd_snapshots_total")
        assert taken > earlier


def test_scrapes_at_once_share_a_reading(daemon):
    before = daemon.scrape().get("benchd_snapshots_total")
    threads = [threading.Thread(target=daemon.scrape) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    time.sleep(0.02)
    assert daemon.scrape().get("benchd_snapshots_total") - before <= 20


def test_methods_and_paths(daemon):
    get = daemon.ask("/metrics")
    head = daemon.ask("/metrics", "HEAD")
    assert head.status == 200 and head.body == b"" and head.headers["content-type"] == get.headers["content-type"]
    assert daemon.ask("/nowhere").status == 404
    refused = daemon.ask("/metrics", "POST")
    assert refused.status == 405 and "GET" in refused.headers["allow"]
    assert daemon.ask("/-/healthy").status == daemon.ask("/-/ready").status == daemon.ask("/").status == 200
    assert daemon.ask("/api/v1/containers").headers["content-type"] == "application/json"


def test_prometheus_scrapes_it_and_answers_queries(daemon, cgroup, tmp_path):
    if not shutil.which("prometheus"):
        pytest.skip("no prometheus: package prometheus")
    port = free_port()
    config = tmp_path / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s}\n"
        f"scrape_configs: [{{job_name: benchd, static_configs: [{{targets: ['127.0.0.1:{daemon.port}']}}]}}]\n")
    log = open(tmp_path / "prometheus.log", "w")
    server = subprocess.Popen(["prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path}/data",
                               f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)

    def query(expression):
        ended = subprocess.run(["promtool", "query", "instant", f"http://127.0.0.1:{port}", expression],
                               capture_output=True, text=True)
        return ended.stdout.strip()

    try:
        wait_until(lambda: query('up{job="benchd"} == 1'), "Prometheus to have scraped benchd", seconds=60)
        busy = f'rate(container_cpu_usage_seconds_total{{id="{cgroup.id}/busy",cpu="total"}}[10s])'
        rate = wait_until(lambda: query(busy), "a rate of the busy container", seconds=60)
        assert float(rate.split("=>")[1].split("@")[0]) > 0
        assert query(f'container_cpu_usage_seconds_total{{id="{cgroup.id}/idle"}} == 0')
        assert query('count by (mode) (benchd_host_cpu_seconds_total)')
        assert query('absent(benchd_collector_success == 0)'), "every collector works on this host"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)
