#include "exporters/report/plots.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <span>

#include <fmt/format.h>

#include "exporters/report/course_plot.h"
#include "exporters/report/drawing.h"
#include "exporters/report/svg.h"
#include "exporters/report/table.h"
#include "exporters/report/words.h"

namespace benchd::report {
namespace {

using model::Comparison;
using model::ComparisonSet;
using model::Measure;
using model::Run;
using model::VariantSummary;

/// More runs than that are thinned out, or drawn as one: a browser has to show
/// them.
constexpr size_t kMostPoints = 4'000;
constexpr size_t kMostCells = 20'000;

const std::string& name_of_variant(const ComparisonSet& set, const Run& run) {
  return set.experiment.variants[run.variant];
}

std::string capital(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

void draw_value_axis(Svg& svg, const Scale& scale, const ValueFormat& value, double top, double bottom) {
  for (const double tick : scale.ticks(6, value.unit())) {
    svg.line({scale(tick), top}, {scale(tick), bottom}, "grid");
    svg.text({scale(tick), bottom + 16}, Anchor::Middle, "soft", value(tick));
  }
}

/// ---- differences ----

struct DifferenceRow {
  std::string name;
  model::Estimate ratio;
  double mean_ratio;  ///< NaN: none
  std::string tone;
  std::string words;
};

std::vector<DifferenceRow> difference_rows(const ComparisonSet& set) {
  std::vector<DifferenceRow> rows;
  for (const Comparison& it : set.comparisons)
    rows.push_back({it.variant.name, it.ratio, it.mean_ratio.value, class_of(tone_of(it)), verdict_words(it, set)});
  if (set.control) {
    rows.push_back({"A/A " + set.baseline.name, set.control->ratio, std::numeric_limits<double>::quiet_NaN(),
                    class_of(set.control->passes ? Tone::Plain : Tone::Doubtful), control_words(*set.control, set)});
  }
  return rows;
}

std::optional<Plot> differences(const Evidence& evidence) {
  constexpr double kRow = 34;
  constexpr double kEnd = 640;  // words stand behind
  const ComparisonSet& set = evidence.set;
  const std::vector<DifferenceRow> rows = difference_rows(set);
  const double most = 1 + set.experiment.threshold;
  Extent extent;
  extent.add(1 / most);
  extent.add(most);
  for (const DifferenceRow& row : rows) {
    const auto add = [&](double value) {
      if (value > 0) extent.add(value);
    };
    add(row.ratio.value);
    add(row.mean_ratio);
    if (row.ratio.bounds) {
      add(row.ratio.bounds->low);
      add(row.ratio.bounds->high);
    }
  }
  const double room = std::pow(extent.high / extent.low, 0.06);
  const Scale scale(extent.low / room, extent.high * room, kLeft, kEnd, true);
  const double bottom = 12 + kRow * static_cast<double>(rows.size());
  Svg svg(kWidth, bottom + 26, "Ratio of each variant to the baseline, with its interval");
  svg.rect({scale(1 / most), 6}, scale(most) - scale(1 / most), bottom - 6, "band");
  for (const double tick : scale.ticks(6)) {
    svg.line({scale(tick), 6}, {scale(tick), bottom}, "grid");
    svg.text({scale(tick), bottom + 16}, Anchor::Middle, "soft", ratio(tick));
  }
  svg.line({scale(1), 6}, {scale(1), bottom}, "one");
  for (size_t i = 0; i < rows.size(); ++i) {
    const DifferenceRow& row = rows[i];
    const double y = 12 + kRow * (static_cast<double>(i) + 0.5);
    svg.text({kLeft - 12, y + 4}, Anchor::End, "name", short_name(row.name));
    svg.text({kEnd + 14, y + 4}, Anchor::Start, row.tone, row.words);
    if (std::isnan(row.ratio.value)) continue;
    const std::string look = row.tone + " mark";
    if (row.ratio.bounds) {
      const model::Bounds& bounds = *row.ratio.bounds;
      const double low = bounds.low > 0 ? scale(bounds.low) : kLeft;
      const double high = std::isfinite(bounds.high) ? scale(bounds.high) : kEnd;
      svg.line({low, y}, {high, y}, look);
      if (bounds.low > 0) svg.line({low, y - 5}, {low, y + 5}, look);
      if (std::isfinite(bounds.high)) svg.line({high, y - 5}, {high, y + 5}, look);
    }
    const std::string tip = row.ratio.bounds
                                ? fmt::format("{}: {} ({})", row.name, ratio(row.ratio.value), range(*row.ratio.bounds))
                                : fmt::format("{}: {}", row.name, ratio(row.ratio.value));
    if (std::isfinite(row.ratio.value) && row.ratio.value > 0) svg.circle({scale(row.ratio.value), y}, 5, look, tip);
    if (row.mean_ratio > 0)
      svg.diamond({scale(row.mean_ratio), y + 11}, 3.5, "hollow", "ratio of means: " + ratio(row.mean_ratio));
  }
  return Plot{
      .name = "differences",
      .title = "Differences",
      .caption = fmt::format("Each variant's {} over the baseline's: a dot for the "
                             "typical block, a line for the interval, a "
                             "diamond for the ratio of means. Within the band ({}) "
                             "differences do not matter to this experiment.",
                             model::entry_of(set.experiment.measure).title, threshold(set.experiment.threshold)),
      .svg = std::move(svg).take()};
}

/// ---- runs in their order ----

std::string tip_of(const ComparisonSet& set, const Run& run, size_t place, const std::string& value) {
  std::string tip =
      fmt::format("{}{}: {}, run {}", name_of_variant(set, run), run.control ? " (A/A)" : "", value, place + 1);
  if (run.block) tip += fmt::format(", block {}", *run.block + 1);
  if (!run.exclusion.empty()) tip += ", excluded: " + run.exclusion;
  return tip;
}

void draw_blocks(Svg& svg, std::span<const Run> runs, const Scale& across, double top, double bottom) {
  double from = kLeft;
  bool dark = false;
  const double half = runs.size() > 1 ? (across(1) - across(0)) / 2 : 0;
  for (size_t i = 0; i < runs.size(); ++i) {
    const bool last = i + 1 == runs.size();
    if (!last && runs[i].block == runs[i + 1].block) continue;
    const double to = last ? kRight : across(static_cast<double>(i)) + half;
    if (dark) svg.rect({from, top}, to - from, bottom - top, "stripe");
    dark = !dark;
    from = to;
  }
}

std::optional<Plot> in_order(const Evidence& evidence, Measure measure, std::string name, double height) {
  const ComparisonSet& set = evidence.set;
  const std::span<const Run> runs = evidence.runs;
  Extent extent;
  std::vector<double> values;
  for (const Run& run : runs) {
    const auto value = run.values[measure];
    if (!value) continue;
    extent.add(*value);
    values.push_back(*value);
  }
  if (extent.empty()) return std::nullopt;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  const ValueFormat shown(measure, values[values.size() / 2]);

  Svg svg(kWidth, height, fmt::format("{} of each run, in the order of starts", model::entry_of(measure).title));
  const double top = draw_legend(svg, set, 14) + 10;  // room for those that failed
  const double bottom = height - 26;
  const double room = (extent.high - extent.low) * 0.05;
  const Scale down(extent.low - room, extent.high + room, bottom, top + 8);
  const Scale across(0, static_cast<double>(std::max<size_t>(runs.size(), 2) - 1), kLeft + 6, kRight - 6);
  if (set.blocking != model::Blocking::None && set.blocks <= 400) draw_blocks(svg, runs, across, top, bottom);
  for (const double tick : down.ticks(5, shown.unit())) {
    svg.line({kLeft, down(tick)}, {kRight, down(tick)}, "grid");
    svg.text({kLeft - 10, down(tick) + 4}, Anchor::End, "soft", shown(tick));
  }
  svg.text({kLeft, bottom + 16}, Anchor::Start, "soft", "run 1");
  svg.text({kRight, bottom + 16}, Anchor::End, "soft", fmt::format("run {}", runs.size()));
  const size_t every = (runs.size() + kMostPoints - 1) / kMostPoints;
  for (size_t i = 0; i < runs.size(); i += every) {
    const Run& run = runs[i];
    const double x = across(static_cast<double>(i));
    const auto value = run.values[measure];
    if (run.failed)
      svg.cross({x, top}, 3.5, color_of(run.variant) + " mark", tip_of(set, run, i, "failed"));
    else if (value)
      svg.circle({x, down(*value)}, run.control ? 2.2 : 3,
                 color_of(run.variant) + (!run.exclusion.empty() ? " excluded"
                                          : run.control          ? " control"
                                                                 : ""),
                 tip_of(set, run, i, shown(*value)));
  }
  const bool first = measure == set.experiment.measure;
  std::string caption = first ? "Every run where it stood in the campaign; stripes are blocks, "
                                "rings are the baseline's "
                                "second starts (A/A), crosses failed, dashed rings are excluded."
                              : "";
  if (every > 1) caption += fmt::format(" There are {} runs: one in {} is drawn.", runs.size(), every);
  if (set.drift && set.drift->significant && first)
    caption += fmt::format(" Drift: {:+.1f} % from the first run to the last.", 100 * set.drift->change);
  return Plot{.name = std::move(name),
              .title = capital(fmt::format("{}, run by run", model::entry_of(measure).title)),
              .caption = std::move(caption),
              .svg = std::move(svg).take()};
}

/// ---- distributions ----

std::vector<const VariantSummary*> summaries(const ComparisonSet& set) {
  std::vector<const VariantSummary*> found = {&set.baseline};
  for (const Comparison& it : set.comparisons) found.push_back(&it.variant);
  return found;
}

size_t color_index(const ComparisonSet& set, const std::string& variant) {
  const auto& names = set.experiment.variants;
  return static_cast<size_t>(std::find(names.begin(), names.end(), variant) - names.begin());
}

void draw_histogram(Svg& svg, const VariantSummary& variant, const Scale& across, double base, double height,
                    const std::string& color) {
  constexpr size_t kBins = 128;
  constexpr size_t kMostTicks = 300;
  const double width = (kRight - kLeft) / kBins;
  std::vector<size_t> counts(kBins);
  for (const auto& value : variant.values) {
    if (!value) continue;
    const double x = across(*value);
    ++counts[std::min(static_cast<size_t>((x - kLeft) / width), kBins - 1)];
    if (variant.values.size() <= kMostTicks) svg.line({x, base}, {x, base + 5}, color + " tick");
  }
  const auto most = static_cast<double>(*std::max_element(counts.begin(), counts.end()));
  for (size_t bin = 0; bin < kBins; ++bin) {
    if (counts[bin] == 0) continue;
    const double high = height * static_cast<double>(counts[bin]) / most;
    svg.rect({kLeft + width * static_cast<double>(bin), base - high}, width - 0.6, high, color,
             fmt::format("{} runs", counts[bin]));
  }
}

std::optional<Plot> distributions(const Evidence& evidence) {
  constexpr double kRow = 66;
  const ComparisonSet& set = evidence.set;
  const auto variants = summaries(set);
  Extent extent;
  for (const VariantSummary* variant : variants) {
    for (const auto& value : variant->values) {
      if (value) extent.add(*value);
    }
  }
  if (extent.empty()) return std::nullopt;
  const double bottom = 6 + kRow * static_cast<double>(variants.size());
  Svg svg(kWidth, bottom + 26, "How often each variant took how long");
  const ValueFormat shown(set.experiment.measure, set.baseline.median);
  const Scale across(extent.low, extent.high, kLeft + 4, kRight - 4);
  draw_value_axis(svg, across, shown, 6, bottom);
  for (size_t i = 0; i < variants.size(); ++i) {
    const VariantSummary& variant = *variants[i];
    const double base = kRow * static_cast<double>(i + 1) - 8;
    draw_histogram(svg, variant, across, base, kRow - 20, color_of(color_index(set, variant.name)));
    svg.text({kLeft - 12, base - 14}, Anchor::End, "name", short_name(variant.name));
    if (variant.median) {
      svg.line({across(*variant.median), base - kRow + 20}, {across(*variant.median), base + 5}, "median");
      svg.text({kLeft - 12, base + 2}, Anchor::End, "soft", shown(*variant.median));
    }
    for (const model::Mode& mode : variant.modes)
      svg.diamond({across(mode.value), base - kRow + 18}, 4, "mode",
                  fmt::format("mode at {}: {:.0f} % of the runs", shown(mode.value), 100 * mode.share));
  }
  return Plot{.name = "distributions",
              .title = "Distributions",
              .caption =
                  "The runs that count, by their value: a line for the "
                  "median, diamonds for modes where there are "
                  "two or more.",
              .svg = std::move(svg).take()};
}

/// ---- time per cpu ----

/// How much of its time a run, or the runs of a variant together, had each cpu.
struct HeatRow {
  std::string variant;
  std::string tip;
  std::map<uint32_t, double> shares;
};

std::vector<HeatRow> heat_rows(const Evidence& evidence, bool together) {
  std::vector<HeatRow> rows;
  for (const std::string& variant : evidence.set.experiment.variants) {
    HeatRow all{.variant = variant, .tip = variant, .shares = {}};
    size_t runs = 0;
    for (const model::RunRecord& record : evidence.records) {
      if (record.variant != variant || record.cpu_ns.empty() || record.duration_ns <= 0) continue;
      HeatRow row{.variant = variant, .tip = fmt::format("{}, run {}", variant, record.order + 1), .shares = {}};
      for (const auto& [cpu, nanoseconds] : record.cpu_ns)
        row.shares[cpu] = static_cast<double>(nanoseconds) / static_cast<double>(record.duration_ns);
      for (const auto& [cpu, share] : row.shares) all.shares[cpu] += share;
      ++runs;
      if (!together) rows.push_back(std::move(row));
    }
    if (!together || runs == 0) continue;
    for (auto& [cpu, share] : all.shares) share /= static_cast<double>(runs);
    rows.push_back(std::move(all));
  }
  return rows;
}

std::optional<Plot> heat(const Evidence& evidence) {
  std::set<uint32_t> cpus;
  for (const model::RunRecord& record : evidence.records) {
    for (const auto& [cpu, nanoseconds] : record.cpu_ns) cpus.insert(cpu);
  }
  if (cpus.size() < 2) return std::nullopt;
  const bool together = evidence.records.size() * cpus.size() > kMostCells;
  const std::vector<HeatRow> rows = heat_rows(evidence, together);
  if (rows.empty()) return std::nullopt;
  const double cell = std::min(46.0, (kRight - kLeft) / static_cast<double>(cpus.size()));
  const double row_height = std::clamp(480.0 / static_cast<double>(rows.size()), 3.0, 22.0);
  double height = 24;
  for (size_t i = 0; i < rows.size(); ++i)
    height += row_height + (i > 0 && rows[i].variant != rows[i - 1].variant ? 14 : 0);
  Svg svg(kWidth, height + 8, "Time on each cpu");
  const size_t every = std::max<size_t>(1, static_cast<size_t>(std::ceil(28 / cell)));
  size_t column = 0;
  for (const uint32_t cpu : cpus) {
    if (column % every == 0)
      svg.text({kLeft + cell * (static_cast<double>(column) + 0.5), 14}, Anchor::Middle, "soft", std::to_string(cpu));
    ++column;
  }
  double y = 22;
  for (size_t i = 0; i < rows.size(); ++i) {
    const bool first = i == 0 || rows[i].variant != rows[i - 1].variant;
    if (first && i > 0) y += 14;
    if (first) svg.text({kLeft - 12, y + 11}, Anchor::End, "name", short_name(rows[i].variant));
    column = 0;
    for (const uint32_t cpu : cpus) {
      const auto found = rows[i].shares.find(cpu);
      const double share = found == rows[i].shares.end() ? 0 : std::min(found->second, 1.0);
      svg.shade({kLeft + cell * static_cast<double>(column++), y}, cell - 0.5, row_height - 0.5, share,
                fmt::format("{}, cpu {}: {:.0f} %", rows[i].tip, cpu, 100 * share));
    }
    y += row_height;
  }
  return Plot{.name = "cpus",
              .title = "Time on each cpu",
              .caption = together ? "Columns are cpus, rows the variants: the darker, the larger "
                                    "the part of their runs' "
                                    "time that was spent on that cpu."
                                  : "Columns are cpus, rows the runs of each variant in their "
                                    "order: the darker, the "
                                    "larger the part of the run's time that was spent on that cpu.",
              .svg = std::move(svg).take()};
}

}  // namespace

std::vector<Plot> plots(const Evidence& evidence) {
  const Measure measure = evidence.set.experiment.measure;
  std::vector<Plot> found;
  const auto add = [&found](std::optional<Plot> plot) {
    if (plot) found.push_back(*std::move(plot));
  };
  add(differences(evidence));
  add(in_order(evidence, measure, "order", 340));
  add(distributions(evidence));
  if (measure != Measure::CpuSeconds) add(in_order(evidence, Measure::CpuSeconds, "cpu", 220));
  if (measure != Measure::MemoryPeak) add(in_order(evidence, Measure::MemoryPeak, "memory", 220));
  add(course_plot(evidence));
  add(heat(evidence));
  return found;
}

// The eight hues are those of Okabe and Ito, which people with colour-blindness
// tell apart.
std::string_view style_of_plots() {
  return R"css(svg{font:12px system-ui,sans-serif;max-width:100%;height:auto;--ink:#1d2126;--soft:#69707a;--line:#e4e5e3;--ground:#fff;--good:#1b7f4b;--bad:#b3341f;--doubtful:#9a6a00}
@media(prefers-color-scheme:dark){svg{--ink:#e3e6e8;--soft:#929aa3;--line:#2b3136;--ground:#1b1f23;--good:#5cc98f;--bad:#f08a76;--doubtful:#e2b35c}}
svg text{fill:var(--ink)}
svg .soft{fill:var(--soft)}
svg .good{fill:var(--good)}svg .bad{fill:var(--bad)}svg .doubtful{fill:var(--doubtful)}
svg .mark{stroke:currentColor;stroke-width:2;fill:currentColor}
svg .good.mark{color:var(--good)}svg .bad.mark{color:var(--bad)}svg .doubtful.mark{color:var(--doubtful)}svg .plain.mark{color:var(--ink)}
svg .grid{stroke:var(--line)}
svg .one{stroke:var(--soft);stroke-dasharray:3 3}
svg .band{fill:var(--soft);fill-opacity:.13}
svg .stripe{fill:var(--soft);fill-opacity:.07}
svg .hollow{fill:var(--ground);stroke:var(--ink)}
svg .median{stroke:var(--ink);stroke-width:1.5}
svg .mode{fill:var(--ink)}
svg .heat{fill:#0072b2;stroke:var(--line);stroke-width:.5}
svg .c0{color:#0072b2}svg .c1{color:#e69f00}svg .c2{color:#009e73}svg .c3{color:#cc79a7}svg .c4{color:#d55e00}svg .c5{color:#56b4e9}svg .c6{color:#8a7f00}svg .c7{color:#7a7a7a}
svg rect[class^=c],svg circle[class^=c]{fill:currentColor;fill-opacity:.8}
svg .tick{stroke:currentColor}svg .trace{stroke:currentColor;stroke-width:1.6}
svg circle.control{fill:none;stroke:currentColor;stroke-width:1.3}
svg circle.excluded{fill:none;stroke:currentColor;stroke-dasharray:2 1.5}
)css";
}

std::string as_file(const Plot& plot) {
  const size_t after_tag = plot.svg.find('>') + 1;
  std::string file = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  file.append(plot.svg, 0, after_tag).append("<style>").append(style_of_plots()).append("</style>");
  return file.append(plot.svg, after_tag);
}

}  // namespace benchd::report
