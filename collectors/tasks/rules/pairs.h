#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "collectors/tasks/rules/rule_set.h"
#include "model/log.h"

namespace benchd::rules {

/// What changed in the table since it was asked last: `opened` replaces what is there. Only rule and id of `closed`
/// mean something, and none of them is in `opened`. An id that opened and closed in between is in neither.
struct PairChanges {
  std::vector<model::OpenPair> opened;
  std::vector<model::OpenPair> closed;
};

/// Pairs starts with ends by id, for one log. Lines may come out of order: an end waits for its start too. What
/// waits longer than the rule's `expire`, by the times in the log and not by the wall's, is unpaired: the same log
/// gives the same pairs, whenever it is read and however often reading was interrupted. A start whose id is open
/// already makes the old one unpaired; an end of before its start is unpaired itself.
class Pairs {
 public:
  /// At most `capacity` are open at once; the oldest makes room. `rules` as the RuleSet has them.
  explicit Pairs(std::span<const Rule> rules, size_t capacity = 10'000);

  /// Takes an event in. Gives `sink` the task if it completes one; the report's texts live through the call.
  void take(const PairEvent& event, Sink& sink);

  /// The open ones as they were kept; of rules that are no more they become unpaired.
  void restore(std::span<const model::OpenPair> open);

  PairChanges take_changes();

  /// Of starts and ends, since it was asked last.
  uint64_t take_unpaired();

  /// The log has ended: what is open is unpaired.
  void close();

  size_t open() const { return table_.size(); }

  /// When the task in flight that began first did, as far as its start's line tells.
  std::optional<int64_t> oldest_start() const;

 private:
  struct Key {
    uint32_t rule = 0;
    std::string id;
  };
  struct KeyView {
    uint32_t rule = 0;
    std::string_view id;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(const Key& key) const { return (*this)(KeyView{key.rule, key.id}); }
    size_t operator()(const KeyView& key) const { return std::hash<std::string_view>()(key.id) * 31 + key.rule; }
  };
  struct Equal {
    using is_transparent = void;
    static KeyView view(const Key& key) { return {key.rule, key.id}; }
    static KeyView view(const KeyView& key) { return key; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return view(a).rule == view(b).rule && view(a).id == view(b).id;
    }
  };
  /// When it expires, and a number that makes that unique.
  using Due = std::pair<int64_t, uint64_t>;
  struct Entry {
    bool is_end = false;
    std::optional<int64_t> at;
    std::optional<int64_t> duration;
    std::string kind;
    std::string outcome;
    std::optional<int64_t> process;
    std::optional<int64_t> thread;
    Due due;
    bool known = false;  ///< to whoever takes changes
  };
  using Table = std::unordered_map<Key, Entry, Hash, Equal>;

  using Node = Table::value_type;

  void add(Key key, Entry entry);
  void erase(Node& node);
  void expire();

  std::vector<std::string> names_;
  std::vector<int64_t> expiry_;
  size_t capacity_;
  Table table_;
  std::map<Due, Node*> due_;
  std::vector<Due> fresh_;             ///< added since changes were taken; some are gone again
  std::vector<Key> closed_;            ///< known, and gone since
  std::vector<model::OpenPair> gone_;  ///< restored of a rule that is no more
  int64_t latest_ = 0;                 ///< by the log
  uint64_t serial_ = 0;
  uint64_t unpaired_ = 0;
};

}  // namespace benchd::rules
