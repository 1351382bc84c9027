"""The shell scripts of the tree."""

import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TREE = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


def is_shell(name):
    with open(ROOT / name, "rb") as file:
        return re.match(rb"#!.*\b(ba)?sh\b", file.readline()) is not None


SCRIPTS = sorted(name for name in TREE if (ROOT / name).is_file() and is_shell(name))


def test_the_two_commands_are_among_them():
    assert {"deploy/quickstart", "tests/run"} <= set(SCRIPTS)


@pytest.mark.parametrize("script", SCRIPTS)
def test_bash_parses(script):
    done = subprocess.run(["bash", "-n", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shellcheck_is_silent():
    # SC2016: text in single quotes is for another shell here.
    done = subprocess.run(["shellcheck", "--exclude=SC2016", *SCRIPTS], cwd=ROOT, capture_output=True, text=True,
                          check=False)
    assert done.stdout + done.stderr == ""
