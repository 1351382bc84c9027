#!/usr/bin/python3
"""Checks what an exporter prints for what no parser catches (text format 0.0.4 and OpenMetrics 1.0).

A line that is not well-formed, a series twice (labels in any order), a family split or declared twice, a series of no
declared family, histogram laws, counters that are negative, not finite or (given a later scrape) falling, time stamps.

    check_exposition.py [--openmetrics] [FILE [LATER]]     no FILE: standard input; prints faults, exit 1 if there are any
"""

import argparse
import math
import re
import sys
from dataclasses import dataclass, field

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]Inf|Nan|NaN")
CANONICAL_FLOAT = re.compile(r"-?\d+\.\d+(e[+-]\d+)?|\d(\.\d+)?e[+-]\d+|[+-]Inf")
ESCAPES = {"\\": "\\", '"': '"', "n": "\n"}
SUFFIXES = {
    "counter": ("_total",),
    "histogram": ("_bucket", "_count", "_sum"),
    "summary": ("", "_count", "_sum"),
}
TYPES = {"counter", "gauge", "histogram", "summary"}


class Malformed(Exception):
    pass


@dataclass(frozen=True)
class Series:
    name: str
    labels: tuple  # of (name, value), sorted

    def __str__(self):
        return self.name + "{" + ",".join(f"{k}={v!r}" for k, v in self.labels) + "}"

    def label(self, name):
        return dict(self.labels).get(name)

    def without(self, label):
        return tuple(pair for pair in self.labels if pair[0] != label)


@dataclass
class Family:
    name: str
    type: str = ""
    help: str | None = None
    unit: str | None = None
    samples: dict = field(default_factory=dict)  # Series -> value


def parse_labels(line, at):
    """The labels from line[at], which follows '{', as (name, value) pairs, and where they end."""
    labels = []
    while True:
        if line[at : at + 1] == "}":
            return labels, at + 1
        name = LABEL_NAME.match(line, at)
        if not name or line[name.end() : name.end() + 2] != '="':
            raise Malformed("label")
        at = name.end() + 2
        value = ""
        while line[at : at + 1] != '"':
            if at >= len(line):
                raise Malformed("label value without end")
            if line[at] == "\\":
                at += 1
                if line[at : at + 1] not in ESCAPES or at >= len(line):
                    raise Malformed("escape")
                value += ESCAPES[line[at]]
            else:
                value += line[at]
            at += 1
        labels.append((name.group(), value))
        at += 1
        if line[at : at + 1] == ",":
            at += 1
        elif line[at : at + 1] != "}":
            raise Malformed("labels")


def parse_sample(line):
    name = NAME.match(line)
    if not name:
        raise Malformed("metric name")
    at = name.end()
    labels = []
    if line[at : at + 1] == "{":
        labels, at = parse_labels(line, at + 1)
    names = [label for label, _ in labels]
    if len(set(names)) != len(names):
        raise Malformed("label twice")
    if line[at : at + 1] != " ":
        raise Malformed("no space before the value")
    value = NUMBER.match(line, at + 1)
    if not value:
        raise Malformed("value")
    if value.end() != len(line):
        raise Malformed("time stamp or rest after the value")
    return Series(name.group(), tuple(sorted(labels))), float(value.group().replace("Inf", "inf"))


class Exposition:
    """A parsed page: `families` by name in the order of the page, and `faults`."""

    def __init__(self, text, openmetrics=False):
        self.openmetrics = openmetrics
        self.families = {}
        self.faults = []
        self._current = None
        lines = text.split("\n")
        if lines.pop() != "":
            self.faults.append("no newline at the end")
        if openmetrics and (not lines or lines.pop() != "# EOF"):
            self.faults.append("no # EOF at the end")
        for number, line in enumerate(lines, 1):
            try:
                self._read(line)
            except Malformed as fault:
                self.faults.append(f"line {number}: {fault}: {line[:200]}")
        for family in self.families.values():
            self._check(family)

    def series(self):
        return {series: value for family in self.families.values() for series, value in family.samples.items()}

    def _read(self, line):
        if line.startswith("#"):
            return self._read_comment(line)
        if line == "":
            raise Malformed("empty line")
        series, value = parse_sample(line)
        if not self._current or not self._belongs(series.name, self._current):
            owner = next((f.name for f in self.families.values() if self._belongs(series.name, f)), None)
            raise Malformed(f"family {owner} is split" if owner else "series of no declared family")
        if series in self._current.samples:
            raise Malformed("series twice")
        self._current.samples[series] = value

    def _read_comment(self, line):
        match = re.fullmatch(r"# (HELP|TYPE|UNIT) (\S+) (.*)", line)
        if not match or not NAME.fullmatch(match[2]):
            raise Malformed("comment")
        key, name, rest = match.groups()
        if not self._current or self._current.name != name:
            if name in self.families:
                raise Malformed(f"family {name} is split")
            self._current = self.families[name] = Family(name)
        if self._current.samples:
            raise Malformed(f"{key} after a series")
        if getattr(self._current, key.lower()):
            raise Malformed(f"{key} twice")
        if key == "TYPE" and rest not in TYPES | ({"unknown", "info", "stateset"} if self.openmetrics else {"untyped"}):
            raise Malformed("type")
        if key == "UNIT" and not name.endswith("_" + rest):
            raise Malformed("unit is not the name's suffix")
        setattr(self._current, key.lower(), rest)

    def _belongs(self, name, family):
        suffixes = ("",) if family.type == "counter" and not self.openmetrics else SUFFIXES.get(family.type, ("",))
        return any(name == family.name + suffix for suffix in suffixes)

    def _check(self, family):
        if not family.type or not family.help:
            self.faults.append(f"{family.name}: without TYPE or HELP")
        if family.type == "counter" and not self.openmetrics and not family.name.endswith("_total"):
            self.faults.append(f"{family.name}: counter without _total")
        for series in monotonic(family):
            value = family.samples[series]
            if not (math.isfinite(value) and value >= 0):
                self.faults.append(f"{series}: counter is {value}")
        if family.type == "histogram":
            self._check_histograms(family)

    def _check_histograms(self, family):
        groups = {}
        for series, value in family.samples.items():
            part = series.name.removeprefix(family.name)
            group = groups.setdefault(series.without("le"), {"_bucket": []})
            if part != "_bucket":
                group[part] = value
                continue
            bound = series.label("le")
            if bound is None or not NUMBER.fullmatch(bound):
                self.faults.append(f"{series}: bucket without le")
                continue
            if self.openmetrics and not CANONICAL_FLOAT.fullmatch(bound):
                self.faults.append(f"{series}: le is not written as a float")
            group["_bucket"].append((float(bound.replace("Inf", "inf")), value))
        for labels, group in groups.items():
            name = Series(family.name, labels)
            buckets = group["_bucket"]
            if [bound for bound, _ in buckets] != sorted({bound for bound, _ in buckets}):
                self.faults.append(f"{name}: buckets out of order")
            if [count for _, count in buckets] != sorted(count for _, count in buckets):
                self.faults.append(f"{name}: buckets are not cumulative")
            if not buckets or buckets[-1][0] != math.inf:
                self.faults.append(f"{name}: no +Inf bucket")
            elif group.get("_count") != buckets[-1][1]:
                self.faults.append(f"{name}: count is not the +Inf bucket")
            if "_sum" not in group:
                self.faults.append(f"{name}: no sum")


def monotonic(family):
    """The series of a family that must never fall."""
    if family.type == "counter":
        return list(family.samples)
    if family.type == "histogram":
        return [series for series in family.samples if not series.name.endswith("_sum")]
    return []


def check(text, openmetrics=False):
    """The faults of one scrape, as lines for a person; empty if there are none."""
    return Exposition(text, openmetrics).faults


def check_later(earlier, later, openmetrics=False, below=""):
    """Counters that fell between two scrapes of one process: of containers only those whose id begins with `below`.

    A container made again starts at 0: on a host where somebody else may restart one, say which are one's own.
    """
    before = Exposition(earlier, openmetrics).series()
    after = Exposition(later, openmetrics)
    return [
        f"{series}: fell from {before[series]} to {family.samples[series]}"
        for family in after.families.values()
        for series in monotonic(family)
        if (series.label("id") or below).startswith(below)
        and series in before and family.samples[series] < before[series]
    ]


def read(path):
    # Newlines as they are: a carriage return may stand in a label and must not end a line.
    with open(path or 0, encoding="utf-8", newline="") as file:
        return file.read()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--openmetrics", action="store_true")
    parser.add_argument("file", nargs="?")
    parser.add_argument("later", nargs="?", help="a later scrape: its counters must not be lower")
    options = parser.parse_args()
    text = read(options.file)
    faults = check(text, options.openmetrics)
    if options.later:
        later = read(options.later)
        faults += check(later, options.openmetrics) + check_later(text, later, options.openmetrics)
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
