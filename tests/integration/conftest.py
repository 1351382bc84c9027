import os

import pytest

from benchd import MOUNT, Cgroup


def pytest_addoption(parser):
    parser.addoption("--kills", type=int, default=8, help="at how many moments tests kill what they test (default: 8)")


@pytest.fixture
def kills(request):
    return request.config.getoption("--kills")


@pytest.fixture
def cgroup(request):
    """An empty cgroup named after the test."""
    if MOUNT is None or not os.access(MOUNT, os.W_OK):
        pytest.skip("no cgroup2 mount that this user may write to")
    test = "".join(c if c.isalnum() else "-" for c in request.node.name)[:40]
    with Cgroup(f"benchd-test-{os.getpid()}-{test}") as made:
        yield made
