#pragma once

#include <string>
#include <string_view>

namespace benchd::report {

struct Point {
  double x = 0;
  double y = 0;
};

enum class Anchor : uint8_t { Start, Middle, End };

/// Puts together one drawing, as an <svg> element that stands in HTML or alone. Coordinates are pixels from the left
/// upper corner; looks come from classes (see style_of_plots()). Texts may hold anything.
class Svg {
 public:
  /// `title` is what readers of screens hear first.
  Svg(double width, double height, std::string_view title);

  Svg& line(Point from, Point to, std::string_view look);
  Svg& rect(Point corner, double width, double height, std::string_view look, std::string_view tip = {});
  Svg& circle(Point center, double radius, std::string_view look, std::string_view tip = {});
  /// An x.
  Svg& cross(Point center, double radius, std::string_view look, std::string_view tip = {});
  Svg& diamond(Point center, double radius, std::string_view look, std::string_view tip = {});
  Svg& text(Point at, Anchor anchor, std::string_view look, std::string_view text);
  /// A rectangle that is `share` (0 … 1) strong.
  Svg& shade(Point corner, double width, double height, double share, std::string_view tip);

  std::string take() &&;

 private:
  Svg& path(const std::string& steps, std::string_view look, std::string_view tip);
  void close(std::string_view name, std::string_view look, std::string_view tip);

  std::string text_;
};

}  // namespace benchd::report
