#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "collectors/tasks/rules/rule.h"

namespace benchd::rules {

/// The rules of a YAML text: what stands below its key `tasks`, or a list that is all of it. Other keys are not looked
/// at. `name` stands in origins and errors, which say file, line, key, what was found and what is allowed. Whether the
/// patterns are good and match their examples is for RuleSet::compile to say.
///
///   - name: TEXT                          needed, but with `use`
///     containers: GLOB                    on the name; image: GLOB; label: KEY or KEY=GLOB; all given must match
///     path: FILE                          inside the container, instead of its stdout and stderr
///     files: [GLOB, …]                    on the host, instead; container: NAME or a cgroup's path: who is charged
///     match: TEMPLATE [, …]               as template.h says; exactly one of these
///     regex: REGEX [, …]                  as regex.h says
///     json: {FIELD: PATH[:UNIT], …, where: {PATH: GLOB or [GLOB, …], …}}; of several paths the first that is there
///     logfmt: the same
///     start: PATTERN, end: PATTERN        {match: …}, {regex: …}, {json: …} or {logfmt: …}, with an id each
///     any: [PATTERN, …]                   alternatives; each may have an outcome of its own
///     use: PRESET
///     outcome: TEXT                       of every task; or {GLOB: TEXT, …}, applied to the captured outcome
///     example: LINE                       or a list: what the rule must match
///     time: FORMAT                        as time_format.h says; none: the line has no time, or not its own
///     time-of: end or start               what the line's time tells of a task
///     timezone: ZONE                      "Europe/Paris", UTC, local
///     expire: DURATION                    of starts without an end; 10m
///     max-labels: N                       kinds × outcomes per container; 100
base::Result<std::vector<Rule>> parse_rules(const std::string& text, const std::string& name);

/// The rules that a container's labels hold: `benchd.task.KEY` for one rule, `benchd.task.NAME.KEY` for several, keys
/// as above (`benchd.task.start.match`, and where YAML has a map its flow form: `{duration: ms:ms}`). A container
/// speaks of itself only: containers, image, label, files, container are refused. The first rule's name is "task"
/// unless said.
base::Result<std::vector<Rule>> rules_of_labels(const std::map<std::string, std::string>& labels);

/// A rule of one pattern, as the command line has it.
Rule rule_of_pattern(Pattern::Form form, std::string_view text, std::string_view origin);

}  // namespace benchd::rules
