/// Rules that users and containers' labels bring, and lines for them.
#include <array>
#include <optional>

#include <re2/re2.h>

#include "collectors/tasks/rules/keyed.h"
#include "collectors/tasks/rules/line_clock.h"
#include "collectors/tasks/rules/literal.h"
#include "collectors/tasks/rules/plain_regex.h"
#include "collectors/tasks/rules/presets.h"
#include "collectors/tasks/rules/quantity.h"
#include "collectors/tasks/rules/rule_file.h"
#include "collectors/tasks/rules/rule_set.h"
#include "collectors/tasks/rules/suggest.h"
#include "collectors/tasks/rules/tally.h"
#include "collectors/tasks/rules/template.h"
#include "fuzz.h"

namespace {

using namespace benchd;
using fuzz::require;

const std::vector<std::string> kLines = {
    "2025-01-01 12:00:00,123 INFO app.tasks: task 4711 done in 123.4 ms",
    R"({"time":"2025-01-01T00:00:00Z","msg":"task done","task":{"id":"a\"\u00e9","ms":1.5},"n":[1,{"a":null}]})",
    R"(time=2025-01-01T00:00:00Z level=INFO msg="task \"done\"" took=1.5s)",
    R"(1.2.3.4 - - [24/Oct/2024:10:15:00 +0000] "GET / HTTP/1.1" 200 615 "-" "curl" rt=0.012)",
    "[2019-04-04 15:45:46,059: INFO/P] Task tasks.add[caf1badd] succeeded in 0.00033685099992908363s: 8",
    "[GIN] 2024/03/01 - 10:00:00 | 200 |   105.780\u00B5s | 127.0.0.1 | GET      \"/ping/0\"",
    R"(10.0.0.1 - - [01/Mar/2024:10:00:00 +0000] "GET /0 HTTP/1.1" 503 12 "-" "-" 0 "a@d" "http://b" 43ms)",
    "sent {{12}} rows, status=OK elapsed_ms: 12 (p99 3 ms) at 2024-03-01 10:00:00",
    "processed 1,500 tasks, mean 1h2m3.5s"};

/// What was captured lies in the line; a field's text is never longer than it.
void require_inside(std::string_view line, std::span<const std::string_view> captures) {
  for (const std::string_view capture : captures) {
    if (capture.data() == nullptr) continue;
    require(capture.data() >= line.data() && capture.data() + capture.size() <= line.data() + line.size(),
            "a capture is not of the line");
  }
}

void check_quantities(std::string_view input) {
  for (const rules::Taken& taken : {rules::take_number(input, 1'000'000), rules::take_duration(input)}) {
    require(taken.length <= input.size() && taken.value >= 0, "more was taken than is there, or it is negative");
  }
  for (const rules::Unit unit : {rules::Unit::Auto, rules::Unit::Nanosecond, rules::Unit::Hour}) {
    const auto duration = rules::parse_duration(input, unit);
    require(!duration || *duration >= 0, "a duration is negative");
  }
  const auto count = rules::parse_count(input);
  require(!count || *count >= 0, "a count is negative");
}

void check_times(std::string_view input) {
  static const rules::LineClock found(std::nullopt, *rules::TimeZone::named("Europe/Paris"));
  static const rules::LineClock given(*rules::TimeFormat::compile("%a %d %b %Y %I:%M:%S %p %z"), rules::TimeZone());
  require(rules::find_time(input).length <= input.size(), "more was taken than is there");
  for (const rules::LineClock* clock : {&found, &given}) {
    clock->of_line(input, 1'735'689'600'000'000'000);
    clock->of_text(input, std::nullopt);
  }
  // A format is the user's.
  if (const auto format = rules::TimeFormat::compile(input.substr(0, 64)); format.ok()) {
    require(format->take(kLines[0]).length <= kLines[0].size(), "more was taken than is there");
  }
}

/// The input's first line is a template, the rest a line for it.
void check_template(std::string_view input) {
  const size_t end = std::min(input.find('\n'), input.size());
  const auto it = rules::Template::compile(input.substr(0, end));
  if (!it.ok()) return;
  std::array<std::string_view, 16> captures;
  const std::string_view line = input.substr(std::min(end + 1, input.size()));
  for (const std::string_view text : {line, std::string_view(kLines[0])}) {
    if (!it->match(text, captures)) continue;
    require_inside(text, std::span(captures).first(it->fields().size()));
    for (const std::string& literal : it->required())
      require(text.find(literal) != std::string_view::npos, "a line matches without what it must contain");
  }
}

/// The same with a regex, and with RE2's opinion of it.
void check_regex(std::string_view input) {
  const size_t end = std::min(input.find('\n'), input.size());
  const std::string text(input.substr(0, std::min<size_t>(end, 256)));
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  const RE2 regex(text, options);
  if (!regex.ok() || regex.NumberOfCapturingGroups() > 7) return;
  const auto plain = rules::PlainRegex::compile(text);
  const std::vector<std::string> required = rules::required_literals(text);
  const auto count = static_cast<size_t>(regex.NumberOfCapturingGroups()) + 1;
  for (const std::string& line : {std::string(input.substr(std::min(end + 1, input.size()))), kLines[0], kLines[5]}) {
    std::array<re2::StringPiece, 8> expected;
    const bool matches = regex.Match(line, 0, line.size(), RE2::UNANCHORED, expected.data(), static_cast<int>(count));
    for (const std::string& literal : required)
      require(!matches || line.find(literal) != std::string::npos, "a line matches without what it must contain");
    if (!plain) continue;
    std::array<std::string_view, 8> groups;
    const auto answer = plain->match(line, std::span(groups).first(count));
    if (answer == rules::PlainRegex::Answer::TooLong) continue;
    require((answer == rules::PlainRegex::Answer::Yes) == matches, "RE2 is of another opinion");
    for (size_t i = 0; matches && i < count; ++i)
      require(groups.at(i) == std::string_view(expected.at(i).data(), expected.at(i).size()),
              "RE2 finds another group");
  }
}

void check_keyed(std::string_view input) {
  using rules::Pattern;
  static const auto keyed = [](Pattern::Form form) {
    return *rules::Keyed::compile({.form = form,
                                   .fields = {{rules::Field::Duration, rules::Unit::Auto, "task.ms"},
                                              {rules::Field::Id, rules::Unit::Auto, "task.id"}},
                                   .conditions = {{.path = "msg", .globs = {"task *"}}}});
  };
  static const rules::Keyed json = keyed(Pattern::Form::Json);
  static const rules::Keyed logfmt = keyed(Pattern::Form::Logfmt);
  std::array<std::string_view, 2> captures;
  json.match(input, captures);
  logfmt.match(input, captures);
}

class Labels : public rules::Sink {
 public:
  void task(const model::TaskReport& report) override {
    for (const std::string_view text : {report.kind, report.outcome}) {
      const std::string label = rules::label_text(text);
      require(label.size() <= 128 && rules::label_text(label) == label, "a label is not fit to be shown");
    }
    require(report.count > 0 && report.duration.value_or(0) >= 0, "a task makes no sense");
  }
  void pair(const rules::PairEvent& event) override { require(!event.id.empty(), "a pair has no id"); }
};

/// A line, for all presets.
void check_line(std::string_view input) {
  static rules::RuleSet set = [] {
    std::vector<rules::Rule> all;
    for (const rules::Preset& preset : rules::presets()) all.push_back(preset.rule);
    return *rules::RuleSet::compile(all);
  }();
  Labels labels;
  set.match({.text = input, .stamp = {}}, labels);
}

/// A file of rules, for some lines.
void check_rules(std::string_view input) {
  const auto parsed = rules::parse_rules(std::string(input), "rules.yml");
  if (!parsed.ok()) {
    require(parsed.error().message().starts_with("rules.yml"), "an error does not say of what file");
    return;
  }
  auto set = rules::RuleSet::compile(*parsed);
  if (!set.ok()) return;
  Labels labels;
  for (const std::string& line : kLines) set->match({.text = line, .stamp = {}}, labels);
}

void check_suggest(std::string_view input) {
  rules::Suggester suggester;
  suggester.take(input);
  suggester.take(input);
  suggester.take(kLines[0]);
  for (const rules::Suggestion& it : suggester.suggestions()) require(it.lines > 0, "a suggestion matches nothing");
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> templates = {"task {id} done in {duration:ms}\ntask 7 done in 5 ms",
                                              "{duration:auto} for '{kind}'{}x{count}{{",
                                              "{id}: {outcome} {mean} ms {count}"};
  const std::vector<std::string> regexes = {R"(task (?P<id>\d+) done in (?P<ms>[\d.]+) ms)", "K{Kab|cd}ef\nx",
                                            "^\\S+ [^a-c]*?(x|y)+$\nabc", "(a+)+$", "a{2,3}b?[]x-]\\.(?:c)"};
  std::vector<std::string> files = {
      "tasks:\n  - {name: a, match: 'task {id} done in {duration:ms}', example: task 1 done in 2}\n",
      "- name: b\n  json: {duration: [a.b:ms, c:s], where: {msg: [x, 'y*']}}\n  outcome: {'5*': error}\n  expire: "
      "10m\n",
      "- name: c\n  start: {match: 'b {id}'}\n  end: {regex: 'e (?P<id>.)'}\n- use: nginx\n  timezone: Europe/Paris\n"};
  return fuzz::run(
      argc, argv,
      {{"quantities", {"1h2m3.5s", "1,234.56 ms", "P1DT2H", "1 day, 0:00:01.5", "1.2e-05"}, check_quantities},
       {"times", kLines, check_times},
       {"template", templates, check_template},
       {"regex", regexes, check_regex},
       {"keyed", kLines, check_keyed},
       {"line", kLines, check_line},
       {"rules", files, check_rules},
       {"suggest", kLines, check_suggest}});
}
