"""benchd compare on files: verdicts, formats, exit codes, and what becomes of bad input."""

import csv
import io
import json
import os
import pty
import math
import random
import re
import subprocess

import pytest

from benchd import BINARY


def compare(*arguments, environment=None):
    return subprocess.run([BINARY, "compare", *map(str, arguments)], capture_output=True, text=True, check=False,
                          env=environment)


def rows(ratios, blocks, noise=0.01, seed=1, host_noise=0.05):
    """(variant, block, value) of a campaign in blocks; ratios: {variant: ratio to the first}."""
    dice = random.Random(seed)
    for block in range(blocks):
        host = math.exp(dice.gauss(0, host_noise))
        for variant in dice.sample(sorted(ratios), len(ratios)):
            yield variant, block, 0.1 * ratios[variant] * host * math.exp(dice.gauss(0, noise))


def write(path, lines):
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


@pytest.fixture(name="campaign")
def a_campaign(tmp_path):
    ratios = {"base": 1, "slow": 1.3, "fast": 0.8, "same": 1}
    lines = [f"{variant},{block},{value!r}" for variant, block, value in rows(ratios, 40)]
    return write(tmp_path / "runs.csv", ["variant,block,duration", *lines])


def verdicts(done):
    return {it["variant"]: it["verdict"] for it in json.loads(done.stdout)["comparisons"]}


def test_verdicts_of_a_blocked_file(campaign):
    done = compare(campaign, "--baseline=base", "--format=json")
    assert done.returncode == 0, done.stderr
    assert verdicts(done) == {"slow": "slower", "fast": "faster", "same": "equivalent"}
    result = json.loads(done.stdout)
    assert (result["experiment"], result["measure"], result["baseline"]) == ("runs.csv", "duration", "base")
    assert (result["threshold"], result["looks"], result["control"]) == (0.03, 1, None)
    slow = next(it for it in result["comparisons"] if it["variant"] == "slow")
    assert (slow["runs"], slow["blocks"], slow["blocked"], slow["failed"]) == (40, 40, True, 0)
    assert slow["low"] < 1.3 < slow["high"] and slow["low"] < slow["ratio"] < slow["high"]
    given = [float(row["duration"]) for row in csv.DictReader(open(campaign)) if row["variant"] == "slow"]
    assert slow["values"] == given


def test_the_table_says_the_same(campaign):
    done = compare(campaign, "--baseline=base")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "runs.csv · duration · 40 runs each in 40 blocks · threshold ±3 % · 1 look"
    words = {line.split()[0]: line for line in lines[2:6]}
    assert "SLOWER by" in words["slow"] and "FASTER by" in words["fast"] and "EQUIVALENT" in words["same"]
    assert "95 % (3 together)" in lines[1]
    assert "\x1b" not in done.stdout


def test_threshold_confidence_and_baseline_are_obeyed(campaign):
    assert set(verdicts(compare(campaign, "--baseline=base", "--threshold=50%", "--format=json")).values()) == {
        "equivalent"}
    turned = compare(campaign, "--baseline=slow", "--format=json")
    assert verdicts(turned) == {"base": "faster", "fast": "faster", "same": "faster"}

    def width(confidence):
        done = compare(campaign, "--baseline=base", f"--confidence={confidence}", "--format=json")
        it = json.loads(done.stdout)["comparisons"][0]
        return it["high"] - it["low"]

    assert width("99%") > width("0.95") > width("80 %")


def test_one_after_the_other_is_inconclusive_unless_the_order_is_accepted(tmp_path):
    dice = random.Random(2)
    lines = [f"{variant},{ratio * math.exp(dice.gauss(0, 0.01))}" for variant, ratio in (("a", 1), ("b", 2))
             for _ in range(20)]
    path = write(tmp_path / "runs.csv", lines)
    done = compare(path)
    assert done.returncode == 0
    assert "INCONCLUSIVE (not interleaved)" in done.stdout and "--accept-order" in done.stdout
    assert "b: a run of it is better than one of a in 0 % of pairs (Brunner-Munzel has no interval for that)." in done.stdout
    assert "SLOWER by" in compare(path, "--accept-order").stdout


def test_the_chance_of_a_better_run_has_an_interval(tmp_path):
    dice = random.Random(5)
    path = write(tmp_path / "runs.csv", [f"{variant},{dice.uniform(1, 2)}" for variant in "ab" for _ in range(20)])
    note = re.search(r"b: a run of it is better than one of a in (\d+) % of pairs \((\d+)–(\d+) %, Brunner-Munzel\)",
                     compare(path).stdout)
    chance, low, high = map(int, note.groups())
    assert low < chance < high


def test_rows_that_alternate_are_blocks(tmp_path):
    path = write(tmp_path / "runs.csv", [f"{variant},{value!r}" for variant, _, value in rows({"a": 1, "b": 1.1}, 20)])
    result = json.loads(compare(path, "--baseline=a", "--format=json").stdout)
    assert result["comparisons"][0]["blocks"] == 20
    assert result["comparisons"][0]["verdict"] == "slower"


def test_failures_exclusions_and_fail_on(tmp_path):
    lines = ["variant,block,duration,outcome,excluded"]
    for variant, block, value in rows({"a": 1, "b": 1, "c": 1}, 30):
        outcome = "failed" if (variant, block % 6) == ("b", 3) else "ok"
        lines.append(f"{variant},{block},{value if outcome == 'ok' else ''},{outcome},"
                     f"{'host busy' if (variant, block) == ('c', 7) else ''}")
    path = write(tmp_path / "runs.csv", lines)
    done = compare(path, "--baseline=a", "--format=json")
    assert done.returncode == 0
    b, c = sorted(json.loads(done.stdout)["comparisons"], key=lambda it: it["variant"])
    assert (b["verdict"], b["failed"], b["doubt"]) == (None, 5, "too_many_failures")
    assert (c["verdict"], c["blocks"], c["verdict_with_excluded"]) == ("equivalent", 29, "equivalent")
    assert [it["cause"] for it in c["excluded"]] == ["host busy"]
    assert compare(path, "--baseline=a", "--fail-on=failed").returncode == 1
    assert compare(path, "--baseline=a", "--fail-on=slower,inconclusive").returncode == 0
    text = compare(path, "--baseline=a").stdout
    assert "none: 5 of 30 runs of b failed" in text
    assert "1 run excluded: host busy (c 1); verdicts are the same with them." in text


def test_fail_on(campaign, tmp_path):
    assert compare(campaign, "--baseline=base", "--fail-on=slower").returncode == 1
    assert compare(campaign, "--baseline=base", "--fail-on=inconclusive,failed").returncode == 0
    assert compare(campaign, "--baseline=slow", "--fail-on=slower").returncode == 0
    few = write(tmp_path / "few.csv", ["a,1,1", "b,1,2"])
    assert compare(few).returncode == 0
    assert compare(few, "--fail-on=inconclusive").returncode == 1


def test_hyperfine_and_pyperf(tmp_path):
    dice = random.Random(3)

    def times(ratio, count):
        return [ratio * math.exp(dice.gauss(0, 0.01)) for _ in range(count)]

    hyperfine = tmp_path / "h.json"
    hyperfine.write_text(json.dumps({"results": [
        {"command": "./old", "times": times(1, 20), "exit_codes": [0] * 20},
        {"command": "./new", "times": times(0.5, 20), "exit_codes": [0] * 20}]}, indent=2))
    done = compare(hyperfine, "--accept-order", "--format=json")
    assert verdicts(done) == {"./new": "faster"}
    assert json.loads(done.stdout)["measure"] == "duration"

    for name, ratio in (("base", 1), ("change", 1.5)):
        runs = [{"values": [value, value]} for value in times(ratio, 20)]
        (tmp_path / f"{name}.json").write_text(json.dumps(
            {"version": "1.0", "metadata": {"name": "telco", "unit": "second"}, "benchmarks": [{"runs": runs}]}))
    done = compare(tmp_path / "base.json", tmp_path / "change.json", "--accept-order", "--format=json")
    assert verdicts(done) == {"change": "slower"}
    assert json.loads(done.stdout)["comparisons"][0]["runs"] == 20, "processes, not values"


def test_markdown_and_csv(campaign):
    table = compare(campaign, "--baseline=base", "--format=md").stdout.splitlines()
    assert table[2].startswith("| variant | duration | ratio |") and table[3].startswith("|:---|---:|")
    assert {line.count("|") for line in table[2:8]} == {7}
    listed = list(csv.DictReader(io.StringIO(compare(campaign, "--baseline=base", "--format=csv").stdout)))
    assert {row["variant"]: row["verdict"] for row in listed} == {"slow": "slower", "fast": "faster",
                                                                  "same": "equivalent"}


def on_a_terminal(*arguments, environment, columns):
    """The command's output on a pseudo terminal of that width."""
    import fcntl
    import struct
    import termios

    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    with subprocess.Popen([BINARY, "compare", *map(str, arguments)], stdout=its, env=environment):
        os.close(its)
        text = b""
        try:
            while chunk := os.read(ours, 65536):
                text += chunk
        except OSError:  # the other end is closed
            pass
    os.close(ours)
    return text.decode().replace("\r\n", "\n")


def test_colour_only_on_a_terminal_and_never_with_no_color(campaign):
    plain = {"TERM": "xterm", "PATH": os.environ["PATH"]}
    assert "\x1b[31mSLOWER" in on_a_terminal(campaign, "--baseline=base", environment=plain, columns=200)
    for extra in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b" not in on_a_terminal(campaign, "--baseline=base", environment={**plain, **extra}, columns=200)


def test_a_narrow_terminal_gets_a_narrow_table(campaign):
    environment = {"TERM": "dumb", "PATH": os.environ["PATH"]}
    table = on_a_terminal(campaign, "--baseline=base", environment=environment, columns=66).splitlines()[1:6]
    assert max(map(len, table)) <= 66, table
    assert "spread" not in table[0] and "verdict" in table[0]


BAD = [
    ("a,1\nb,x\n", [], 'in.csv:2: found "x" as value, expected a number'),
    ("a,1\nb,-1\n", [], 'in.csv:2: found "-1" as value: a measure is not negative'),
    ("a,1\nb,nan\n", [], 'in.csv:2: found "nan" as value: a measure is finite'),
    ("variant,seconds\na,1\n", [], 'in.csv:1: unknown column "seconds", allowed are variant, block'),
    ("", [], "in.csv: the file is empty"),
    ("a,1\na,2\n", [], 'there is only variant "a", and nothing to compare it with'),
    ("a,1\nb,2\n", ["--baseline=c"], '--baseline: found "c", the variants are a, b'),
    ("a,1\nb,2\n", ["--measure=duration"], '--measure: found "duration", there is value'),
    ("a,1\nb,2\n", ["--measure=speed"], '--measure: found "speed", there is value'),
    ("a,1\nb,2\n", ["--threshold=0"], '--threshold: found "0", expected a share above 0'),
    ("a,1\nb,2\n", ["--threshold=three"], '--threshold: found "three"'),
    ("a,1\nb,2\n", ["--confidence=101%"], '--confidence: found "101%"'),
    ("a,1\nb,2\n", ["--format=yaml"], 'found "yaml", allowed is one of text, json, md, csv'),
    ("a,1\nb,2\n", ["--fail-on=faster"], "faster not in {slower,inconclusive,failed}"),
    ("variant,host,value\na,one,1\nb,two,1\n", [], "never ran on the same host"),
    ('{"results": [\n{"command": "x", "times": [1,\n-1]}]}', [], "in.csv:3: /results/0/times/1: found -1"),
    ("{\n\n]", [], "in.csv:3: this is not valid JSON"),
    ("\x1b[2J,1\nb,x\n", [], 'in.csv:2: found "x"'),
]


@pytest.mark.parametrize("text, flags, message", BAD, ids=[message[:40] for _, _, message in BAD])
@pytest.mark.parametrize("form", ["text", "json"])
def test_bad_input_is_refused_with_its_place(tmp_path, text, flags, message, form):
    path = tmp_path / "in.csv"
    path.write_text(text)
    done = compare(path, f"--format={form}", *flags) if "--format=yaml" not in flags else compare(path, *flags)
    assert (done.returncode, done.stdout) == (2, ""), done
    assert message in done.stderr
    assert "\x1b" not in done.stderr


def test_a_missing_file_and_no_file(tmp_path):
    done = compare(tmp_path / "none.csv")
    assert done.returncode == 2 and "none.csv: No such file or directory" in done.stderr
    assert compare().returncode == 2
    assert compare(tmp_path).returncode == 2


def test_zeros_have_no_ratio_and_no_exit_code_0(tmp_path):
    path = write(tmp_path / "in.csv", [f"{variant},{block},{0 if variant == 'b' else 1}" for block in range(10)
                                       for variant in "ab"])
    done = compare(path)
    assert done.returncode == 2 and "none: values of 0 have no ratio" in done.stdout


def test_a_pipe_will_do(campaign):
    piped = subprocess.run(f"cat {campaign} | {BINARY} compare /dev/stdin --baseline=base --format=csv", shell=True,
                           capture_output=True, text=True, check=False)
    assert piped.returncode == 0, piped.stderr
    assert piped.stdout == compare(campaign, "--baseline=base", "--format=csv").stdout


def test_one_run_each_says_how_many_more(tmp_path):
    done = compare(write(tmp_path / "in.csv", ["a,1,1", "b,1,2"]))
    assert done.returncode == 0 and "INCONCLUSIVE (too few runs: 5 more blocks)" in done.stdout


def test_all_values_equal(tmp_path):
    done = compare(write(tmp_path / "in.csv", [f"{variant},{block},5" for block in range(10) for variant in "ab"]),
                   "--format=json")
    assert verdicts(done) == {"b": "equivalent"}


def test_a_million_rows(tmp_path):
    dice = random.Random(4)
    path = tmp_path / "in.csv"
    with open(path, "w") as file:
        for block in range(500_000):
            file.write(f"a,{block},{1 + dice.random()}\nb,{block},{1.02 * (1 + dice.random())}\n")
    peak = f"import resource, subprocess, sys; code = subprocess.call(sys.argv[1:]); " \
           f"print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr); sys.exit(code)"
    done = subprocess.run(["/usr/bin/python3", "-c", peak, BINARY, "compare", path, "--format=csv"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0
    row = next(csv.DictReader(io.StringIO(done.stdout)))
    assert row["verdict"] == "equivalent" and row["blocks"] == "500000"
    assert float(row["low"]) < 1.02 < float(row["high"])
    assert int(done.stderr.split()[-1]) < 2 << 20, "KiB: pairs of runs must not be listed"
