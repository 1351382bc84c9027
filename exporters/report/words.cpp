#include "exporters/report/words.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "base/text.h"

namespace benchd::report {
namespace {

using model::Doubt;
using model::Verdict;

constexpr const char* kInfinity = "∞";

/// "29–32 %": both ends of a difference; a digit more where they would read the same.
std::string percent_range(double low, double high) {
  for (const int digits : {0, 1, 2}) {
    const std::string from = fmt::format("{:.{}f}", 100 * low, digits), to = fmt::format("{:.{}f}", 100 * high, digits);
    if (std::isinf(high)) return "at least " + from + " %";
    if (from != to) return fmt::format("{}–{} %", from, to);
  }
  return fmt::format("{:.2f} %", 100 * low);
}

/// By how much a variant is faster or slower, from an interval that excludes 1.
std::string by(const model::Bounds& bounds) {
  const bool more = bounds.low > 1;
  return " by " +
         (more ? percent_range(bounds.low - 1, bounds.high - 1) : percent_range(1 - bounds.high, 1 - bounds.low));
}

std::string more_runs(const model::Comparison& comparison) {
  const uint64_t more = comparison.more_runs.value_or(1);
  if (comparison.blocked) return fmt::format("{} more block{}", more, more == 1 ? "" : "s");
  return fmt::format("{} more run{} of each", more, more == 1 ? "" : "s");
}

std::string inconclusive(const model::Comparison& comparison, const model::ComparisonSet& set) {
  switch (comparison.doubt) {
    case Doubt::TooFewRuns:
      return " (too few runs: " + more_runs(comparison) + ")";
    case Doubt::NotInterleaved:
      return " (not interleaved)";
    case Doubt::HostFails:
      return " (this host cannot resolve " + threshold(set.experiment.threshold) + " today)";
    default:
      break;
  }
  return "";
}

std::string no_verdict(const model::Comparison& comparison, const model::ComparisonSet& set) {
  const auto failures = [](const model::VariantSummary& side) {
    return fmt::format("{} of {} runs of {} failed", side.failed, side.runs, printable(side.name));
  };
  switch (comparison.doubt) {
    case Doubt::TooManyFailures: {
      const auto share_of = [](const model::VariantSummary& side) {
        return static_cast<double>(side.failed) / static_cast<double>(std::max<uint64_t>(side.runs, 1));
      };
      return "none: " +
             failures(share_of(comparison.variant) >= share_of(set.baseline) ? comparison.variant : set.baseline);
    }
    case Doubt::NoRatio:
      return "none: values of 0 have no ratio";
    default:
      return comparison.blocks == 0 && comparison.variant.runs > 0 && set.baseline.runs > 0
                 ? "none: no block has both variants"
                 : "none: no runs that count";
  }
}

/// Behind the point, so that four digits count.
int digits_of(double value) {
  const double size = std::abs(value);
  return size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
}

std::string number(double value, int digits) {
  const double size = std::abs(value);
  const bool plain = size < 1e7 && (size == 0 || size >= std::pow(10, -digits));
  return plain ? fmt::format("{:.{}f}", value, digits) : fmt::format("{:.3g}", value);
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result = base::to_utf8(text);
  for (size_t i = 0; i < result.size(); ++i) {
    const auto byte = static_cast<unsigned char>(result[i]);
    if (byte < 0x20 || byte == 0x7f) {
      result[i] = '?';
    } else if (byte == 0xc2 && static_cast<unsigned char>(result[i + 1]) < 0xa0) {  // U+0080 … U+009F
      result.replace(i, 2, "?");
    }
  }
  return result;
}

std::string markup(std::string_view text) {
  return base::escape_markup(printable(text));
}

const char* name_of(Doubt doubt) {
  constexpr std::array kNames = {"",         "too_few_runs",      "host_fails", "not_interleaved", "too_many_failures",
                                 "no_ratio", "nothing_to_compare"};
  return kNames[static_cast<size_t>(doubt)];
}

std::string ratio(double value) {
  if (std::isnan(value)) return "–";
  if (std::isinf(value)) return kInfinity;
  if (value >= 1e6) return fmt::format("{:.3g}", value);
  return fmt::format("{:.{}f}", value, value >= 100 ? 0 : value >= 10 ? 1 : value >= 0.1 || value == 0 ? 3 : 5);
}

std::string range(const model::Bounds& bounds) {
  return ratio(bounds.low) + " – " + ratio(bounds.high);
}

std::string threshold(double value) {
  return "±" + share(value);
}

std::string share(double value) {
  return fmt::format("{:.4g} %", 100 * value);
}

ValueFormat::ValueFormat(model::Measure measure, std::optional<double> typical) {
  struct Step {
    double scale;
    const char* unit;
  };
  static constexpr std::array kSeconds = {Step{1, " s"}, Step{1e-3, " ms"}, Step{1e-6, " µs"}, Step{1e-9, " ns"}};
  static constexpr std::array kBytes = {Step{0x1p40, " TiB"}, Step{0x1p30, " GiB"}, Step{0x1p20, " MiB"},
                                        Step{0x1p10, " KiB"}, Step{1, " B"}};
  const auto choose = [&](const auto& steps, const Step& base) {
    Step chosen = base;
    if (typical && *typical > 0) {
      const auto fits = [&](const Step& step) { return *typical >= step.scale; };
      const auto found = std::find_if(steps.begin(), steps.end(), fits);
      chosen = found == steps.end() ? steps.back() : *found;
    }
    scale_ = chosen.scale;
    unit_ = chosen.unit;
  };
  switch (model::entry_of(measure).unit) {
    case model::MeasureUnit::Seconds:
      choose(kSeconds, kSeconds.front());
      break;
    case model::MeasureUnit::Bytes:
      choose(kBytes, kBytes.back());
      break;
    case model::MeasureUnit::PerSecond:
      unit_ = " /s";
      break;
    case model::MeasureUnit::None:
      break;
  }
}

std::string ValueFormat::operator()(double value) const {
  const double scaled = value / scale_;
  return number(scaled, digits_of(scaled)) + unit_;
}

std::string ValueFormat::with_error(double value, double error) const {
  const double scaled = value / scale_;
  return number(scaled, digits_of(scaled)) + " ± " + number(error / scale_, digits_of(scaled)) + unit_;
}

std::string sure_side(const model::Comparison& comparison, const model::ComparisonSet& set) {
  if (!comparison.ratio.bounds) return "";
  const bool higher_is_better = model::entry_of(set.experiment.measure).higher_is_better;
  if (comparison.ratio.bounds->high < 1) return higher_is_better ? "loss" : "gain";
  if (comparison.ratio.bounds->low > 1) return higher_is_better ? "gain" : "loss";
  return "";
}

std::string verdict_words(const model::Comparison& comparison, const model::ComparisonSet& set) {
  if (!comparison.verdict) return no_verdict(comparison, set);
  switch (*comparison.verdict) {
    case Verdict::Faster:
      return "FASTER" + by(*comparison.ratio.bounds);
    case Verdict::Slower:
      return "SLOWER" + by(*comparison.ratio.bounds);
    case Verdict::Equivalent: {
      const std::string side = sure_side(comparison, set);
      return side.empty() ? "EQUIVALENT" : "EQUIVALENT (a small " + side + " is real)";
    }
    case Verdict::Inconclusive:
      break;
  }
  return "INCONCLUSIVE" + inconclusive(comparison, set);
}

std::string control_words(const model::Control& control, const model::ComparisonSet& set) {
  const std::string limit = threshold(set.experiment.threshold);
  if (control.passes) return "host passes: it can resolve " + limit;
  return control.ratio.bounds ? "host fails: it cannot resolve " + limit + " today"
                              : "host not known: too few blocks of the control";
}

std::string headline(const model::ComparisonSet& set) {
  uint64_t fewest = set.baseline.runs, most = fewest;
  for (const model::Comparison& comparison : set.comparisons) {
    fewest = std::min(fewest, comparison.variant.runs);
    most = std::max(most, comparison.variant.runs);
  }
  std::string text = printable(set.experiment.name) + " · " + model::entry_of(set.experiment.measure).name;
  if (!set.experiment.task_rule.empty()) text += " of " + printable(set.experiment.task_rule);
  text += fewest == most ? fmt::format(" · {} run{} each", most, most == 1 ? "" : "s")
                         : fmt::format(" · {} to {} runs each", fewest, most);
  if (set.blocking == model::Blocking::Campaign) text += fmt::format(" in {} blocks", set.blocks);
  if (set.blocking == model::Blocking::FoundInOrder)
    text += fmt::format(" in {} blocks found in their order", set.blocks);
  if (set.blocking == model::Blocking::None) text += ", not in blocks";
  if (set.hosts > 1) text += fmt::format(" on {} hosts", set.hosts);
  if (set.experiment.seed) text += fmt::format(" · seed {}", *set.experiment.seed);
  text += " · threshold " + threshold(set.experiment.threshold);
  return text + fmt::format(" · {} look{}", set.looks, set.looks == 1 ? "" : "s");
}

}  // namespace benchd::report
