#include <algorithm>
#include <array>
#include <limits>

#include "base/text.h"
#include "collectors/tasks/rules/digits.h"
#include "collectors/tasks/rules/quantity.h"

namespace benchd::rules {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
__extension__ using Wide = unsigned __int128;  // not ISO C++, and no compiler for Linux is without
constexpr size_t kMaxDigits = 36;              ///< more do not fit a 128-bit mantissa

/// Whether a plain blank parts thousands.
enum class Blanks : uint8_t { End, Part };

/// Length of the thousands' or decimal separator at `i`; the two bytes and three bytes of Unicode's narrow blanks,
/// which some locales print between thousands, included.
size_t separator_at(std::string_view text, size_t i, Blanks blanks = Blanks::End) {
  if (i >= text.size()) return 0;
  const char c = text[i];
  if (c == '.' || c == ',' || c == '_' || c == '\'' || (c == ' ' && blanks == Blanks::Part)) return 1;
  if (text.substr(i, 2) == "\xC2\xA0") return 2;
  if (text.substr(i, 3) == "\xE2\x80\xAF") return 3;
  return 0;
}

/// Where the digits of a number are: before `decimal` whole, after it a fraction.
struct Shape {
  size_t length = 0;  ///< of the mantissa
  size_t decimal = std::string_view::npos;
};

struct Separator {
  size_t at = 0;
  size_t width = 0;
  char c = 0;
  bool may_be_decimal() const { return c == '.' || c == ','; }
};

/// The mantissa's extent, and which of its separators is the decimal one.
Shape shape_of(std::string_view text, Blanks blanks) {
  std::array<Separator, 16> separators{};
  size_t count = 0;
  size_t end = 0;
  while (true) {
    while (digit_at(text, end)) ++end;
    const size_t width = separator_at(text, end, blanks);
    if (width == 0 || !digit_at(text, end + width) || count == separators.size()) break;
    separators.at(count++) = {.at = end, .width = width, .c = text[end]};
    end += width;
  }
  if (count == 0) return {.length = end};
  if (count == 1 && separators[0].may_be_decimal()) return {.length = end, .decimal = separators[0].at};

  const Separator& last = separators.at(count - 1);
  const auto same = std::count_if(separators.begin(), separators.begin() + static_cast<ptrdiff_t>(count),
                                  [&](const Separator& separator) { return separator.c == last.c; });
  const bool decimal = last.may_be_decimal() && same == 1;
  bool thousands = true;  // every group that a separator opens has three digits
  for (size_t i = 0; i + (decimal ? 1 : 0) < count; ++i) {
    const size_t next = i + 1 < count ? separators.at(i + 1).at : end;
    thousands = thousands && next - separators.at(i).at - separators.at(i).width == 3;
  }
  if (thousands) return {.length = end, .decimal = decimal ? last.at : std::string_view::npos};
  // A list or a version: its first number.
  if (!separators[0].may_be_decimal()) return {.length = separators[0].at};
  return {.length = count > 1 ? separators[1].at : end, .decimal = separators[0].at};
}

/// Takes "e-05" off: its value and its length, or 0 and 0.
Taken take_exponent(std::string_view text) {
  if (text.empty() || (text[0] != 'e' && text[0] != 'E')) return {};
  const bool sign = text.size() > 1 && (text[1] == '-' || text[1] == '+');
  size_t i = sign ? 2 : 1;
  const size_t first = i;
  int64_t value = 0;
  while (digit_at(text, i) && i < first + 4) value = value * 10 + (text[i++] - '0');
  if (i == first || digit_at(text, i)) return {};
  return {.value = sign && text[1] == '-' ? -value : value, .length = i};
}

/// mantissa · 10^power · scale, rounded half up; nothing when it does not fit.
std::optional<int64_t> scaled(Wide mantissa, int64_t power, int64_t scale) {
  constexpr Wide kLimit = static_cast<Wide>(1) << 124;
  // Digits that cannot count are let go first, so that the product with the scale fits.
  while (power < 0 && mantissa > kLimit / static_cast<Wide>(scale)) {
    mantissa /= 10;
    ++power;
  }
  if (mantissa > kLimit / static_cast<Wide>(scale)) return std::nullopt;
  mantissa *= static_cast<Wide>(scale);
  for (; power < -1 && mantissa > 0; ++power) mantissa /= 10;
  if (power < 0) mantissa = (mantissa + 5) / 10;
  for (; power > 0 && mantissa > 0; --power) {
    if (mantissa > static_cast<Wide>(kMax)) return std::nullopt;
    mantissa *= 10;
  }
  if (mantissa > static_cast<Wide>(kMax)) return std::nullopt;
  return static_cast<int64_t>(mantissa);
}

/// take_number() for what nearly all numbers are: up to 18 digits, perhaps a point among them, and nothing behind that
/// could belong to them. Nothing: it is another kind of number, or none.
std::optional<Taken> take_plain_number(std::string_view text, int64_t scale) {
  constexpr size_t kDigits = 18;  // fit 64 bits
  constexpr uint64_t kPowers[] = {1,       10,        100,        1'000,       10'000,
                                  100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};
  const size_t most = std::min(text.size(), kDigits + 2);
  uint64_t mantissa = 0;
  size_t i = 0;
  size_t point = std::string_view::npos;
  for (; i < most; ++i) {
    if (digit(text[i])) {
      mantissa = mantissa * 10 + static_cast<uint64_t>(text[i] - '0');
    } else if (text[i] == '.' && point == std::string_view::npos && i > 0 && digit_at(text, i + 1)) {
      point = i;
    } else {
      break;
    }
  }
  if (i == 0 || i > kDigits) return std::nullopt;
  // "'", ",", ".", "_", e, E, and the first bytes of the narrow blanks
  if (i < text.size() && (separator_at(text, i) > 0 || text[i] == 'e' || text[i] == 'E')) {
    const bool sentence = (text[i] == '.' || text[i] == ',') && !digit_at(text, i + 1);
    if (!sentence) return std::nullopt;
  }
  const size_t decimals = point == std::string_view::npos ? 0 : i - point - 1;
  if (decimals >= std::size(kPowers)) return std::nullopt;
  uint64_t product = 0;
  if (__builtin_mul_overflow(mantissa, static_cast<uint64_t>(scale), &product)) return std::nullopt;
  const uint64_t divisor = kPowers[decimals];
  const uint64_t value = product / divisor + (product % divisor * 2 >= divisor && divisor > 1 ? 1 : 0);
  if (value > static_cast<uint64_t>(kMax)) return std::nullopt;
  return Taken{.value = static_cast<int64_t>(value), .length = i};
}

Taken take_shaped_number(std::string_view text, int64_t scale, Blanks blanks) {
  const bool bare_fraction = text.size() > 1 && text[0] == '.' && digit(text[1]);  // ".5"
  if (!bare_fraction && !digit_at(text, 0)) return {};
  Shape shape;
  if (bare_fraction) {
    shape.decimal = 0;
    shape.length = 1;
    while (digit_at(text, shape.length)) ++shape.length;
  } else {
    shape = shape_of(text, blanks);
  }
  Wide mantissa = 0;
  int64_t power = 0;
  size_t significant = 0;
  for (size_t i = 0; i < shape.length; ++i) {
    if (!digit(text[i])) continue;
    const bool fraction = i > shape.decimal;  // npos: nothing is
    if (significant >= kMaxDigits) {
      if (!fraction) return {};
      continue;
    }
    mantissa = mantissa * 10 + static_cast<unsigned>(text[i] - '0');
    if (mantissa > 0) ++significant;
    if (fraction) --power;
  }
  const Taken exponent = take_exponent(text.substr(shape.length));
  const auto value = scaled(mantissa, power + exponent.value, scale);
  if (!value) return {};
  return {.value = *value, .length = shape.length + exponent.length};
}

}  // namespace

Taken take_number(std::string_view text, int64_t scale) {
  if (const auto plain = take_plain_number(text, scale)) return *plain;
  return take_shaped_number(text, scale, Blanks::End);
}

Taken take_spaced_number(std::string_view text, int64_t scale) {
  size_t first = 0;
  while (digit_at(text, first)) ++first;
  if (first > 3 || !digit_at(text, first + 1) || text[first] != ' ') return {};
  const Taken taken = take_shaped_number(text, scale, Blanks::Part);
  return taken.length > first ? taken : Taken();
}

std::optional<int64_t> parse_count(std::string_view text) {
  text = base::trim(text);
  int64_t value = 0;
  size_t digits = 0;
  for (size_t i = 0; i < text.size();) {
    if (digit(text[i])) {
      if (__builtin_mul_overflow(value, 10, &value) || !add(value, text[i] - '0')) return std::nullopt;
      ++digits;
      ++i;
      continue;
    }
    // A separator has three digits behind it, and some before it; "1.0", as JSON may print a count, has none.
    const size_t width = separator_at(text, i, Blanks::Part);
    if (digits > 0 && text.substr(i) == ".0") return value;
    if (width == 0 || digits == 0 || !digit_at(text, i + width + 2)) return std::nullopt;
    if (digit_at(text, i + width + 3) || !digit_at(text, i + width) || !digit_at(text, i + width + 1)) {
      return std::nullopt;
    }
    i += width;
  }
  if (digits == 0) return std::nullopt;
  return value;
}

}  // namespace benchd::rules
