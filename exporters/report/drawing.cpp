#include "exporters/report/drawing.h"

#include <algorithm>

#include <fmt/format.h>

#include "exporters/report/words.h"

namespace benchd::report {
namespace {

constexpr size_t kColors = 8;
constexpr size_t kLongestName = 24;

}  // namespace

std::string short_name(const std::string& name) {
  std::string text = printable(name);
  size_t shown = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) == 0x80) continue;
    if (++shown == kLongestName) return text.substr(0, i) + "…";
  }
  return text;
}

std::string color_of(size_t variant) {
  return fmt::format("c{}", variant % kColors);
}

Scale::Scale(double low, double high, double from, double to, bool by_logarithm)
    : by_logarithm_(by_logarithm), low_(of(low)), high_(of(high)), from_(from), to_(to) {
  if (high_ - low_ > 1e-12 * std::max(std::abs(high_), std::abs(low_))) return;
  const double room = by_logarithm_ ? 0.05 : std::max(std::abs(high_) * 0.05, 1e-12);
  low_ -= room;
  high_ += room;
}

double Scale::operator()(double value) const {
  const double share = std::clamp((of(value) - low_) / (high_ - low_), 0.0, 1.0);
  return from_ + share * (to_ - from_);
}

std::vector<double> Scale::ticks(int count, double unit) const {
  const double low = (by_logarithm_ ? std::exp(low_) : low_) / unit;
  const double high = (by_logarithm_ ? std::exp(high_) : high_) / unit;
  std::vector<double> found;
  if (by_logarithm_ && high / low > 5) {
    for (int power = static_cast<int>(std::floor(std::log10(low))); std::pow(10, power) <= high; ++power) {
      for (const double digit : {1, 2, 5}) found.push_back(digit * std::pow(10, power) * unit);
    }
    std::erase_if(found, [&](double it) { return it < low * unit || it > high * unit; });
    return found;
  }
  const double rough = (high - low) / count;
  const double decade = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * decade;
  for (const double digit : {5, 2, 1}) {
    if (digit * decade >= rough) step = digit * decade;
  }
  const auto first = static_cast<int64_t>(std::ceil(low / step));
  const auto last = static_cast<int64_t>(std::floor(high / step));
  for (int64_t i = first; i <= last; ++i) found.push_back(static_cast<double>(i) * step * unit);
  return found;
}

double draw_legend(Svg& svg, const model::ComparisonSet& set, double y) {
  double x = kLeft;
  for (size_t i = 0; i < set.experiment.variants.size(); ++i) {
    const std::string name = short_name(set.experiment.variants[i]);
    const double width = 28 + 7.2 * static_cast<double>(std::min(name.size(), kLongestName));
    if (x + width > kRight && x > kLeft) {
      x = kLeft;
      y += 18;
    }
    svg.circle({x + 5, y - 4}, 4, color_of(i));
    svg.text({x + 14, y}, Anchor::Start, "name", name);
    x += width;
  }
  return y + 12;
}

}  // namespace benchd::report
