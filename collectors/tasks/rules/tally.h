#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "collectors/tasks/rules/rule.h"
#include "model/task.h"

namespace benchd::rules {

/// `text` as a label's value: UTF-8, no control characters (a log can hold a terminal's escapes), no blanks around it,
/// at most 128 bytes.
std::string label_text(std::string_view text);

/// What one container's tasks add up to until somebody takes it. A rule's kinds × outcomes are capped
/// (Rule::max_labels): what comes later counts under "other", for whichever of both the rule captures.
class Tally {
 public:
  /// `bounds`: upper bounds of the buckets in nanoseconds, ascending, as in Prometheus inclusive; both spans are
  /// copied.
  Tally(std::span<const Rule> rules, std::span<const int64_t> bounds);

  /// Keys that have been counted already, before a restart: they keep their place under the cap.
  void restore(std::span<const model::TaskKey> keys);

  /// Returns under what it counts; lives as long as this.
  const model::TaskKey& add(const model::TaskReport& report);

  /// Calls `visit(const model::TaskKey&, const model::TaskTotals&)` for every key with tasks since the last time, and
  /// starts anew. Keys stay known, so this allocates nothing. A key that two rules share comes twice: add up. The
  /// totals' cost is not filled in.
  template <class Visit>
  void take(Visit&& visit) {
    for (Cell* cell : touched_) {
      visit(*cell->key, std::as_const(cell->totals));
      clear(*cell);
    }
    touched_.clear();
  }

  /// Tasks that went to "other", since it was asked last.
  uint64_t take_overflowed();

 private:
  struct Cell {
    const model::TaskKey* key = nullptr;  ///< its own in the map
    model::TaskTotals totals;
  };
  /// What a report says, before it is made fit for a label.
  struct Raw {
    uint32_t rule = 0;
    std::string kind;
    std::string outcome;
  };
  struct RawView {
    uint32_t rule = 0;
    std::string_view kind;
    std::string_view outcome;
    friend bool operator==(const RawView&, const RawView&) = default;
  };
  static RawView view(const Raw& raw) { return {raw.rule, raw.kind, raw.outcome}; }
  static RawView view(const RawView& raw) { return raw; }
  struct Hash {
    using is_transparent = void;
    template <class T>
    size_t operator()(const T& raw) const {
      const RawView key = view(raw);
      const std::hash<std::string_view> hash;
      return (hash(key.kind) * 31 + hash(key.outcome)) * 31 + key.rule;
    }
  };
  struct Equal {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return view(a) == view(b);
    }
  };
  struct RuleState {
    std::string name;
    std::string outcome;
    uint32_t room = 0;    ///< kinds × outcomes that it may still bring
    uint32_t others = 0;  ///< outcomes under the kind "other"
  };

  Cell& cell_of(const RawView& raw, uint64_t tasks);
  Cell& admit(const RawView& raw, uint64_t tasks);
  Cell* known(const model::TaskKey& key);
  Cell& make(model::TaskKey key);
  static void clear(Cell& cell);

  std::vector<int64_t> bounds_;
  std::vector<RuleState> rules_;
  std::map<model::TaskKey, Cell> cells_;
  std::unordered_map<Raw, Cell*, Hash, Equal> by_raw_;  ///< those that did not overflow; bounded
  RawView last_;  ///< whose cell was found last, in by_raw_: logs repeat themselves
  Cell* last_cell_ = nullptr;
  std::vector<Cell*> touched_;  ///< with tasks in them
  uint64_t overflowed_ = 0;
};

}  // namespace benchd::rules
