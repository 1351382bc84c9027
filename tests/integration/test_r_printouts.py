"""tests/fixtures/r/intervals.txt, which the unit tests of the intervals believe, is what R prints."""

import pathlib
import shutil
import subprocess

import pytest

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures/r"


def cases(text):
    return [(words[0], words[1], [float(word) for word in words[2:]]) for words in map(str.split, text.splitlines())]


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed (r-base-core)")
def test_the_committed_intervals_are_those_of_this_machines_r():
    printed = subprocess.run(["Rscript", FIXTURES / "intervals.R"], capture_output=True, text=True, check=True).stdout
    now, then = cases(printed), cases((FIXTURES / "intervals.txt").read_text())
    assert len(now) == len(then) > 1000
    for (kind, number, values), (kind_then, number_then, values_then) in zip(now, then):
        assert (kind, number) == (kind_then, number_then)
        assert values == pytest.approx(values_then, rel=1e-9, abs=1e-9), (kind, number)
