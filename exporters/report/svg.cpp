#include "exporters/report/svg.h"

#include <array>
#include <iterator>

#include <fmt/format.h>

#include "exporters/report/words.h"

namespace benchd::report {
Svg::Svg(double width, double height, std::string_view title)
    : text_(fmt::format(R"(<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {:.0f} {:.0f}" )"
                        R"(width="{:.0f}" height="{:.0f}"><title>{}</title>)"
                        "\n",
                        width, height, width, height, markup(title))) {}

void Svg::close(std::string_view name, std::string_view look, std::string_view tip) {
  fmt::format_to(std::back_inserter(text_), R"( class="{}")", look);
  if (tip.empty())
    text_ += "/>\n";
  else
    fmt::format_to(std::back_inserter(text_), "><title>{}</title></{}>\n", markup(tip), name);
}

Svg& Svg::line(Point from, Point to, std::string_view look) {
  fmt::format_to(std::back_inserter(text_), R"(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}")", from.x, from.y,
                 to.x, to.y);
  close("line", look, {});
  return *this;
}

Svg& Svg::rect(Point corner, double width, double height, std::string_view look, std::string_view tip) {
  fmt::format_to(std::back_inserter(text_), R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}")", corner.x,
                 corner.y, width, height);
  close("rect", look, tip);
  return *this;
}

Svg& Svg::circle(Point center, double radius, std::string_view look, std::string_view tip) {
  fmt::format_to(std::back_inserter(text_), R"(<circle cx="{:.1f}" cy="{:.1f}" r="{:.1f}")", center.x, center.y,
                 radius);
  close("circle", look, tip);
  return *this;
}

Svg& Svg::path(const std::string& steps, std::string_view look, std::string_view tip) {
  fmt::format_to(std::back_inserter(text_), R"(<path d="{}")", steps);
  close("path", look, tip);
  return *this;
}

Svg& Svg::cross(Point center, double radius, std::string_view look, std::string_view tip) {
  return path(fmt::format("M{:.1f} {:.1f}l{:.1f} {:.1f}m0 {:.1f}l{:.1f} {:.1f}", center.x - radius, center.y - radius,
                          2 * radius, 2 * radius, -2 * radius, -2 * radius, 2 * radius),
              look, tip);
}

Svg& Svg::diamond(Point center, double radius, std::string_view look, std::string_view tip) {
  return path(fmt::format("M{:.1f} {:.1f}l{:.1f} {:.1f}l{:.1f} {:.1f}l{:.1f} {:.1f}z", center.x - radius, center.y,
                          radius, -radius, radius, radius, -radius, radius),
              look, tip);
}

Svg& Svg::text(Point at, Anchor anchor, std::string_view look, std::string_view text) {
  constexpr std::array kAnchors = {"start", "middle", "end"};
  fmt::format_to(std::back_inserter(text_),
                 R"(<text x="{:.1f}" y="{:.1f}" text-anchor="{}" class="{}">{}</text>)"
                 "\n",
                 at.x, at.y, kAnchors.at(static_cast<size_t>(anchor)), look, markup(text));
  return *this;
}

Svg& Svg::shade(Point corner, double width, double height, double share, std::string_view tip) {
  fmt::format_to(std::back_inserter(text_),
                 R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill-opacity="{:.2f}")", corner.x,
                 corner.y, width, height, share);
  close("rect", "heat", tip);
  return *this;
}

std::string Svg::take() && {
  return std::move(text_) + "</svg>\n";
}

}  // namespace benchd::report
