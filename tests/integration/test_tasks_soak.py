"""The short form of tasks_soak.py: 20,000 lines for each of ten kills; see there for the long one."""

import os

import pytest

from engines import why_not
from tasks_soak import JOURNAL_IMPORTER, SOURCES, complaints, soak

LINES = 200_000
KILLS = 10


@pytest.mark.parametrize("source", SOURCES)
def test_no_line_is_lost_or_counted_twice_by_rotation_and_kill_9(source, tmp_path, cgroup):
    if source == "journal" and not os.access(JOURNAL_IMPORTER, os.X_OK):
        pytest.skip("systemd-journal-remote is not installed")
    reason = why_not(source if source == "podman" else "dockerd") if source in ("docker", "podman") else None
    if reason:
        pytest.skip(reason)
    result = soak(source, LINES, KILLS, tmp_path, cgroup)
    assert complaints(result) == [], result
    assert result["lines"] + result["cut_away"] >= LINES
    assert result["scrapes"] > KILLS
    if source in ("docker", "json-file", "json-file-unlink", "cri", "plain"):
        assert result["rotations"] > 0
    if source in ("json-file-unlink", "copytruncate"):
        assert result["turns"] > 0
