#include "collectors/tasks/rules/plain_regex.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/text.h"

namespace benchd::rules {

namespace {

using Set = std::bitset<256>;
constexpr uint32_t kUnbounded = std::numeric_limits<uint32_t>::max();
constexpr size_t kNone = std::string_view::npos;

size_t index(char c) {
  return static_cast<unsigned char>(c);
}

Set range(char from, char to) {
  Set set;
  for (size_t c = index(from); c <= index(to); ++c) set.set(c);
  return set;
}

/// \d, \w, \s and their opposites as RE2 has them.
std::optional<Set> named_class(char c) {
  Set set;
  switch (c) {
    case 'd':
    case 'D':
      set = range('0', '9');
      break;
    case 'w':
    case 'W':
      set = range('0', '9') | range('a', 'z') | range('A', 'Z') | range('_', '_');
      break;
    case 's':
    case 'S':
      for (const char blank : {' ', '\t', '\n', '\r', '\f'}) set.set(index(blank));
      break;
    default:
      return std::nullopt;
  }
  return c >= 'A' && c <= 'Z' ? ~set : set;
}

bool punctuation(char c) {
  return static_cast<unsigned char>(c) < 0x80 &&
         !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '\0' || c == '_');
}

}  // namespace

/// Reads a regex into steps; gives up (fails) on whatever it does not know.
class PlainRegexParser {
 public:
  explicit PlainRegexParser(std::string_view regex) : rest_(regex) {}

  std::optional<PlainRegex> parse() {
    if (rest_.starts_with('^')) {
      result_.from_start_ = true;
      rest_.remove_prefix(1);
    }
    while (!rest_.empty() && good_) step();
    if (!good_ || !open_.empty() || result_.steps_.empty() || !walkable()) return std::nullopt;
    for (PlainRegex::Step& step : result_.steps_) step.literal.prepare();
    return std::move(result_);
  }

 private:
  void step() {
    const char c = take();
    switch (c) {
      case '(':
        begin_group();
        break;
      case ')':
        end_group();
        break;
      case '$':
        result_.to_end_ = true;
        good_ = good_ && rest_.empty();
        break;
      case '[':
        add(bracket());
        break;
      case '.':
        add(~range('\n', '\n'));
        break;
      case '\\': {
        const char escaped = take();
        const auto set = named_class(escaped);
        if (set) {
          add(*set);
        } else if (punctuation(escaped)) {
          add(range(escaped, escaped));
        } else {
          good_ = false;
        }
        break;
      }
      case '|':
      case '*':
      case '+':
      case '?':
      case '{':
      case '^':
        good_ = false;
        break;
      default:
        add(range(c, c));
    }
  }

  char take() {
    if (rest_.empty()) {
      good_ = false;
      return '\0';
    }
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  void begin_group() {
    if (rest_.starts_with("?:")) {
      rest_.remove_prefix(2);
      open_.push_back(0);
      return;
    }
    if (rest_.starts_with("?P<")) {
      rest_.remove_prefix(std::min(rest_.find('>'), rest_.size() - 1) + 1);
    } else if (rest_.starts_with('?')) {
      good_ = false;
    }
    open_.push_back(++groups_);
    opening_.push_back(groups_);
    good_ = good_ && groups_ < 100;
  }

  void end_group() {
    // An empty group, and one that is repeated, are not for here.
    good_ = good_ && !open_.empty() && !result_.steps_.empty() && opening_.empty() && !repeated();
    if (!good_) return;
    if (open_.back() > 0) result_.steps_.back().closes.push_back(open_.back());
    open_.pop_back();
    fresh_ = true;
  }

  bool repeated() const { return !rest_.empty() && std::string_view("*+?{").find(rest_.front()) != kNone; }

  /// A class and the repeat behind it.
  void add(const Set& set) {
    uint32_t least = 1;
    uint32_t most = 1;
    if (repeated()) take_repeat(least, most);
    good_ = good_ && most > 0;
    std::vector<PlainRegex::Step>& steps = result_.steps_;
    const bool literal = set.count() == 1 && least == 1 && most == 1;
    if (literal && !steps.empty() && !steps.back().literal.empty() && opening_.empty() && !fresh_) {
      steps.back().literal.push_back(only(set));
      return;
    }
    PlainRegex::Step step{.literal = {}, .set = set, .least = least, .most = most, .opens = opening_, .closes = {}};
    if (literal) step.literal.push_back(only(set));
    steps.push_back(std::move(step));
    opening_.clear();
    fresh_ = false;
  }

  static char only(const Set& set) { return static_cast<char>(set._Find_first()); }

  void take_repeat(uint32_t& least, uint32_t& most) {
    switch (take()) {
      case '*':
        least = 0;
        most = kUnbounded;
        break;
      case '+':
        most = kUnbounded;
        break;
      case '?':
        least = 0;
        break;
      default: {
        const size_t close = rest_.find('}');
        std::string_view body = rest_.substr(0, close);
        const bool range = body.find(',') != kNone;
        const auto from = base::parse_integer<uint32_t>(base::cut(body, ','));
        const auto to = base::parse_integer<uint32_t>(body);
        good_ = good_ && close != kNone && from && (to || body.empty());
        if (!good_) return;
        rest_.remove_prefix(close + 1);
        least = *from;
        most = to ? *to : (range ? kUnbounded : *from);
      }
    }
    // Lazy is the same where only one length fits; where nothing need follow it is not.
    if (rest_.starts_with('?')) {
      rest_.remove_prefix(1);
      lazy_.push_back(result_.steps_.size());
    }
    good_ = good_ && !repeated();
  }

  Set bracket() {
    Set set;
    const bool opposite = rest_.starts_with('^');
    if (opposite) rest_.remove_prefix(1);
    for (bool first = true; good_; first = false) {
      const char c = take();
      if (c == ']' && !first) break;
      if (c == '[' && rest_.starts_with(':')) good_ = false;
      char from = c;
      if (c == '\\') {
        from = take();
        if (const auto named = named_class(from)) {
          set |= *named;
          good_ = good_ && !(rest_.starts_with('-') && !rest_.starts_with("-]"));
          continue;
        }
        good_ = good_ && punctuation(from);
      }
      char to = from;
      if (rest_.starts_with('-') && !rest_.starts_with("-]")) {
        take();
        to = take();
        if (to == '\\') {
          to = take();
          good_ = good_ && punctuation(to);
        }
      }
      good_ = good_ && index(from) <= index(to);
      if (good_) set |= range(from, to);
    }
    return opposite ? ~set : set;
  }

  static Set first_bytes(const PlainRegex::Step& step) {
    return step.literal.empty() ? step.set : range(step.literal.text().front(), step.literal.text().front());
  }

  /// Whether each place can match in one way only, and the first step is one that can be looked for.
  bool walkable() const {
    const std::vector<PlainRegex::Step>& steps = result_.steps_;
    for (size_t i = 0; i < steps.size(); ++i) {
      const bool varies = steps[i].literal.empty() && steps[i].least != steps[i].most;
      if (!varies) continue;
      bool bounded = result_.to_end_;  // something must follow
      // What follows, up to what must be there.
      for (size_t next = i + 1; next < steps.size(); ++next) {
        if ((first_bytes(steps[next]) & steps[i].set).any()) return false;
        const bool needed = !steps[next].literal.empty() || steps[next].least > 0;
        bounded = bounded || needed;
        if (needed) break;
      }
      if (!bounded && std::find(lazy_.begin(), lazy_.end(), i) != lazy_.end()) return false;
    }
    // In a run of its bytes an unbounded repeat fits from the first one on, or nowhere.
    const PlainRegex::Step& first = steps.front();
    return result_.from_start_ || !first.literal.empty() || (first.least > 0 && first.most == kUnbounded);
  }

  std::string_view rest_;
  PlainRegex result_;
  std::vector<uint8_t> open_;     ///< groups around; 0: one that is not counted
  std::vector<uint8_t> opening_;  ///< groups that began where no step is yet
  uint8_t groups_ = 0;
  bool fresh_ = false;        ///< a group ended here: its last literal is not gone on with
  std::vector<size_t> lazy_;  ///< steps
  bool good_ = true;
};

std::optional<PlainRegex> PlainRegex::compile(std::string_view regex) {
  return PlainRegexParser(regex).parse();
}

PlainRegex::Answer PlainRegex::match(std::string_view line, std::span<std::string_view> groups) const {
  const auto begin = [&](size_t at) {
    const size_t end = match_at(line, at, groups);
    if (end != kNone && !groups.empty()) groups[0] = line.substr(at, end - at);
    return end != kNone;
  };
  if (from_start_) return begin(0) ? Answer::Yes : Answer::No;
  // Each try may walk over all that is left: so many are linear.
  constexpr int kTries = 32;
  const Step& first = steps_.front();
  size_t at = 0;
  for (int tries = 0;; ++tries) {
    if (first.literal.empty()) {
      while (at < line.size() && !first.set[index(line[at])]) ++at;
      if (at == line.size()) return Answer::No;
    } else {
      at = first.literal.find(line, at);
      if (at == kNone) return Answer::No;
    }
    if (begin(at)) return Answer::Yes;
    if (tries == kTries) return Answer::TooLong;
    ++at;
    if (first.literal.empty())
      while (at < line.size() && first.set[index(line[at])]) ++at;
  }
}

size_t PlainRegex::match_at(std::string_view line, size_t at, std::span<std::string_view> groups) const {
  // Where the open groups began; by index, since one may lie in another.
  std::array<size_t, 100> begins;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
  for (const Step& step : steps_) {
    for (const uint8_t group : step.opens) begins.at(group) = at;
    if (step.literal.empty()) {
      const size_t most = std::min<size_t>(line.size() - at, step.most);
      size_t count = 0;
      while (count < most && step.set[index(line[at + count])]) ++count;
      if (count < step.least) return kNone;
      at += count;
    } else {
      if (!line.substr(at).starts_with(step.literal.text())) return kNone;
      at += step.literal.size();
    }
    for (const uint8_t group : step.closes)
      if (group < groups.size()) groups[group] = line.substr(begins.at(group), at - begins.at(group));
  }
  if (to_end_ && at != line.size()) return kNone;
  return at;
}

}  // namespace benchd::rules
