"""deploy/packages, the one list, and deploy/install-packages, its reader."""

import os
import pathlib
import re
import subprocess

import pytest

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"
SECTIONS = ["build", "examples", "run", "test"]
ALWAYS_THERE = {"libc6", "libgcc-s1", "libstdc++6"}  # of every Debian


def install_packages(*arguments):
    return subprocess.run([DEPLOY / "install-packages", *arguments], capture_output=True, text=True, check=False)


def listed(*sections):
    done = install_packages("--list", *sections)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def unknown_to_apt(names):
    shown = subprocess.run(["apt-cache", "show", *names], capture_output=True, text=True, check=False).stdout
    return set(names) - set(re.findall("(?m)^Package: (.*)$", shown))


def test_every_line_is_a_section_a_comment_or_a_package_of_one_section():
    text = (DEPLOY / "packages").read_text()
    lines = [stripped for line in text.splitlines() if (stripped := line.partition("#")[0].strip())]
    assert [line.strip("[]") for line in lines if line.startswith("[")] == SECTIONS
    packages = [line for line in lines if not line.startswith("[")]
    assert [p for p in packages if not re.fullmatch("[a-z0-9][a-z0-9+.-]+", p)] == []
    assert sorted(set(packages)) == sorted(packages), "a package stands twice"
    assert listed(*SECTIONS) == packages


def test_an_unknown_section_is_refused():
    done = install_packages("--list", "build", "tset")
    assert (done.returncode, done.stdout) == (2, "") and "[tset]" in done.stderr


@pytest.mark.skipif(not any(pathlib.Path("/var/lib/apt/lists").glob("*_Packages*")), reason="no lists: apt-get update")
@pytest.mark.parametrize("section", SECTIONS)
def test_apt_knows_every_package(section):
    if section == "run" and "VERSION_CODENAME=bookworm" not in pathlib.Path("/etc/os-release").read_text():
        pytest.skip("libraries' packages carry bookworm's versions in their names")
    assert unknown_to_apt(listed(section)) == set()
    assert unknown_to_apt([*listed(section), "libbenchd-no-such-dev"]) == {"libbenchd-no-such-dev"}


def test_run_names_the_packages_of_the_libraries_that_benchd_loads():
    dump = subprocess.run(["objdump", "-p", os.environ["BENCHD"]], capture_output=True, text=True, check=True).stdout
    owners = set()
    for library in re.findall(r"NEEDED +(\S+)", dump):
        found = subprocess.run(["dpkg-query", "-S", f"*/{library}"], capture_output=True, text=True, check=True).stdout
        owners |= {line.partition(":")[0] for line in found.splitlines()}
    assert owners - ALWAYS_THERE == set(listed("run"))


def test_examples_names_the_packages_of_the_commands_that_quickstart_ends_with():
    campaign = (DEPLOY / "examples/interpreters/campaign.yml").read_text()
    commands = re.findall(r"command: \[([^,\]]+)", campaign)
    assert len(commands) == 3
    assert set(commands) <= set(listed("examples"))
