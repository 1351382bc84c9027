#pragma once

#include <string>
#include <string_view>

#include "model/verdict.h"

/// Verdicts and numbers in words, the same for every format.
namespace benchd::report {

/// Valid UTF-8 without control characters: names come from files, and a terminal obeys what it is sent.
std::string printable(std::string_view text);
/// The same, escaped for HTML and XML.
std::string markup(std::string_view text);

/// "host_fails", as in JSON and CSV.
const char* name_of(model::Doubt doubt);

/// "1.304", "0.9998", "12.3": three digits behind the point, fewer for large ratios, "∞" for infinity, "–" for none.
std::string ratio(double value);
/// "1.291 – 1.318"
std::string range(const model::Bounds& bounds);
/// "±3 %", "±0.5 %"
std::string threshold(double value);
/// "95 %", "99.9 %"
std::string share(double value);

/// Values of a measure with the unit that suits `typical`: "123.4 ms". Without a typical one, base units.
class ValueFormat {
 public:
  ValueFormat(model::Measure measure, std::optional<double> typical);
  std::string operator()(double value) const;
  /// What 1 of the unit is in base units.
  double unit() const { return scale_; }
  /// "123.3 ± 0.5 ms"
  std::string with_error(double value, double error) const;

 private:
  double scale_ = 1;
  const char* unit_ = "";
};

/// What the interval is sure of though it may be small: "gain", "loss" or nothing.
std::string sure_side(const model::Comparison& comparison, const model::ComparisonSet& set);

/// "SLOWER by 29–32 %", "EQUIVALENT (a small gain is real)", "none: 3 of 20 runs failed".
std::string verdict_words(const model::Comparison& comparison, const model::ComparisonSet& set);

/// "host passes: it can resolve ±3 %"
std::string control_words(const model::Control& control, const model::ComparisonSet& set);

/// "python-builds · task_time · 100 runs each in 100 blocks · seed 20250101 · threshold ±3 % · 1 look"
std::string headline(const model::ComparisonSet& set);

}  // namespace benchd::report
