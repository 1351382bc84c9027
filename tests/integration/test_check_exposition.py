"""The checker finds each fault that it is there for, and none in good text."""

import check_exposition
import pytest

GOOD = """# HELP a_total h
# TYPE a_total counter
a_total{x="1",y="2"} 3
a_total{x="\\"\\\\\\n",y="caf\u00e9\r"} 1e-06
# HELP h_seconds h
# TYPE h_seconds histogram
h_seconds_bucket{le="0.5"} 1
h_seconds_bucket{le="+Inf"} 2
h_seconds_count 2
h_seconds_sum 1.5
# HELP g h
# TYPE g gauge
g -Inf
"""

HEAD = "# HELP a_total h\n# TYPE a_total counter\n"
HISTOGRAM = "# HELP h h\n# TYPE h histogram\n"

BAD = {
    "series twice with labels reordered": (HEAD + 'a_total{x="1",y="2"} 1\na_total{y="2",x="1"} 1\n', "series twice"),
    "label twice": (HEAD + 'a_total{x="1",x="2"} 1\n', "label twice"),
    "bad escape": (HEAD + 'a_total{x="\\q"} 1\n', "escape"),
    "raw newline in a label": (HEAD + 'a_total{x="a\nb"} 1\n', "label value without end"),
    "unescaped quote": (HEAD + 'a_total{x="a"b"} 1\n', "labels"),
    "time stamp": (HEAD + "a_total 1 1700000000000\n", "time stamp"),
    "decimal comma": (HEAD + "a_total 1,5\n", "rest after the value"),
    "hexadecimal": (HEAD + "a_total 0x10\n", "rest after the value"),
    "carriage return at the end of a line": (HEAD + "a_total 1\r\n", "rest after the value"),
    "negative counter": (HEAD + "a_total -1\n", "counter is -1"),
    "counter not a number": (HEAD + "a_total NaN\n", "counter is nan"),
    "infinite counter": (HEAD + "a_total +Inf\n", "counter is inf"),
    "counter without total": ("# HELP a h\n# TYPE a counter\na 1\n", "counter without _total"),
    "no newline at the end": (HEAD + "a_total 1", "no newline"),
    "TYPE twice": (HEAD + "# TYPE a_total counter\n", "TYPE twice"),
    "TYPE after a series": ("# HELP a h\n# TYPE a gauge\na 1\n# TYPE a gauge\n", "TYPE after a series"),
    "unknown type": ("# HELP a h\n# TYPE a number\n", "type"),
    "no HELP": ("# TYPE a gauge\na 1\n", "without TYPE or HELP"),
    "undeclared series": ("a 1\n", "no declared family"),
    "family split by another": (
        HEAD + "a_total 1\n# HELP b h\n# TYPE b gauge\nb 1\n" + 'a_total{x="1"} 1\n',
        "family a_total is split",
    ),
    "family declared again": (HEAD + "# HELP b h\n# TYPE b gauge\nb 1\n" + HEAD, "family a_total is split"),
    "no +Inf": (HISTOGRAM + 'h_bucket{le="1"} 1\nh_count 1\nh_sum 1\n', "no +Inf"),
    "count is not +Inf": (HISTOGRAM + 'h_bucket{le="+Inf"} 1\nh_count 2\nh_sum 1\n', "count is not"),
    "no count": (HISTOGRAM + 'h_bucket{le="+Inf"} 1\nh_sum 1\n', "count is not"),
    "no sum": (HISTOGRAM + 'h_bucket{le="+Inf"} 1\nh_count 1\n', "no sum"),
    "no le": (HISTOGRAM + "h_bucket 1\nh_count 1\nh_sum 1\n", "without le"),
    "not cumulative": (
        HISTOGRAM + 'h_bucket{le="1"} 3\nh_bucket{le="+Inf"} 2\nh_count 2\nh_sum 1\n',
        "not cumulative",
    ),
    "buckets out of order": (
        HISTOGRAM + 'h_bucket{le="2"} 1\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 1\nh_count 1\nh_sum 1\n',
        "out of order",
    ),
    "one bound in two spellings": (
        HISTOGRAM + 'h_bucket{le="1"} 1\nh_bucket{le="1.0"} 1\nh_bucket{le="+Inf"} 1\nh_count 1\nh_sum 1\n',
        "out of order",
    ),
    "negative bucket": (HISTOGRAM + 'h_bucket{le="+Inf"} -1\nh_count -1\nh_sum 1\n', "counter is -1"),
}

OPENMETRICS_GOOD = """# HELP a_seconds h
# TYPE a_seconds counter
# UNIT a_seconds seconds
a_seconds_total 1
# HELP f h
# TYPE f unknown
f 1
# HELP h h
# TYPE h histogram
h_bucket{le="1.0"} 1
h_bucket{le="+Inf"} 1
h_count 1
h_sum 1
# EOF
"""

OPENMETRICS_BAD = {
    "no EOF": ("# HELP g h\n# TYPE g gauge\ng 1\n", "no # EOF"),
    "early EOF": ("# EOF\n# HELP g h\n# TYPE g gauge\ng 1\n", "no # EOF"),
    "empty line": ("# HELP g h\n# TYPE g gauge\n\ng 1\n# EOF\n", "empty line"),
    "total in the header": ("# HELP a_total h\n# TYPE a_total counter\na_total 1\n# EOF\n", "no declared family"),
    "unit is no suffix": ("# HELP g h\n# TYPE g gauge\n# UNIT g bytes\ng 1\n# EOF\n", "unit"),
    "bound is no float": (
        '# HELP h h\n# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 1\nh_count 1\nh_sum 1\n# EOF\n',
        "not written as a float",
    ),
    "untyped": ("# HELP g h\n# TYPE g untyped\ng 1\n# EOF\n", "type"),
}


def test_good_text_has_no_faults():
    assert check_exposition.check(GOOD) == []
    assert check_exposition.check(OPENMETRICS_GOOD, openmetrics=True) == []


@pytest.mark.parametrize("name", BAD)
def test_text_fault(name):
    text, fault = BAD[name]
    assert any(fault in line for line in check_exposition.check(text)), check_exposition.check(text)


@pytest.mark.parametrize("name", OPENMETRICS_BAD)
def test_openmetrics_fault(name):
    text, fault = OPENMETRICS_BAD[name]
    assert any(fault in line for line in check_exposition.check(text, openmetrics=True))


def test_a_counter_that_falls_between_two_scrapes():
    assert check_exposition.check_later(GOOD, GOOD) == []
    fallen = GOOD.replace("} 3\n", "} 2\n")
    assert len(check_exposition.check_later(GOOD, fallen)) == 1
    assert check_exposition.check_later(fallen, GOOD) == []


def test_of_containers_only_those_below_are_judged():
    earlier = HEAD + 'a_total 2\na_total{id="/own/a"} 2\na_total{id="/theirs/a"} 2\n'
    fallen = check_exposition.check_later(earlier, earlier.replace("} 2", "} 1").replace("l 2", "l 1"), below="/own/")
    assert [line.split(":")[0] for line in fallen] == ["a_total{}", "a_total{id='/own/a'}"]


def test_gauges_and_sums_may_fall():
    assert check_exposition.check_later(GOOD.replace("g -Inf", "g 5"), GOOD.replace("sum 1.5", "sum 0.5")) == []


def test_a_histogram_count_that_falls():
    later = GOOD.replace('le="+Inf"} 2', 'le="+Inf"} 1').replace("count 2", "count 1")
    assert len(check_exposition.check_later(GOOD, later)) == 2
