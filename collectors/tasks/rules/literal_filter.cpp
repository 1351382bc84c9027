#include "collectors/tasks/rules/literal_filter.h"

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "collectors/tasks/rules/literal.h"

namespace benchd::rules {
namespace {

constexpr size_t kGram = LiteralFilter::kLeast;
/// With more texts than that most bytes look like the beginning of one.
constexpr size_t kFew = 48;

}  // namespace

LiteralFilter::LiteralFilter(const std::vector<std::string>& texts) {
  // 64 places a text, so that hardly one in a hundred bytes hits one by chance; 64 Ki fit the second cache.
  unsigned bits = 10;
  while (bits < 16 && (size_t{1} << bits) < 64 * texts.size()) ++bits;
  shift_ = 32 - bits;
  first_.resize(size_t{1} << bits);
  for (size_t place = 0; place < texts.size(); ++place) {
    const std::string& text = texts[place];
    always_.push_back(text.size() < kGram || entries_.size() >= UINT16_MAX ? 1 : 0);
    if (always_.back() != 0) continue;
    Entry entry{.text = text, .place = place};
    int least = INT32_MAX;
    for (size_t i = 0; i + kGram <= text.size(); ++i) {
      int sum = 0;
      for (size_t k = i; k < i + kGram; ++k) sum += byte_frequency(text[k]);
      if (sum < least) {
        least = sum;
        entry.gram = i;
      }
    }
    uint16_t& first = first_[hash(text.data() + entry.gram)];
    entry.next = first;
    entries_.push_back(std::move(entry));
    first = static_cast<uint16_t>(entries_.size());
  }
  for (size_t i = 0; i < entries_.size(); ++i) {
    const auto set = static_cast<uint8_t>(1U << (i % 8));
    for (size_t k = 0; k < kGram; ++k) {
      const auto byte = static_cast<unsigned char>(entries_[i].text[entries_[i].gram + k]);
      nibbles_.low.at(k).at(byte & 15U) |= set;
      nibbles_.high.at(k).at(byte >> 4U) |= set;
    }
  }
#if defined(__x86_64__)
  by_nibbles_ = entries_.size() <= kFew && __builtin_cpu_supports("ssse3") != 0;
#endif
}

uint32_t LiteralFilter::hash(const char* four_bytes) const {
  uint32_t gram = 0;
  std::memcpy(&gram, four_bytes, kGram);
  return gram * 0x9E3779B1U >> shift_;
}

void LiteralFilter::look_up(std::string_view line, size_t at, std::vector<uint8_t>& present) const {
  for (uint16_t number = first_[hash(line.data() + at)]; number != 0;) {
    const Entry& entry = entries_[number - 1U];
    number = entry.next;
    if (present[entry.place] != 0 || at < entry.gram) continue;
    if (line.substr(at - entry.gram).starts_with(entry.text)) present[entry.place] = 1;
  }
}

#if defined(__x86_64__)
/// As far as sixteen places at a time go: where the rest begins.
__attribute__((target("ssse3"))) size_t LiteralFilter::find_by_nibbles(std::string_view line,
                                                                       std::vector<uint8_t>& present) const {
  constexpr size_t kPlaces = 16;
  __m128i low[kGram];
  __m128i high[kGram];
  for (size_t k = 0; k < kGram; ++k) {
    low[k] = _mm_load_si128(reinterpret_cast<const __m128i*>(nibbles_.low[k].data()));
    high[k] = _mm_load_si128(reinterpret_cast<const __m128i*>(nibbles_.high[k].data()));
  }
  const __m128i nibble = _mm_set1_epi8(15);
  size_t i = 0;
  for (; i + kPlaces + kGram - 1 <= line.size(); i += kPlaces) {
    __m128i sets = _mm_set1_epi8(-1);
    for (size_t k = 0; k < kGram; ++k) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(line.data() + i + k));
      const __m128i by_low = _mm_shuffle_epi8(low[k], _mm_and_si128(bytes, nibble));
      const __m128i by_high = _mm_shuffle_epi8(high[k], _mm_and_si128(_mm_srli_epi16(bytes, 4), nibble));
      sets = _mm_and_si128(sets, _mm_and_si128(by_low, by_high));
    }
    const auto none = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(sets, _mm_setzero_si128())));
    for (unsigned some = ~none & 0xFFFFU; some != 0; some &= some - 1) {
      look_up(line, i + static_cast<size_t>(__builtin_ctz(some)), present);
    }
  }
  return i;
}
#endif

void LiteralFilter::find(std::string_view line, std::vector<uint8_t>& present) const {
  present = always_;
  size_t i = 0;
#if defined(__x86_64__)
  if (by_nibbles_) i = find_by_nibbles(line, present);
#endif
  for (; i + kGram <= line.size(); ++i) look_up(line, i, present);
}

}  // namespace benchd::rules
