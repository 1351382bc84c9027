#include "collectors/tasks/rules/literal.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace benchd::rules {
namespace {

/// Walks over a regex that RE2 has accepted, so its brackets are closed.
class Walker {
 public:
  explicit Walker(std::string_view regex) : regex_(regex) {}

  std::vector<std::string> runs() {
    while (at_ < regex_.size()) {
      if (!step()) return {};
    }
    end_run();
    return std::move(runs_);
  }

 private:
  /// False: nothing can be told of this regex.
  bool step() {
    const char c = regex_[at_];
    switch (c) {
      case '|':
        return false;
      case '\\':
        return escape();
      case '[':
        end_run();
        return skip_class();
      case '(':
        end_run();
        return skip_group();
      case '*':
      case '?':
        take_repeat(1);
        return true;
      case '{':
        if (const size_t length = repeat_length(); length > 0) {
          take_repeat(length);
          return true;
        }
        [[fallthrough]];  // to RE2 a character, as any other
      case '.':
      case '^':
      case '$':
      case '+':
        end_run();
        ++at_;
        return true;
      default:
        // A repeated character of several bytes is more than its last byte.
        if ((c & '\x80') != 0) return false;
        run_ += c;
        ++at_;
        return true;
    }
  }

  /// Of "{2}", "{2,}" or "{2,3}"; 0 for any other text.
  size_t repeat_length() const {
    size_t i = at_ + 1;
    const auto digits = [&] {
      const size_t first = i;
      while (i < regex_.size() && regex_[i] >= '0' && regex_[i] <= '9') ++i;
      return i > first;
    };
    if (!digits()) return 0;
    if (i < regex_.size() && regex_[i] == ',') {
      ++i;
      digits();
    }
    return i < regex_.size() && regex_[i] == '}' ? i + 1 - at_ : 0;
  }

  /// What stands before may be missing.
  void take_repeat(size_t length) {
    if (!run_.empty()) run_.pop_back();
    end_run();
    at_ += length;
  }

  bool escape() {
    if (at_ + 1 >= regex_.size()) return false;
    const char c = regex_[at_ + 1];
    const bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!word) {
      run_ += c;
    } else if (std::string_view("dDsSwWbBAz").find(c) != std::string_view::npos) {
      end_run();
    } else {
      return false;  // \Q, \x{…}, \p{…}, \n and so on
    }
    at_ += 2;
    return (c & '\x80') == 0;
  }

  bool skip_class() {
    ++at_;
    if (at_ < regex_.size() && regex_[at_] == '^') ++at_;
    if (at_ < regex_.size() && regex_[at_] == ']') ++at_;
    while (at_ < regex_.size() && regex_[at_] != ']') {
      if (regex_[at_] == '\\') ++at_;
      // "[[:alpha:]x]"
      else if (regex_.substr(at_, 2) == "[:")
        at_ = std::min(regex_.find(":]", at_), regex_.size() - 1);
      ++at_;
    }
    ++at_;
    return at_ <= regex_.size();
  }

  bool skip_group() {
    // "(?i)" and "(?i:" change what letters mean.
    if (regex_.substr(at_, 2) == "(?" && regex_.substr(at_, 3) != "(?P" && regex_.substr(at_, 3) != "(?:") return false;
    size_t depth = 0;
    while (at_ < regex_.size()) {
      const char c = regex_[at_];
      if (c == '[') {
        if (!skip_class()) return false;
        continue;
      }
      if (c == '\\') {
        if (at_ + 1 < regex_.size() && regex_[at_ + 1] == 'Q') return false;
        ++at_;
      }
      depth += c == '(';
      ++at_;
      if (c == ')' && --depth == 0) return true;
    }
    return false;
  }

  void end_run() {
    if (!run_.empty()) runs_.push_back(run_);
    run_.clear();
  }

  std::string_view regex_;
  size_t at_ = 0;
  std::string run_;
  std::vector<std::string> runs_;
};

}  // namespace

int byte_frequency(char c) {
  constexpr std::string_view kOften = " e0taoi1nsr2l3dc:u4mp5.-h6\"f7g89/,b=_ywkv";
  const size_t place = kOften.find(c);
  return place == std::string_view::npos ? 0 : static_cast<int>(kOften.size() - place);
}

Literal::Literal(std::string text) : text_(std::move(text)) {
  prepare();
}

void Literal::prepare() {
  first_ = 0;
  const auto rarer = [&](size_t a, size_t b) { return byte_frequency(text_[a]) < byte_frequency(text_[b]); };
  for (size_t i = 1; i < text_.size(); ++i)
    if (rarer(i, first_)) first_ = i;
  second_ = first_ == 0 && text_.size() > 1 ? 1 : 0;
  for (size_t i = 0; i < text_.size(); ++i)
    if (i != first_ && rarer(i, second_)) second_ = i;
}

size_t Literal::find(std::string_view line, size_t from) const {
  if (from > line.size() || line.size() - from < text_.size()) return std::string_view::npos;
  const char* place = line.data() + from;
  const char* const last = line.data() + line.size() - text_.size();  // where it may stand at the latest
  const auto is_here = [&](const char* at) { return std::memcmp(at, text_.data(), text_.size()) == 0; };
#ifdef __SSE2__
  constexpr std::ptrdiff_t kPlaces = 16;
  const __m128i first = _mm_set1_epi8(text_[first_]);
  const __m128i second = _mm_set1_epi8(text_[second_]);
  for (bool more = last - place >= kPlaces - 1; more;) {
    const auto at = [&](size_t offset) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(place + offset)); };
    const __m128i both = _mm_and_si128(_mm_cmpeq_epi8(at(first_), first), _mm_cmpeq_epi8(at(second_), second));
    for (auto mask = static_cast<unsigned>(_mm_movemask_epi8(both)); mask != 0; mask &= mask - 1) {
      const char* candidate = place + __builtin_ctz(mask);
      if (is_here(candidate)) return static_cast<size_t>(candidate - line.data());
    }
    // The last sixteen overlap those before: no load goes beyond the line.
    more = place + kPlaces <= last;
    place = more ? std::min(place + kPlaces, last - kPlaces + 1) : last + 1;
  }
#endif
  for (; place <= last; ++place)
    if (is_here(place)) return static_cast<size_t>(place - line.data());
  return std::string_view::npos;
}

std::vector<std::string> required_literals(std::string_view regex) {
  return Walker(regex).runs();
}

std::string longest_of(const std::vector<std::string>& texts) {
  const auto shorter = [](const std::string& a, const std::string& b) { return a.size() < b.size(); };
  const auto longest = std::max_element(texts.begin(), texts.end(), shorter);
  return longest == texts.end() ? std::string() : *longest;
}

}  // namespace benchd::rules
