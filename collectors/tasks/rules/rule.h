#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/tasks/rules/quantity.h"

namespace benchd::rules {

/// What a field that a pattern takes out of a line means.
enum class Field : uint8_t {
  Duration,  ///< of the task; with Count, of all of them together
  Count,     ///< tasks in this line
  Mean,      ///< duration of one of Count
  Sum,       ///< duration of Count together: the same as Duration, for whom it reads better
  Id,        ///< pairs a start with its end; never a label
  Outcome,
  Kind,
  Pid,
  Thread,
  Time,  ///< when the line was written
  Any,   ///< text that is skipped
};

/// A field, its unit, and in json and logfmt where it stands ("task.elapsed").
struct FieldSpec {
  Field field = Field::Any;
  Unit unit = Unit::Auto;
  std::string path;

  friend bool operator==(const FieldSpec&, const FieldSpec&) = default;
};

/// json and logfmt only: the value at `path` must be one of `globs`.
struct Condition {
  std::string path;
  std::vector<std::string> globs;

  friend bool operator==(const Condition&, const Condition&) = default;
};

/// How one kind of line is recognised and taken apart.
struct Pattern {
  enum class Form : uint8_t { Template, Regex, Json, Logfmt };
  enum class Role : uint8_t { Task, Start, End };

  Form form = Form::Template;
  Role role = Role::Task;
  std::string text;                   ///< of a template or a regex
  std::vector<FieldSpec> fields;      ///< of json and logfmt
  std::vector<Condition> conditions;  ///< of json and logfmt
  std::string outcome;                ///< of the tasks that it finds; empty: the rule's
  std::string origin;                 ///< "benchd.yml:12"

  friend bool operator==(const Pattern&, const Pattern&) = default;
};

/// A rule as its author wrote it (parse_rules), presets filled in; plain data. RuleSet makes it run.
struct Rule {
  std::string name;
  std::string origin;  ///< "benchd.yml:11", "label benchd.task.match" or "--rule": stands in every error about it

  // Whose log. The first three are tried on every container; all that are given must match. None: every container's
  // log.
  std::string containers;          ///< glob on the name
  std::string image;               ///< glob on the image's reference
  std::string label;               ///< "KEY" or "KEY=GLOB"
  std::string path;                ///< a file inside the container, instead of its stdout and stderr
  std::vector<std::string> files;  ///< globs on the host, instead of containers' logs
  std::string container;           ///< with `files`: who is charged, a name or a cgroup's path; empty: the host

  std::vector<Pattern> patterns;  ///< the first that matches a line counts; Start and End only together
  std::string use;                ///< the preset that `patterns` came from

  std::string outcome = "ok";                                 ///< where no outcome is captured
  std::vector<std::pair<std::string, std::string>> outcomes;  ///< captured outcome (glob, first match) → outcome
  std::vector<std::string> examples;                          ///< lines that it must match
  std::string time;                                           ///< strptime's format; empty: found
  std::string timezone;                                       ///< IANA name; empty: UTC in containers, else the host's
  bool time_is_start = false;                                 ///< the line's time tells when the task began
  int64_t expire = 600'000'000'000;                           ///< of starts without an end, nanoseconds
  uint32_t max_labels = 100;                                  ///< kinds × outcomes of one container

  friend bool operator==(const Rule&, const Rule&) = default;
};

}  // namespace benchd::rules
