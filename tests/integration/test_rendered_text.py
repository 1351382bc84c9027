"""What benchd exports, judged by other people's parsers and by our own check.

RENDER_FIXTURE is the path of the program that prints it (tests/integration/render_fixture.cpp)."""

import os
import shutil
import subprocess

import check_exposition
import pytest

SEEDS = range(1, 21)


def rendered(what, seed=1):
    run = subprocess.run([os.environ["RENDER_FIXTURE"], what, str(seed)], check=True, capture_output=True)
    return run.stdout.decode("utf-8")


@pytest.mark.parametrize("seed", SEEDS)
def test_text_has_no_fault(seed):
    assert check_exposition.check(rendered("text", seed)) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_openmetrics_has_no_fault(seed):
    assert check_exposition.check(rendered("openmetrics", seed), openmetrics=True) == []


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool: Debian's prometheus is not installed")
def test_promtool_is_silent():
    run = subprocess.run(
        ["promtool", "check", "metrics"], input=rendered("text"), capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@pytest.mark.parametrize("seed", SEEDS)
def test_the_strict_parser_reads_the_same_values_from_both_formats(seed):
    parser = pytest.importorskip("prometheus_client.openmetrics.parser", reason="no python3-prometheus-client")
    openmetrics = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parser.text_string_to_metric_families(rendered("openmetrics", seed))
        for sample in family.samples
    }
    text = check_exposition.Exposition(rendered("text", seed)).series()

    def key(series):
        # The one difference between the formats: how a bound is written.
        return series.name, tuple((k, str(float(v)) if k == "le" and v != "+Inf" else v) for k, v in series.labels)

    assert openmetrics == {key(series): value for series, value in text.items()}
