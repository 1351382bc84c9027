#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "exporters/report/svg.h"
#include "model/verdict.h"

/// What plots have in common. Pixels.
namespace benchd::report {

inline constexpr double kWidth = 960;
inline constexpr double kLeft = 170;   ///< names, or the axis of values
inline constexpr double kRight = 936;  ///< where the drawing ends

/// A name that has room beside a drawing.
std::string short_name(const std::string& name);

/// The class of a variant's color, by its place in the experiment.
std::string color_of(size_t variant);

/// Where values are on a line of pixels, by themselves or by their logarithms.
class Scale {
 public:
  Scale(double low, double high, double from, double to, bool by_logarithm = false);

  double operator()(double value) const;
  /// Values within that are round in `unit`, about `count` of them.
  std::vector<double> ticks(int count, double unit = 1) const;

 private:
  double of(double value) const { return by_logarithm_ ? std::log(value) : value; }

  bool by_logarithm_;
  double low_;
  double high_;
  double from_;
  double to_;
};

struct Extent {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void add(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool empty() const { return low > high; }
};

/// The variants with their colors, from the line at `y` on; returns where it
/// ends.
double draw_legend(Svg& svg, const model::ComparisonSet& set, double y);

}  // namespace benchd::report
