#include "collectors/tasks/rules/rule_set.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <variant>

#include "base/text.h"
#include "collectors/tasks/rules/field_names.h"
#include "collectors/tasks/rules/keyed.h"
#include "collectors/tasks/rules/line_clock.h"
#include "collectors/tasks/rules/literal_filter.h"
#include "collectors/tasks/rules/regex.h"
#include "collectors/tasks/rules/regex_group.h"
#include "collectors/tasks/rules/template.h"

namespace benchd::rules {
namespace {

using base::Error;
using base::Result;

constexpr size_t kMaxFields = 16;
using Captures = std::array<std::string_view, kMaxFields>;

struct CompiledPattern {
  std::variant<Template, Regex, Keyed> matcher;
  Pattern::Role role;
  std::string outcome;

  bool match(std::string_view line, Captures& captures) const {
    return std::visit([&](const auto& it) { return it.match(line, captures); }, matcher);
  }
  const std::vector<std::string>& required() const {
    return std::visit([](const auto& it) -> const std::vector<std::string>& { return it.required(); }, matcher);
  }
  const std::vector<FieldSpec>& fields() const {
    return std::visit([](const auto& it) -> const std::vector<FieldSpec>& { return it.fields(); }, matcher);
  }
};

struct CompiledRule {
  LineClock clock;
  bool has_time;  ///< false: `time: none`
  std::vector<CompiledPattern> patterns;
  size_t first_pattern = 0;  ///< its number among those of all rules
  /// The outcome captured last and what it is mapped to: logs repeat themselves.
  std::string captured;
  std::string_view mapped;
};

Result<CompiledPattern> compile_pattern(const Pattern& pattern) {
  const auto wrap = [&](auto compiled) -> Result<CompiledPattern> {
    if (!compiled.ok()) return compiled.error();
    return CompiledPattern{.matcher = *std::move(compiled), .role = pattern.role, .outcome = pattern.outcome};
  };
  switch (pattern.form) {
    case Pattern::Form::Template:
      return wrap(Template::compile(pattern.text));
    case Pattern::Form::Regex:
      return wrap(Regex::compile(pattern.text));
    case Pattern::Form::Json:
    case Pattern::Form::Logfmt:
      return wrap(Keyed::compile(pattern));
  }
  __builtin_unreachable();
}

std::string found(const Pattern& pattern) {
  switch (pattern.form) {
    case Pattern::Form::Template:
      return "match: found \"" + pattern.text + "\": ";
    case Pattern::Form::Regex:
      return "regex: found \"" + pattern.text + "\": ";
    case Pattern::Form::Json:
      return "json: ";
    case Pattern::Form::Logfmt:
      return "logfmt: ";
  }
  __builtin_unreachable();
}

/// What a line says, field by field.
struct Fields {
  std::optional<int64_t> duration;
  std::optional<int64_t> mean;
  uint64_t count = 1;
  std::string_view id;
  std::string_view kind;
  std::string_view outcome;
  std::string_view time;
  std::optional<int64_t> process;
  std::optional<int64_t> thread;
};

/// The field that makes no sense, or nothing.
const FieldSpec* read_fields(const std::vector<FieldSpec>& specs, const Captures& captures, Fields& fields) {
  for (size_t i = 0; i < specs.size(); ++i) {
    const std::string_view text = captures.at(i);
    // "-" is how web servers write that there is none.
    if (text.empty() || text == "-") continue;
    switch (specs[i].field) {
      case Field::Duration:
      case Field::Sum:
        if (fields.duration) break;
        fields.duration = parse_duration(text, specs[i].unit);
        if (!fields.duration) return &specs[i];
        break;
      case Field::Mean:
        fields.mean = parse_duration(text, specs[i].unit);
        if (!fields.mean) return &specs[i];
        break;
      case Field::Count: {
        const auto count = parse_count(text);
        if (!count) return &specs[i];
        fields.count = static_cast<uint64_t>(*count);
        break;
      }
      case Field::Pid:
        fields.process = parse_count(text);
        break;
      case Field::Thread:
        fields.thread = base::parse_integer<int64_t>(text);
        break;  // or a name
      case Field::Id:
        fields.id = text;
        break;
      case Field::Kind:
        fields.kind = text;
        break;
      case Field::Outcome:
        fields.outcome = text;
        break;
      case Field::Time:
        fields.time = text;
        break;
      case Field::Any:
        break;
    }
  }
  if (fields.mean) {
    int64_t sum = 0;
    if (__builtin_mul_overflow(*fields.mean, fields.count, &sum)) {
      return &*std::find_if(specs.begin(), specs.end(),
                            [](const FieldSpec& spec) { return spec.field == Field::Count; });
    }
    fields.duration = sum;
  }
  return nullptr;
}

class NoSink : public Sink {
 public:
  void task(const model::TaskReport&) override {}
  void pair(const PairEvent&) override {}
};

}  // namespace

struct RuleSet::Compiled {
  std::vector<Rule> rules;
  std::vector<CompiledRule> compiled;
  std::string problem;
  std::optional<int64_t> now;
  Captures captures;
  std::optional<LiteralFilter> filter;  ///< over all patterns in their order; where there are few, each searches itself
  std::vector<uint8_t> present;         ///< in the line at hand, by pattern; empty without a filter

  /// Regexes that the filter cannot tell apart: their patterns' numbers, and all of them as one.
  struct Alike {
    std::vector<size_t> patterns;
    RegexGroup regexes;
  };
  std::vector<Alike> alike;
  std::vector<int> matching;  ///< scratch of look_through()

  void make_filter();
  void make_groups(const std::vector<std::string>& texts);
  void look_through(std::string_view line);
  LineResult match_rule(uint32_t index, const model::LogLine& line, Sink& sink);
  bool report(uint32_t index, const CompiledPattern& pattern, const model::LogLine& line, Sink& sink);
  std::string_view outcome_of(uint32_t index, const CompiledPattern& pattern, std::string_view captured);
};

void RuleSet::Compiled::make_filter() {
  constexpr size_t kFew = 4;  // about what a walk costs in searches
  std::map<std::string, size_t> patterns_with;
  for (const CompiledRule& rule : compiled)
    for (const CompiledPattern& pattern : rule.patterns)
      for (const std::string& text : pattern.required()) ++patterns_with[text];
  // What few others have tells most, then what is long.
  const auto tells_less = [&](const std::string& a, const std::string& b) {
    return std::tuple(a.size() >= LiteralFilter::kLeast, patterns_with.at(b), a.size()) <
           std::tuple(b.size() >= LiteralFilter::kLeast, patterns_with.at(a), b.size());
  };
  std::vector<std::string> texts;
  for (CompiledRule& rule : compiled) {
    rule.first_pattern = texts.size();
    for (const CompiledPattern& pattern : rule.patterns) {
      const auto best = std::max_element(pattern.required().begin(), pattern.required().end(), tells_less);
      texts.push_back(best == pattern.required().end() ? std::string() : *best);
    }
  }
  if (texts.size() <= kFew) return;
  filter.emplace(texts);
  make_groups(texts);
}

/// `texts`: by which the filter looks for each pattern.
void RuleSet::Compiled::make_groups(const std::vector<std::string>& texts) {
  constexpr size_t kFew = 4;  // below that one by one is as fast
  struct Members {
    std::vector<size_t> patterns;
    std::vector<const Regex*> regexes;
  };
  std::map<std::pair<std::string, bool>, Members> members;
  for (const CompiledRule& rule : compiled) {
    size_t number = rule.first_pattern;
    for (const CompiledPattern& pattern : rule.patterns) {
      const size_t its = number++;
      const Regex* const regex = std::get_if<Regex>(&pattern.matcher);
      if (regex == nullptr || !regex->needs_automaton()) continue;
      Members& same = members[{texts[its], regex->is_of_bytes()}];
      same.patterns.push_back(its);
      same.regexes.push_back(regex);
    }
  }
  for (auto& [text, same] : members) {
    if (same.patterns.size() <= kFew) continue;
    if (auto group = RegexGroup::compile(same.regexes))
      alike.push_back({.patterns = std::move(same.patterns), .regexes = *std::move(group)});
  }
}

void RuleSet::Compiled::look_through(std::string_view line) {
  if (!filter) return;
  filter->find(line, present);
  for (const Alike& group : alike) {
    if (present[group.patterns.front()] == 0 || !group.regexes.find(line, matching)) continue;
    for (const size_t pattern : group.patterns) present[pattern] = 0;
    for (const int number : matching) present[group.patterns[static_cast<size_t>(number)]] = 1;
  }
}

LineResult RuleSet::Compiled::match_rule(uint32_t index, const model::LogLine& line, Sink& sink) {
  size_t number = compiled[index].first_pattern;
  for (const CompiledPattern& pattern : compiled[index].patterns) {
    if (!present.empty() && present[number++] == 0) continue;
    if (!pattern.match(line.text, captures)) continue;
    return report(index, pattern, line, sink) ? LineResult::Matched : LineResult::Malformed;
  }
  return LineResult::Unmatched;
}

std::string_view RuleSet::Compiled::outcome_of(uint32_t index, const CompiledPattern& pattern,
                                               std::string_view captured) {
  const Rule& rule = rules[index];
  if (captured.empty()) return pattern.outcome;
  if (rule.outcomes.empty()) return captured;
  CompiledRule& state = compiled[index];
  if (state.captured != captured) {
    state.captured = captured;
    state.mapped = state.captured;
    for (const auto& [glob, outcome] : rule.outcomes) {
      if (!base::glob_match(glob, state.captured)) continue;
      state.mapped = outcome;
      break;
    }
  }
  return state.mapped;
}

bool RuleSet::Compiled::report(uint32_t index, const CompiledPattern& pattern, const model::LogLine& line, Sink& sink) {
  Fields fields;
  const std::vector<FieldSpec>& specs = pattern.fields();
  if (const FieldSpec* wrong = read_fields(specs, captures, fields)) {
    const std::string_view text = captures.at(static_cast<size_t>(wrong - specs.data()));
    problem.assign(name_of(wrong->field)).append(" \"").append(text.substr(0, 80)).append("\"");
    return false;
  }
  const CompiledRule& rule = compiled[index];
  const auto near = line.stamp ? line.stamp : now;
  std::optional<int64_t> time;
  if (!fields.time.empty()) time = rule.clock.of_text(fields.time, near);
  if (!time && rule.has_time) time = rule.clock.of_line(line.text, near);
  if (!time) time = line.stamp;
  const std::string_view outcome = outcome_of(index, pattern, fields.outcome);

  if (pattern.role != Pattern::Role::Task) {
    if (fields.id.empty()) {
      problem = "id \"\"";
      return false;
    }
    sink.pair({.rule = index,
               .start = pattern.role == Pattern::Role::Start,
               .id = fields.id,
               .kind = fields.kind,
               .outcome = outcome,
               .at = time,
               .duration = fields.duration,
               .process = fields.process,
               .thread = fields.thread});
    return true;
  }
  if (fields.count == 0) return true;
  model::TaskReport report{.rule = index,
                           .kind = fields.kind,
                           .outcome = outcome,
                           .count = fields.count,
                           .duration = fields.duration,
                           .ended = time,
                           .process = fields.process,
                           .thread = fields.thread};
  if (fields.count == 1 && fields.duration && time) {
    if (rules[index].time_is_start) {
      report.started = time;
      report.ended = *time + *fields.duration;
    } else {
      report.started = *time - *fields.duration;
    }
  }
  sink.task(report);
  return true;
}

RuleSet::RuleSet(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
RuleSet::RuleSet(RuleSet&&) noexcept = default;
RuleSet& RuleSet::operator=(RuleSet&&) noexcept = default;
RuleSet::~RuleSet() = default;

Result<RuleSet> RuleSet::compile(std::span<const Rule> rules, const Defaults& defaults) {
  auto compiled = std::make_unique<Compiled>();
  compiled->rules.assign(rules.begin(), rules.end());
  for (const Rule& rule : compiled->rules) {
    const auto error = [&](const std::string& what) { return Error{.attempt = rule.origin + ": " + what}; };
    std::optional<TimeFormat> format;
    const bool has_time = rule.time != "none";
    if (has_time && !rule.time.empty()) {
      auto parsed = TimeFormat::compile(rule.time);
      if (!parsed.ok()) return error("time: found \"" + rule.time + "\": " + parsed.error().message());
      format = *std::move(parsed);
    }
    const auto zone = TimeZone::named(rule.timezone.empty() ? defaults.timezone : rule.timezone);
    if (!zone.ok()) return error("timezone: " + zone.error().message());
    CompiledRule& target =
        compiled->compiled.emplace_back(CompiledRule{.clock = {format, *zone}, .has_time = has_time, .patterns = {}});
    for (const Pattern& pattern : rule.patterns) {
      auto good = compile_pattern(pattern);
      if (!good.ok()) return Error{.attempt = pattern.origin + ": " + found(pattern) + good.error().message()};
      const std::string wrong = conflict(good->fields(), pattern.role);
      if (!wrong.empty()) return Error{.attempt = pattern.origin + ": " + found(pattern) + wrong};
      target.patterns.push_back(*std::move(good));
    }
  }
  compiled->make_filter();
  NoSink sink;
  for (uint32_t i = 0; i < compiled->rules.size(); ++i) {
    for (const std::string& example : compiled->rules[i].examples) {
      compiled->look_through(example);
      const LineResult result = compiled->match_rule(i, {.text = example}, sink);
      if (result == LineResult::Matched) continue;
      return Error{.attempt = compiled->rules[i].origin + ": example: \"" + example + "\" " +
                              (result == LineResult::Unmatched ? "is not matched by its rule"
                                                               : "is malformed: " + compiled->problem)};
    }
  }
  return RuleSet(std::move(compiled));
}

LineResult RuleSet::match(const model::LogLine& line, Sink& sink) {
  compiled_->look_through(line.text);
  LineResult result = LineResult::Unmatched;
  for (uint32_t i = 0; i < compiled_->compiled.size(); ++i) {
    const LineResult one = compiled_->match_rule(i, line, sink);
    if (one == LineResult::Matched || result == LineResult::Unmatched) result = one;
  }
  return result;
}

const std::string& RuleSet::problem() const {
  return compiled_->problem;
}

void RuleSet::set_now(int64_t unix_nanoseconds) {
  compiled_->now = unix_nanoseconds;
}

std::span<const Rule> RuleSet::rules() const {
  return compiled_->rules;
}

}  // namespace benchd::rules
