#include "exporters/report/notes.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "exporters/report/words.h"

namespace benchd::report {
namespace {

using model::Comparison;
using model::ComparisonSet;
using model::VariantSummary;

std::string joined(const std::vector<std::string>& parts, const char* separator) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : separator) + part;
  return text;
}

/// "1.31 (1.29 – 1.33)"
std::string with_range(const model::Estimate& estimate) {
  return estimate.bounds ? ratio(estimate.value) + " (" + range(*estimate.bounds) + ")" : ratio(estimate.value);
}

class Notes {
 public:
  explicit Notes(const ComparisonSet& set) : set_(set), value_(set.experiment.measure, set.baseline.median) {}

  std::vector<std::string> all() {
    about_order();
    about_variant(set_.baseline);
    for (const Comparison& comparison : set_.comparisons) {
      about_variant(comparison.variant);
      about_comparison(comparison);
    }
    about_exclusions();
    about_means();
    about_trimmed_means();
    return std::move(notes_);
  }

 private:
  void about_order() {
    const bool any = std::any_of(set_.comparisons.begin(), set_.comparisons.end(),
                                 [](const Comparison& comparison) { return comparison.verdict.has_value(); });
    if (set_.blocking == model::Blocking::None && any) {
      notes_.emplace_back(set_.order_accepted
                              ? "The runs were not interleaved, and are judged all the same (--accept-order): what "
                                "changed on the host in between would look like a difference of the variants."
                              : "The runs were not interleaved: what changed on the host in between looks like a "
                                "difference of the variants. Start them by turns, or judge with --accept-order.");
    }
    if (set_.drift && set_.drift->significant)
      notes_.push_back(fmt::format("drift: {:+.1f} % from the first run to the last{}", 100 * set_.drift->change,
                                   set_.blocking == model::Blocking::None ? "." : "; blocks cancel it."));
  }

  void about_variant(const VariantSummary& variant) {
    const std::string name = printable(variant.name);
    if (variant.failed > 0)
      notes_.push_back(fmt::format("{}: {} of {} runs failed; a failed run counts as the worst.", name, variant.failed,
                                   variant.runs));
    if (variant.modes.empty()) return;
    std::vector<std::string> modes;
    for (const model::Mode& mode : variant.modes)
      modes.push_back(fmt::format("{:.0f} % at {}", 100 * mode.share, value_(mode.value)));
    std::string note = fmt::format("{}: {} modes ({})", name, variant.modes.size(), joined(modes, ", "));
    note += variant.modes_differ_by.empty() ? "; nothing known separates them."
                                            : "; what separates them: " + variant.modes_differ_by + ".";
    notes_.push_back(note);
  }

  void about_comparison(const Comparison& comparison) {
    const std::string name = printable(comparison.variant.name);
    if (comparison.verdict == model::Verdict::Inconclusive && comparison.doubt == model::Doubt::None &&
        comparison.runs_needed) {
      if (const std::string side = sure_side(comparison, set_); !side.empty())
        notes_.push_back(fmt::format("{}: surely {}, maybe by less than the threshold.", name,
                                     side == "gain" ? "faster" : "slower"));
      const auto& needed = *comparison.runs_needed;
      notes_.push_back(
          needed.settles ? fmt::format("{}: about {} runs of each would settle it, at this spread.", name, needed.runs)
                         : name + ": the effect sits on the threshold: more runs will not settle it.");
    }
    if (comparison.better_chance) {
      const auto& chance = *comparison.better_chance;
      std::string note = fmt::format("{}: a run of it is better than one of {} in {:.0f} % of pairs", name,
                                     printable(set_.baseline.name), 100 * chance.value);
      note += chance.bounds ? fmt::format(" ({:.0f}–{:.0f} %, Brunner-Munzel)", 100 * chance.bounds->low,
                                          100 * chance.bounds->high)
                            : " (Brunner-Munzel has no interval for that)";
      notes_.push_back(note + ".");
    }
    if (comparison.spread && (comparison.spread->value > 2 || comparison.spread->value < 0.5))
      notes_.push_back(
          fmt::format("{}: its spread is {} of the baseline's: its ratio is that of a typical pair of runs, "
                      "not that of the medians.",
                      name, with_range(*comparison.spread)));
  }

  void about_exclusions() {
    std::map<std::string, std::string> by_cause;
    uint64_t count = 0;
    const auto add = [&](const VariantSummary& variant) {
      std::map<std::string, uint64_t> own;
      for (const model::Exclusion& exclusion : variant.excluded) ++own[exclusion.cause];
      for (const auto& [cause, runs] : own) {
        std::string& variants = by_cause[printable(cause)];
        variants += fmt::format("{}{} {}", variants.empty() ? "" : ", ", printable(variant.name), runs);
      }
      count += variant.excluded.size();
    };
    add(set_.baseline);
    for (const Comparison& comparison : set_.comparisons) add(comparison.variant);
    if (count == 0) return;
    std::string causes;
    for (const auto& [cause, variants] : by_cause)
      causes += fmt::format("{}{} ({})", causes.empty() ? "" : ", ", cause, variants);
    std::vector<std::string> changed;
    for (const Comparison& comparison : set_.comparisons) {
      const bool concerned = !comparison.variant.excluded.empty() || !set_.baseline.excluded.empty();
      if (!concerned || comparison.with_excluded == comparison.verdict) continue;
      changed.push_back(fmt::format("{} {}", printable(comparison.variant.name),
                                    comparison.with_excluded ? name_of(*comparison.with_excluded) : "has no verdict"));
    }
    notes_.push_back(
        fmt::format("{} run{} excluded: {}; {}.", count, count == 1 ? "" : "s", causes,
                    changed.empty() ? "verdicts are the same with them" : "with them: " + joined(changed, ", ")));
  }

  void about_means() {
    std::vector<std::string> means;
    for (const Comparison& comparison : set_.comparisons) {
      if (!std::isnan(comparison.mean_ratio.value))
        means.push_back(printable(comparison.variant.name) + " " + with_range(comparison.mean_ratio));
    }
    if (!means.empty()) notes_.push_back("ratio of means: " + joined(means, ", "));
  }

  void about_trimmed_means() {
    std::vector<std::string> means;
    uint64_t dropped = 0;
    bool alike = true;
    const auto add = [&](const VariantSummary& variant) {
      if (!variant.trimmed || !variant.trimmed->mean.bounds) return;
      const auto& mean = variant.trimmed->mean;
      alike &= means.empty() || dropped == variant.trimmed->dropped;
      dropped = variant.trimmed->dropped;
      means.push_back(printable(variant.name) + " " +
                      value_.with_error(mean.value, (mean.bounds->high - mean.bounds->low) / 2));
    };
    add(set_.baseline);
    for (const Comparison& comparison : set_.comparisons) add(comparison.variant);
    if (means.empty()) return;
    const std::string how = alike ? fmt::format("drop {0} + {0}", dropped) : "drop a tenth at either end";
    notes_.push_back(how + ", as many do: " + joined(means, ", "));
  }

  const ComparisonSet& set_;
  ValueFormat value_;
  std::vector<std::string> notes_;
};

}  // namespace

std::vector<std::string> notes(const ComparisonSet& set) {
  return Notes(set).all();
}

}  // namespace benchd::report
