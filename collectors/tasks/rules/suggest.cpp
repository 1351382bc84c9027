#include "collectors/tasks/rules/suggest.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "collectors/tasks/rules/presets.h"
#include "collectors/tasks/rules/quantity.h"
#include "collectors/tasks/rules/rule_set.h"
#include "collectors/tasks/rules/suggest_draft.h"
#include "collectors/tasks/rules/tally.h"
#include "collectors/tasks/rules/task_words.h"

namespace benchd::rules {
namespace {

constexpr size_t kMaxLine = 2048;
constexpr size_t kExamples = 3;
constexpr size_t kLeastLines = 2;
constexpr size_t kMostTried = 64;

/// They find any line that tells a duration, where a rule for the one line would know its id as well.
constexpr std::array<std::string_view, 2> kCatchAll = {"slog", "python"};

/// What a rule makes of a line.
class Finds : public Sink {
 public:
  void task(const model::TaskReport& report) override { timed = timed || report.duration.has_value(); }
  void pair(const PairEvent& /*event*/) override {}
  bool timed = false;
};

enum class Known : uint8_t { No, Untimed, Timed };

/// Of each line of the sample; empty where the rule is none.
std::vector<Known> tried(const Rule& rule, const std::vector<std::string>& sample) {
  auto set = RuleSet::compile(std::span(&rule, 1));
  if (!set.ok()) return {};
  std::vector<Known> known;
  known.reserve(sample.size());
  for (const std::string& line : sample) {
    Finds finds;
    const bool matched = set->match({.text = line}, finds) == LineResult::Matched;
    known.push_back(!matched ? Known::No : finds.timed ? Known::Timed : Known::Untimed);
  }
  return known;
}

/// Counts what it matches.
void fill(Suggestion& suggestion, const std::vector<Known>& known, const std::vector<std::string>& sample) {
  for (size_t i = 0; i < known.size(); ++i) {
    if (known[i] == Known::No) continue;
    suggestion.timed = suggestion.timed || known[i] == Known::Timed;
    if (suggestion.lines++ < kExamples) suggestion.examples.push_back(label_text(sample[i]));
  }
}

/// Presets, the one that knows most first, each only for lines that those before it do not know; `best` is what is then
/// known of each line.
std::vector<Suggestion> from_presets(const std::vector<std::string>& sample, std::vector<Known>& best) {
  struct Candidate {
    const Rule* rule;
    std::vector<Known> known;
    std::pair<std::ptrdiff_t, std::ptrdiff_t> worth;  ///< lines with durations, lines without
  };
  std::vector<Candidate> candidates;
  for (const Preset& preset : presets()) {
    if (std::find(kCatchAll.begin(), kCatchAll.end(), preset.rule.name) != kCatchAll.end()) continue;
    auto known = tried(preset.rule, sample);
    const auto timed = std::count(known.begin(), known.end(), Known::Timed);
    const auto untimed = std::count(known.begin(), known.end(), Known::Untimed);
    candidates.push_back({.rule = &preset.rule, .known = std::move(known), .worth = {timed, untimed}});
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return b.worth < a.worth; });
  std::vector<Suggestion> result;
  for (const Candidate& candidate : candidates) {
    size_t news = 0;
    for (size_t i = 0; i < candidate.known.size(); ++i)
      if (candidate.known[i] > best[i]) ++news;
    if (news < kLeastLines) continue;
    for (size_t i = 0; i < candidate.known.size(); ++i) best[i] = std::max(best[i], candidate.known[i]);
    Suggestion& suggestion = result.emplace_back();
    suggestion.rule = *candidate.rule;
    suggestion.yaml = "- use: " + candidate.rule->name;
    fill(suggestion, candidate.known, sample);
  }
  return result;
}

/// Lines that come to the same rule.
struct Group {
  Draft draft;
  uint64_t lines = 0;
  std::vector<double> bare;
};

std::vector<Group> groups_of(const std::vector<std::string>& sample, const std::vector<Known>& known) {
  std::map<std::string, Group> by_yaml;
  for (size_t i = 0; i < sample.size(); ++i) {
    if (known[i] == Known::Timed) continue;
    auto draft = keyed_draft(sample[i]);
    if (!draft && !holds_json(sample[i])) draft = template_draft(sample[i]);
    if (!draft || (known[i] == Known::Untimed && !draft->timed)) continue;
    Group& group = by_yaml.try_emplace(yaml_of(draft->rule), Group{.draft = *draft}).first->second;
    ++group.lines;
    if (draft->bare) group.bare.push_back(*draft->bare);
  }
  std::vector<Group> groups;
  for (auto& [yaml, group] : by_yaml)
    if (group.lines >= kLeastLines) groups.push_back(std::move(group));
  std::stable_sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) { return b.lines < a.lines; });
  if (groups.size() > kMostTried) groups.resize(kMostTried);
  return groups;
}

}  // namespace

void Suggester::take(std::string_view line) {
  if (sample_.size() < kMostLines && !line.empty()) sample_.emplace_back(line.substr(0, kMaxLine));
}

std::vector<Suggestion> Suggester::suggestions(size_t most) const {
  std::vector<Known> known(sample_.size(), Known::No);
  std::vector<Suggestion> result = from_presets(sample_, known);
  for (Group& group : groups_of(sample_, known)) {
    Suggestion suggestion;
    if (!group.bare.empty()) {
      const Unit unit = guessed_unit(std::move(group.bare));
      set_unit(group.draft, unit);
      suggestion.note = "no unit is in the log: " + std::string(name_of(unit)) + " is a guess";
    }
    suggestion.yaml = yaml_of(group.draft.rule);
    suggestion.rule = std::move(group.draft.rule);
    fill(suggestion, tried(suggestion.rule, sample_), sample_);
    if (suggestion.lines >= kLeastLines) result.push_back(std::move(suggestion));
  }
  std::stable_sort(result.begin(), result.end(), [](const Suggestion& a, const Suggestion& b) {
    return std::pair(b.timed, b.lines) < std::pair(a.timed, a.lines);
  });
  if (result.size() > most) result.resize(most);
  return result;
}

}  // namespace benchd::rules
