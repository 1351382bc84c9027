#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <utility>
#include <vector>

#include "base/text.h"
#include "collectors/tasks/rules/digits.h"
#include "collectors/tasks/rules/line_words.h"
#include "collectors/tasks/rules/quantity.h"
#include "collectors/tasks/rules/suggest_draft.h"
#include "collectors/tasks/rules/task_words.h"
#include "collectors/tasks/rules/written_time.h"

namespace benchd::rules {
namespace {

bool letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || (c & '\x80') != 0;
}

size_t letters_at_front(std::string_view text) {
  return static_cast<size_t>(std::find_if_not(text.begin(), text.end(), letter) - text.begin());
}

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '{' || c == '}') out += c;
    out += c;
  }
}

/// Without what varies before the first word or field, and behind the last.
std::string trimmed(std::string_view text) {
  size_t begin = 0;
  const auto field = [&] { return text[begin] == '{' && begin + 1 < text.size() && letter(text[begin + 1]); };
  while (begin < text.size() && !letter(text[begin]) && !field()) begin += text.substr(begin).starts_with("{{") ? 2 : 1;
  // Quotes and brackets around a field say that it may have blanks.
  if (begin > 0 && std::string_view("\"'`([<").find(text[begin - 1]) != std::string_view::npos) --begin;
  text.remove_prefix(begin);
  const auto last = std::find_if(text.rbegin(), text.rend(), letter);
  const size_t behind = static_cast<size_t>(text.rend() - last);
  const size_t any = text.find("{}", behind);
  if (any == std::string_view::npos) return std::string(text);
  return std::string(text.substr(0, text.find_last_not_of(" \t|[(<\"'`", any - 1) + 1));
}

/// What a template has at a place of the line.
struct Slot {
  enum class Kind : uint8_t { Any, Duration, Mean, Count, Id, Outcome };
  Kind kind = Kind::Any;
  size_t begin = 0;
  size_t end = 0;
  std::string unit = {};            ///< of a duration or mean: "ms", "auto", or "?"
  std::optional<double> bare = {};  ///< with "?"
  size_t unit_end = 0;              ///< behind the unit that stands apart
};

class Drafter {
 public:
  explicit Drafter(std::string_view line) : line_(line), words_(words_of(line)) {}

  std::optional<Draft> draft(size_t first) {
    slots_.clear();
    told_.reset();
    has_text_ = http_ = false;
    for (size_t i = first; i < words_.size(); ++i) look_at(i);
    return write(first == 0 ? 0 : first < words_.size() ? begin_of(first) : line_.size());
  }

  const std::vector<Word>& words() const { return words_; }

 private:
  size_t begin_of(size_t word) const { return static_cast<size_t>(words_[word].text.data() - line_.data()); }
  std::string_view text_of(size_t word) const { return word < words_.size() ? words_[word].text : std::string_view(); }
  std::string_view before(size_t word, size_t back = 1) const {
    return word >= back ? words_[word - back].text : std::string_view();
  }
  bool has(Slot::Kind kind) const {
    return std::any_of(slots_.begin(), slots_.end(), [&](const Slot& slot) { return slot.kind == kind; });
  }

  void look_at(size_t i) {
    const Word& word = words_[i];
    const size_t at = begin_of(i);
    if (!slots_.empty() && at < slots_.back().end) return;
    if (!word.varies) {
      if (!told_ && (tells_end(word.text) || (word.text == "OK" && names_task(before(i))))) told_ = at;
      has_text_ = has_text_ || letters_at_front(word.text) > 2;
      return;
    }
    if (word.text.starts_with("HTTP/")) {
      if (!told_) told_ = at;
      has_text_ = http_ = true;
      constexpr size_t kVersion = 5;  // what stands behind "HTTP/"
      slots_.push_back({.begin = at + kVersion, .end = at + word.text.size()});
      return;
    }
    slots_.push_back(slot_of(i, at));
  }

  Slot slot_of(size_t i, size_t at) const {
    const std::string_view rest = line_.substr(at);
    Slot slot{.begin = at, .end = at + words_[i].text.size()};
    const std::string_view previous = before(i);
    if (const size_t time = take_time(rest).length; time > 0 && !leads_to_time(previous)) {
      slot.end = at + time;
      return slot;
    }
    const size_t duration = take_duration(rest).length;
    const size_t number = take_number(rest, 1).length;
    const bool whole = number == words_[i].text.size();
    if (duration > 0) {
      set_duration(slot, i, number, duration);
    } else if (whole && names_duration(previous)) {
      const auto unit = unit_of_key(previous);
      slot.kind = Slot::Kind::Duration;
      slot.unit = unit ? name_of(*unit) : "?";
      if (!unit) slot.bare = std::strtod(std::string(rest.substr(0, number)).c_str(), nullptr);
    } else if (whole && names_tasks(text_of(i + 1)) && !has(Slot::Kind::Count)) {
      slot.kind = Slot::Kind::Count;
    } else if (!has(Slot::Kind::Outcome) && is_outcome(i)) {
      slot.kind = Slot::Kind::Outcome;
    } else if (names_task(previous) && words_[i].before != " = " && !has(Slot::Kind::Id)) {
      slot.kind = Slot::Kind::Id;
    }
    return slot;
  }

  void set_duration(Slot& slot, size_t i, size_t number, size_t duration) const {
    const std::string_view rest = line_.substr(slot.begin);
    slot.end = slot.begin + duration;
    const std::string_view previous = before(i);
    const std::string_view of = names_duration(previous) || previous == "time" ? before(i, 2) : previous;
    const bool clock = rest.substr(0, duration).find(':') != std::string_view::npos;
    // A clock tells how long only where the text says so: else when.
    if ((clock && !leads_to_time(previous)) || names_extreme(of)) return;
    const std::string_view behind = rest.substr(duration);
    const bool of_each =
        names_mean(of) || behind.starts_with("/") || behind.starts_with(" per ") || behind.starts_with(" each");
    slot.kind = of_each ? Slot::Kind::Mean : Slot::Kind::Duration;
    // A unit that stands apart is always this one; one that sticks may change with the size ("950µs", "1.2s").
    const size_t blanks = rest.substr(number).starts_with(' ') ? 1 : 0;
    const size_t letters = std::min<size_t>(letters_at_front(rest.substr(number + blanks)), 16);
    const auto unit = unit_word(rest.substr(number + blanks, letters));
    slot.unit = "auto";
    if (blanks == 0 || !unit || number + blanks + letters != duration) return;
    slot.unit = name_of(*unit);
    slot.unit_end = slot.end;
    slot.end = slot.begin + number;
  }

  bool is_outcome(size_t i) const {
    if (http_ && is_http_status(words_[i].text)) return true;
    const std::string_view sign = words_[i].before;
    if (!names_outcome(before(i)) || (sign != "=" && sign != ":" && sign != ": ")) return false;
    return is_http_status(words_[i].text) || std::none_of(words_[i].text.begin(), words_[i].text.end(), digit);
  }

  /// Of several durations one is the task's: that of all, or where only a mean stands beside a count, that.
  const Slot* pick_duration() const {
    const auto first = [&](Slot::Kind kind) {
      const auto found = std::find_if(slots_.begin(), slots_.end(), [&](const Slot& s) { return s.kind == kind; });
      return found == slots_.end() ? nullptr : &*found;
    };
    const Slot* duration = first(Slot::Kind::Duration);
    return duration == nullptr && has(Slot::Kind::Count) ? first(Slot::Kind::Mean) : duration;
  }

  std::optional<Draft> write(size_t from) const {
    const Slot* duration = pick_duration();
    if (!has_text_ || !(duration != nullptr || told_)) return std::nullopt;
    Draft draft{.rule = {.name = "task", .origin = "suggestion"}, .timed = duration != nullptr};
    std::string text;
    size_t needed = 0;  // the template's end behind its last field
    for (const Slot& slot : slots_) {
      append_escaped(text, line_.substr(from, slot.begin - from));
      while (text.ends_with("  ")) text.pop_back();  // columns: a field skips blanks
      from = slot.end;
      const bool picked = &slot == duration;
      if (!append_field(text, slot, picked)) continue;
      if (slot.unit_end > slot.end) {
        append_escaped(text, line_.substr(slot.end, slot.unit_end - slot.end));
        from = slot.unit_end;
      }
      if (picked) draft.bare = slot.bare;
      if (slot.kind == Slot::Kind::Outcome && is_http_status(line_.substr(slot.begin, slot.end - slot.begin)))
        draft.rule.outcomes = http_outcomes();
      if (told_ && *told_ < slot.begin) needed = text.size();
    }
    append_escaped(text, line_.substr(from));
    // What follows the end and all fields says nothing, and may differ from line to line.
    if (needed > 0) text.resize(needed);
    draft.rule.patterns = {{.form = Pattern::Form::Template, .text = trimmed(text)}};
    return draft;
  }

  /// False: it is text that is skipped.
  static bool append_field(std::string& text, const Slot& slot, bool picked) {
    switch (slot.kind) {
      case Slot::Kind::Duration:
      case Slot::Kind::Mean:
        if (!picked) break;
        text.append(slot.kind == Slot::Kind::Mean ? "{mean:" : "{duration:").append(slot.unit).append("}");
        return true;
      case Slot::Kind::Count:
        text += "{count}";
        return true;
      case Slot::Kind::Id:
        text += "{id}";
        return true;
      case Slot::Kind::Outcome:
        text += "{outcome}";
        return true;
      case Slot::Kind::Any:
        break;
    }
    text += "{}";
    return false;
  }

  std::string_view line_;
  std::vector<Word> words_;
  std::vector<Slot> slots_;
  std::optional<size_t> told_;  ///< where the line says that something has ended
  bool has_text_ = false;
  bool http_ = false;
};

}  // namespace

std::optional<Draft> template_draft(std::string_view line) {
  Drafter drafter(line);
  const size_t first = first_of_message(drafter.words(), line);
  auto draft = drafter.draft(first);
  // Where nothing but numbers follows, the head has to tell such lines from others.
  return draft || first == 0 ? draft : drafter.draft(0);
}

}  // namespace benchd::rules
