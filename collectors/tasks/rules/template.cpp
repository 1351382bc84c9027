#include "collectors/tasks/rules/template.h"

#include <algorithm>
#include <cctype>

#include "collectors/tasks/rules/field_names.h"
#include "collectors/tasks/rules/literal.h"

namespace benchd::rules {
namespace {

using base::Done;
using base::Error;
using base::Result;

constexpr size_t kNone = std::string_view::npos;
constexpr size_t kMaxField = 256;
constexpr size_t kMaxFields = 12;
constexpr size_t kMaxPadding = 32;

bool blank(char c) {
  return c == ' ' || c == '\t';
}

bool number_byte(char c) {
  return std::string_view("0123456789.,_'eE+-\xC2\xA0\xE2\x80\xAF").find(c) != kNone;
}

bool is_number(const FieldSpec& spec) {
  return has_unit(spec.field) || spec.field == Field::Count || spec.field == Field::Pid;
}

char closer_of(char opener) {
  switch (opener) {
    case '(':
      return ')';
    case '[':
      return ']';
    case '<':
      return '>';
    case '{':
      return '}';
    case '\'':
    case '"':
    case '`':
      return opener;
    default:
      return 0;
  }
}

/// The unit that the text behind a field begins with, as in "{duration} ms".
std::optional<Unit> unit_behind(std::string_view literal) {
  while (!literal.empty() && blank(literal[0])) literal.remove_prefix(1);
  size_t end = 0;
  while (end < literal.size() && (std::isalpha(static_cast<unsigned char>(literal[end])) || literal[end] & '\x80'))
    ++end;
  return unit_word(literal.substr(0, end));
}

/// "1 234 ms" is a status and a duration, or thousands parted by a plain blank: who knows.
bool may_be_two_numbers(std::string_view text) {
  const size_t length = take_spaced_number(text, 1).length;
  return length > 0 && (text.substr(0, length).find_first_of(".,") != kNone || unit_behind(text.substr(length)));
}

/// Length of the number of a field at the front of `text`: alone, if the text behind it says the unit, or nobody; else
/// with the unit that it says itself.
size_t number_length(const FieldSpec& spec, std::string_view text, std::string_view literal) {
  if (!has_unit(spec.field)) return take_number(text, 1).length;
  if (spec.unit == Unit::Auto) return take_duration(text).length;
  const size_t number = take_number(text, 1).length;
  const std::string_view rest = text.substr(number);
  if (number > 0 && !literal.empty() && rest.starts_with(literal)) return number;
  if (literal.empty() && may_be_two_numbers(text)) return 0;
  const auto unit = unit_behind(rest.substr(0, 16));
  const bool other = unit && *unit != spec.unit;
  const bool clock = rest.size() > 1 && rest[0] == ':' && rest[1] >= '0' && rest[1] <= '9';
  return number == 0 || other || clock ? std::max(number, take_duration(text).length) : number;
}

/// What stands between braces: its field and unit, or what is wrong with it.
Result<FieldSpec> parse_field(std::string_view text) {
  FieldSpec spec;
  if (text.empty()) return spec;
  const size_t colon = text.find(':');
  const auto field = field_named(text.substr(0, colon));
  if (!field) {
    return Error{.attempt = "{" + std::string(text) + "} is no field; fields are " + known_fields() +
                            ", and {} for anything; {{ is a brace"};
  }
  spec.field = *field;
  if (colon == kNone) return spec;
  const auto unit = unit_named(text.substr(colon + 1));
  if (!has_unit(*field))
    return Error{.attempt = "{" + std::string(text) + "}: only duration, mean and sum have a unit"};
  if (!unit) return Error{.attempt = "{" + std::string(text) + "}: units are ns, us, ms, s, m, h, auto"};
  spec.unit = *unit;
  return spec;
}

}  // namespace

Result<Template> Template::compile(std::string_view text) {
  constexpr size_t kMaxLength = 4096;
  if (text.size() > kMaxLength) return Error{.attempt = "longer than " + std::to_string(kMaxLength) + " bytes"};
  Template result;
  result.segments_.emplace_back();
  Literal* literal = &result.segments_.back().head;
  bool field_before = false;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if ((c == '{' || c == '}') && i + 1 < text.size() && text[i + 1] == c) {
      literal->push_back(c);
      i += 2;
      field_before = false;
      continue;
    }
    if (c == '}') return Error{.attempt = "a } without its {; }} is a brace"};
    if (c != '{') {
      literal->push_back(c);
      ++i;
      field_before = false;
      continue;
    }
    const size_t close = text.find('}', i);
    if (close == kNone) return Error{.attempt = "a { without its }; {{ is a brace"};
    const auto spec = parse_field(text.substr(i + 1, close - i - 1));
    if (!spec.ok()) return spec.error();
    const bool anything = spec->field == Field::Any;
    if (field_before && !anything) {
      return Error{.attempt = "two fields need text between them to tell where the first one ends"};
    }
    field_before = true;
    i = close + 1;
    if (anything) {
      const Segment& last = result.segments_.back();
      if (!last.head.empty() || !last.parts.empty()) result.segments_.emplace_back();
      literal = &result.segments_.back().head;
      continue;
    }
    const char opener = literal->empty() ? '\0' : closer_of(literal->text().back());
    const bool enclosed = opener != 0 && i < text.size() && text[i] == opener;
    std::vector<Part>& parts = result.segments_.back().parts;
    parts.push_back({.field = result.fields_.size(), .enclosed = enclosed, .literal = {}});
    literal = &parts.back().literal;
    result.fields_.push_back(*spec);
  }
  // A {} at the end says nothing more.
  if (result.segments_.back().head.empty() && result.segments_.back().parts.empty()) result.segments_.pop_back();
  if (const auto good = result.check(); !good.ok()) return good.error();
  return result;
}

Result<Done> Template::check() {
  const auto require = [&](Literal& literal) {
    literal.prepare();
    if (!literal.empty()) required_.push_back(literal.text());
  };
  for (Segment& segment : segments_) {
    require(segment.head);
    for (Part& part : segment.parts) {
      require(part.literal);
      FieldSpec& spec = fields_[part.field];
      if (!has_unit(spec.field)) continue;
      const auto behind = unit_behind(part.literal.text());
      if (behind && spec.unit == Unit::Auto) spec.unit = *behind;
      if (behind && spec.unit != *behind) {
        return Error{.attempt = "{" + std::string(name_of(spec.field)) + ":" + std::string(name_of(spec.unit)) +
                                "} stands before the unit " + std::string(name_of(*behind))};
      }
    }
  }
  if (fields_.size() > kMaxFields) return Error{.attempt = "more than " + std::to_string(kMaxFields) + " fields"};
  longest_ = Literal(longest_of(required_));
  if (longest_.text().find_first_not_of(" \t") == kNone) {
    return Error{.attempt = "needs some text of its own beside the fields, or every line would match"};
  }
  return Done{};
}

bool Template::match(std::string_view line, std::span<std::string_view> captures) const {
  // The head is looked for anyway: a longer text is worth a search of its own where the head is short.
  constexpr size_t kSelective = 4;
  if (segments_.front().head.size() < kSelective && longest_.find(line) == kNone) return false;
  size_t at = 0;
  // Leftmost for each segment is enough: if one has no place behind the leftmost place of those before it, it has none
  // behind any other.
  for (const Segment& segment : segments_) {
    at = find(segment, line, at, captures);
    if (at == kNone) return false;
  }
  return true;
}

size_t Template::find(const Segment& segment, std::string_view line, size_t from,
                      std::span<std::string_view> captures) const {
  if (!segment.head.empty()) {
    for (size_t at = from; (at = segment.head.find(line, at)) != kNone; ++at) {
      const size_t end = match_parts(segment.parts, line, at + segment.head.size(), captures);
      if (end != kNone) return end;
    }
    return kNone;
  }
  const Part& first = segment.parts.front();
  for (size_t at = from + 1; (at = first.literal.find(line, at)) != kNone; ++at) {
    const size_t begin = leading(first, line, from, at);
    if (begin == kNone) continue;
    const size_t end = match_parts(std::span(segment.parts).subspan(1), line, at + first.literal.size(), captures);
    if (end == kNone) continue;
    captures[first.field] = line.substr(begin, at - begin);
    return end;
  }
  return kNone;
}

size_t Template::match_parts(std::span<const Part> parts, std::string_view line, size_t at,
                             std::span<std::string_view> captures) const {
  for (const Part& part : parts) {
    const FieldSpec& spec = fields_[part.field];
    std::string_view text = line.substr(at);
    size_t length = 0;
    if (is_number(spec)) {
      while (length < text.size() && length < kMaxPadding && blank(text[length])) ++length;
      at += length;
      text.remove_prefix(length);
      length = number_length(spec, text, part.literal.text());
      if (length == 0 || length > kMaxField) return kNone;
    } else {
      const bool blanks = part.enclosed || spec.field == Field::Time;
      const std::string_view window = text.substr(0, kMaxField + part.literal.size());
      length = part.literal.empty() ? window.size() : part.literal.find(window, 1);
      if (length == kNone || length == 0) return kNone;
      if (!blanks) {
        const size_t end = window.substr(0, length).find_first_of(" \t");
        if (end != kNone && !part.literal.empty()) return kNone;
        length = std::min(length, end);
        // At the end of the template the word is all that is left, and a full stop is not part of it.
        if (part.literal.empty()) {
          const size_t last = window.substr(0, length).find_last_not_of(".,;:)]}>\"'!");
          length = last == kNone ? 0 : last + 1;
        }
        if (length == 0) return kNone;
      }
    }
    if (!text.substr(length).starts_with(part.literal.text())) return kNone;
    captures[part.field] = text.substr(0, length);
    at += length + part.literal.size();
  }
  return at;
}

/// Where the field that begins a template starts, if it ends at `end`; not before `from`.
size_t Template::leading(const Part& part, std::string_view line, size_t from, size_t end) const {
  const FieldSpec& spec = fields_[part.field];
  const size_t least = std::max(from, end > kMaxField ? end - kMaxField : 0);
  size_t begin = end;
  if (!is_number(spec)) {
    while (begin > least && !blank(line[begin - 1])) --begin;
    return begin == end ? kNone : begin;
  }
  constexpr size_t kLongestDuration = 64;
  const bool words = has_unit(spec.field) && spec.unit == Unit::Auto;
  while (begin > least && end - begin < kLongestDuration && (words || number_byte(line[begin - 1]))) --begin;
  for (; begin < end; ++begin) {
    if (begin > 0 && std::isalnum(static_cast<unsigned char>(line[begin - 1]))) continue;
    const std::string_view text = line.substr(begin, end - begin);
    const size_t length = words ? take_duration(text).length : take_number(text, 1).length;
    if (length == text.size()) return begin;
  }
  return kNone;
}

}  // namespace benchd::rules
