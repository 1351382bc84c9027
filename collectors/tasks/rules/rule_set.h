#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "collectors/tasks/rules/rule.h"
#include "model/log.h"
#include "model/task.h"

namespace benchd::rules {

/// A start or an end that a pair rule found. Times are nanoseconds of Unix time. Texts live through the sink's call.
struct PairEvent {
  uint32_t rule = 0;
  bool start = false;
  std::string_view id;
  std::string_view kind;     ///< of the end, if it captures one, else of the start
  std::string_view outcome;  ///< of the end; empty: the rule's own
  std::optional<int64_t> at;
  std::optional<int64_t> duration;  ///< where an end tells it: what counts then, whatever the start's time
  std::optional<int64_t> process;
  std::optional<int64_t> thread;
};

/// Gets what rules find.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;

  virtual void task(const model::TaskReport& report) = 0;
  virtual void pair(const PairEvent& event) = 0;
};

/// What a line is to the rules.
enum class LineResult : uint8_t {
  Unmatched,
  Matched,    ///< a rule found something, which the sink has
  Malformed,  ///< rules matched, but the fields of none make sense: a count of "1.5", a duration of "soon"
};

/// The rules of one container, compiled. Every rule that matches a line counts: of several that describe the same tasks
/// leave one. After the first lines match() allocates nothing, and takes time linear in the line's length.
/// Not for two threads at once.
class RuleSet {
 public:
  /// What a line's time is where its rule does not say a zone: TimeZone's name.
  struct Defaults {
    std::string timezone = "UTC";
  };

  /// The Error names the rule's origin, what was found and what is wrong. Rules whose examples do not match are
  /// refused.
  static base::Result<RuleSet> compile(std::span<const Rule> rules, const Defaults& defaults);
  static base::Result<RuleSet> compile(std::span<const Rule> rules) { return compile(rules, Defaults()); }
  RuleSet(RuleSet&&) noexcept;
  RuleSet& operator=(RuleSet&&) noexcept;
  RuleSet(const RuleSet&) = delete;
  RuleSet& operator=(const RuleSet&) = delete;
  ~RuleSet();

  LineResult match(const model::LogLine& line, Sink& sink);

  /// What did not make sense in the last line that was malformed: `duration "soon"`.
  const std::string& problem() const;

  /// The present, nanoseconds of Unix time: tells the year of lines that say none and have no engine's stamp. Give it
  /// once per batch; it need not be exact.
  void set_now(int64_t unix_nanoseconds);

  std::span<const Rule> rules() const;

 private:
  struct Compiled;
  explicit RuleSet(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace benchd::rules
