#include <cmath>

#include "exporters/prometheus/family_tables.h"

/// What finished campaigns of the ledger came to.
namespace benchd::exposition {
namespace {

/// Calls `each` for every variant that was compared.
template <class Each>
void for_each_comparison(const HostView& view, Each each) {
  if (view.snapshot.comparisons == nullptr) return;
  for (const model::ComparisonSet& set : *view.snapshot.comparisons)
    for (const model::Comparison& comparison : set.comparisons) each(set.experiment.name, comparison);
}

void ratio(const HostView& view, SampleSink& sink) {
  for_each_comparison(view, [&sink](const std::string& experiment, const model::Comparison& comparison) {
    const auto add = [&](const char* bound, double value) {
      sink.add(Number::real(value),
               {{"experiment", experiment}, {"variant", comparison.variant.name}, {"bound", bound}});
    };
    if (!std::isnan(comparison.ratio.value)) add("estimate", comparison.ratio.value);
    if (!comparison.ratio.bounds) return;
    add("low", comparison.ratio.bounds->low);
    add("high", comparison.ratio.bounds->high);
  });
}

void verdict(const HostView& view, SampleSink& sink) {
  for_each_comparison(view, [&sink](const std::string& experiment, const model::Comparison& comparison) {
    const char* name = comparison.verdict ? name_of(*comparison.verdict) : "none";
    sink.add(Number::count(1), {{"experiment", experiment}, {"variant", comparison.variant.name}, {"verdict", name}});
  });
}

}  // namespace

void append_compare_families(std::vector<Family>& families) {
  families.push_back(host_family(Type::Gauge, "benchd_compare_ratio",
                                 "The measure of a variant by that of its baseline, in the latest finished campaign of "
                                 "its experiment, and the bounds of what is sure",
                                 "experiment, variant, bound", "ledger", ratio));
  families.push_back(host_family(Type::Gauge, "benchd_compare_verdict",
                                 "1 for the verdict on a variant in the latest finished campaign of its experiment",
                                 "experiment, variant, verdict", "ledger", verdict));
}

}  // namespace benchd::exposition
