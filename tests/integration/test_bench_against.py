"""benchd bench --against=REF: this tree beside that of a git commit, run again."""

import json
import os
import shutil
import subprocess

import pytest

from benchd import BINARY, MOUNT

pytestmark = [
    pytest.mark.skipif(MOUNT is None or not os.access(MOUNT, os.W_OK), reason="no cgroup2 mount that this user may write to"),
    pytest.mark.skipif(shutil.which("git") is None, reason="no git"),
]
PLAIN = ["--runs=8", "--warmup=0", "--exclude=never", "--format=json", "--threshold=20%"]


class Repository:
    """A program that sleeps, in a folder of a repository; its earlier commit sleeps for less."""

    def __init__(self, directory):
        self.top, self.folder = directory / "repository", directory / "repository" / "app"
        self.home = directory / "home"
        self.folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.write("0.01")
        self.git("add", ".")
        self.commit("first")

    def git(self, *arguments):
        return subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-C", self.top, *arguments],
                              check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, message):
        self.git("commit", "--quiet", "--all", "-m", message)

    def write(self, seconds):
        script = self.folder / "work.sh"
        script.write_text(f"#!/bin/sh\nsleep {seconds}\npwd >> {self.top.parent}/where\n")
        script.chmod(0o755)

    def bench(self, *arguments):
        return subprocess.run([BINARY, "bench", f"--ledger={self.top.parent}/ledger.db", *map(str, arguments)], check=False,
                              capture_output=True, text=True, cwd=self.folder, timeout=120,
                              env={**os.environ, "XDG_CACHE_HOME": str(self.home)})


@pytest.fixture(name="repository")
def a_repository(tmp_path):
    return Repository(tmp_path)


def result(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_was_changed_is_compared_with_the_commit_run_again(repository):
    repository.write("0.5")
    shown = result(repository.bench("--against=main", *PLAIN, "./work.sh"))
    assert shown["baseline"] == "./work.sh @ main"
    (change,) = shown["comparisons"]
    assert (change["variant"], change["verdict"]) == ("./work.sh", "slower")
    where = (repository.top.parent / "where").read_text().split()
    assert len(where) == 16 and where.count(str(repository.folder)) == 8, "each in its own tree"
    assert all(path.endswith("/app") for path in where)
    assert not list(repository.home.glob("benchd/trees/*/")), "which is gone"
    assert repository.git("worktree", "list").count("\n") == 0

    failed = repository.bench("--against=main", *PLAIN, "--fail-on=slower", "./work.sh")
    assert failed.returncode == 1
    assert "stored: ./work.sh @ main had duration" in failed.stderr and "never judged" in failed.stderr


def test_each_variant_of_a_file_is_its_own_baseline(repository):
    (repository.folder / "campaign.yml").write_text("""
experiment: tree
runs: 8
warmup: 0
exclude: never
threshold: 20%
variants: {one: {local: true, command: ./work.sh}, two: {local: true, command: "./work.sh && ./work.sh"}}
""")
    repository.git("add", ".")
    repository.commit("with a campaign")
    repository.write("0.5")
    shown = result(repository.bench("--against=HEAD", "--format=json", "campaign.yml"))
    assert [(it["baseline"], it["comparisons"][0]["variant"]) for it in shown] == [("one @ HEAD", "one"),
                                                                                    ("two @ HEAD", "two")]
    assert all(it["comparisons"][0]["verdict"] == "slower" for it in shown)


def test_the_commits_are_part_of_the_definition(repository):
    repository.write("0.02")
    repository.commit("second")
    result(repository.bench("--against=HEAD~1", *PLAIN, "./work.sh"))
    done = subprocess.run([BINARY, "runs", "export", f"--ledger={repository.top.parent}/ledger.db"], check=True,
                          capture_output=True, text=True).stdout
    definition = json.loads(json.loads(done.splitlines()[0])["campaign"]["definition"])
    assert definition["variants"]["./work.sh @ HEAD~1"]["commit"] == repository.git("rev-parse", "HEAD~1")
    assert definition["variants"]["./work.sh"]["commit"] == repository.git("rev-parse", "HEAD")
    again = repository.bench("--against=HEAD~1", *PLAIN, "--resume", "./work.sh")
    assert again.returncode == 2 and "is finished" in again.stderr
    repository.write("0.03")
    dirty = repository.bench("--against=HEAD~1", *PLAIN, "--resume", "./work.sh")
    assert dirty.returncode == 2 and "not committed" in dirty.stderr


@pytest.mark.parametrize("ref, message", [
    ("nowhere", 'found "nowhere", which is no commit'),
    ("-x", 'found "-x", expected what git takes for a commit'),
])
def test_what_is_no_commit_is_refused(repository, ref, message):
    done = repository.bench(f"--against={ref}", *PLAIN, "./work.sh")
    assert done.returncode == 2 and message in done.stderr


def test_what_the_commit_lacks_is_refused(repository):
    (repository.top / "new").mkdir()
    repository.folder = repository.top / "new"
    done = repository.bench("--against=main", *PLAIN, "true")
    assert done.returncode == 2 and "new is not in commit" in done.stderr


def test_outside_of_a_repository_it_is_refused(repository, tmp_path):
    repository.folder = tmp_path
    done = repository.bench("--against=main", *PLAIN, "true")
    assert done.returncode == 2 and "find the git repository" in done.stderr
