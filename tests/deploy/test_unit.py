"""deploy/systemd, as systemd itself reads it."""

import pathlib
import re
import shutil
import subprocess

import pytest

SYSTEMD = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "systemd"
DROP_INS = ["10-engine-socket.conf", "20-logs.conf"]

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", *map(str, arguments)], capture_output=True, text=True, check=False)


def with_program(directory, drop_ins=()):
    """A copy that a machine without an installed benchd can verify."""
    unit = directory / "benchd.service"
    text, replaced = re.subn("(?m)^ExecStart=/usr/bin/benchd ", "ExecStart=/bin/true ",
                             (SYSTEMD / "benchd.service").read_text())
    assert replaced == 1
    unit.write_text(text)
    (directory / "benchd.service.d").mkdir()
    for name in drop_ins:
        shutil.copy(SYSTEMD / name, directory / "benchd.service.d")
    return unit


def test_exposure_is_at_most_2():
    done = analyze("security", "--offline=true", "--threshold=20", "--no-pager", SYSTEMD / "benchd.service")
    print(done.stdout.strip().splitlines()[-1])
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_key_and_value_is_known(tmp_path):
    done = analyze("verify", "--man=no", with_program(tmp_path, DROP_INS))
    # An unknown key or a value that does not parse is a warning only, and the exit status stays 0.
    assert (done.returncode, done.stderr) == (0, "")


def test_a_mistake_in_unit_or_drop_in_would_be_seen(tmp_path):
    unit = with_program(tmp_path, DROP_INS)
    with open(unit, "a", encoding="utf-8") as file:
        file.write("[Service]\nProtectEverything=yes\n")
    with open(unit.with_name("benchd.service.d") / DROP_INS[0], "a", encoding="utf-8") as file:
        file.write("LimitNOFILE=plenty\n")
    complaints = analyze("verify", "--man=no", unit).stderr
    assert "ProtectEverything" in complaints and "plenty" in complaints


def test_every_drop_in_is_looked_at():
    assert sorted(path.name for path in SYSTEMD.glob("*.conf") if "sysusers" not in path.name) == DROP_INS


def test_the_units_user_is_the_one_that_sysusers_makes(tmp_path):
    if shutil.which("systemd-sysusers") is None:
        pytest.skip("systemd-sysusers is not installed")
    (tmp_path / "etc").mkdir()
    subprocess.run(["systemd-sysusers", f"--root={tmp_path}", SYSTEMD / "benchd.sysusers.conf"], check=True,
                   capture_output=True)
    user = re.search("(?m)^User=(.*)$", (SYSTEMD / "benchd.service").read_text())[1]
    made = [line.split(":") for line in (tmp_path / "etc" / "passwd").read_text().splitlines()]
    assert [(name, shell) for name, *_, shell in made] == [(user, "/usr/sbin/nologin")]
