#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace benchd::runtimes {

/// Containers that somebody must be asked about, each once, in the order in which they are due. Every operation costs
/// the logarithm of their number at most: a host may start 10,000 at once.
class QuestionQueue {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  struct Question {
    std::string runtime_id;
    unsigned attempt = 0;  ///< how often it was asked in vain
  };

  /// Takes the place of a question about the same container.
  void put(Question question, TimePoint due) {
    if (const auto old = places_.find(question.runtime_id); old != places_.end()) by_due_.erase(old->second);
    const auto place = by_due_.emplace(due, std::move(question));
    places_.insert_or_assign(place->second.runtime_id, place);
  }

  /// When the next one is due; nothing if there is none.
  std::optional<TimePoint> next_due() const {
    return by_due_.empty() ? std::nullopt : std::optional(by_due_.begin()->first);
  }
  /// Takes out the one that has been due longest; nothing if none is due yet.
  std::optional<Question> take(TimePoint now) {
    if (by_due_.empty() || by_due_.begin()->first > now) return std::nullopt;
    Question question = std::move(by_due_.begin()->second);
    by_due_.erase(by_due_.begin());
    places_.erase(question.runtime_id);
    return question;
  }

 private:
  using ByDue = std::multimap<TimePoint, Question>;
  ByDue by_due_;
  std::unordered_map<std::string, ByDue::iterator> places_;
};

}  // namespace benchd::runtimes
