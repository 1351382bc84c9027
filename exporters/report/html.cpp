#include "exporters/report/html.h"

#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "exporters/report/data.h"
#include "exporters/report/notes.h"
#include "exporters/report/table.h"
#include "exporters/report/words.h"

namespace benchd::report {
namespace {

using model::ComparisonSet;
using model::Run;

/// Rows beyond this are only counted.
constexpr size_t kMostRows = 500;

constexpr std::string_view kStyle = R"css(
:root{color-scheme:light dark;--ground:#fbfbfa;--panel:#fff;--ink:#1d2126;--soft:#69707a;--line:#e4e5e3;--good:#1b7f4b;--bad:#b3341f;--doubtful:#9a6a00}
@media(prefers-color-scheme:dark){:root{--ground:#14171a;--panel:#1b1f23;--ink:#e3e6e8;--soft:#929aa3;--line:#2b3136;--good:#5cc98f;--bad:#f08a76;--doubtful:#e2b35c}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1040px;padding:24px 20px 40px;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums}
h1{font-size:22px;margin:0}
h2{font-size:16px;margin:34px 0 6px}
p{margin:6px 0;max-width:76ch}
.soft{color:var(--soft)}
.panel{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:10px;overflow-x:auto;margin:8px 0}
table{border-collapse:collapse;width:100%}
th{font-size:12px;font-weight:500;color:var(--soft);text-align:right;padding:6px 10px;border-bottom:1px solid var(--line)}
td{text-align:right;padding:6px 10px;border-top:1px solid var(--line);white-space:nowrap}
tbody tr:first-child td{border-top:0}
.left{text-align:left}
td.good{color:var(--good);font-weight:600}td.bad{color:var(--bad);font-weight:600}td.doubtful{color:var(--doubtful)}
figure{margin:8px 0}
figcaption{color:var(--soft);max-width:90ch}
li{margin:3px 0}
@media print{body{max-width:none}.panel{break-inside:avoid}}
)css";

template <class... Arguments>
void add(std::string& html, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  fmt::format_to(std::back_inserter(html), format, std::forward<Arguments>(arguments)...);
}

void add_table(std::string& html, const Table& table) {
  html += "<div class=\"panel\"><table><thead><tr>";
  for (const Column& column : table.columns)
    add(html, "<th class=\"{}\">{}</th>", column.left ? "left" : "", markup(column.head));
  html += "</tr></thead><tbody>\n";
  for (const auto& row : table.rows) {
    html += "<tr>";
    for (size_t i = 0; i < row.size(); ++i) {
      add(html, "<td class=\"{}{}\">{}</td>", table.columns[i].left ? "left " : "", class_of(row[i].tone),
          markup(row[i].text));
    }
    html += "</tr>\n";
  }
  html += "</tbody></table></div>\n";
}

void add_notes(std::string& html, const ComparisonSet& set) {
  const auto all = notes(set);
  if (all.empty()) return;
  html += "<h2>Notes</h2>\n<ul>\n";
  for (const std::string& note : all) add(html, "<li>{}</li>\n", markup(note));
  html += "</ul>\n";
}

/// Of a run that failed or was left out, why.
struct Odd {
  size_t run = 0;
  std::string variant;
  std::optional<uint64_t> block;
  std::string cause;
};

void add_odd(std::string& html, const char* title, const char* words, const std::vector<Odd>& odd) {
  if (odd.empty()) return;
  add(html, "<h2>{}</h2>\n<p class=\"soft\">{}</p>\n", title, words);
  html +=
      "<div class=\"panel\"><table><thead><tr><th>run</th><th class=\"left\">variant</th><th>block</th>"
      "<th class=\"left\">cause</th></tr></thead><tbody>\n";
  for (size_t i = 0; i < std::min(odd.size(), kMostRows); ++i) {
    add(html, "<tr><td>{}</td><td class=\"left\">{}</td><td>{}</td><td class=\"left\">{}</td></tr>\n", odd[i].run + 1,
        markup(odd[i].variant), odd[i].block ? std::to_string(*odd[i].block + 1) : "–", markup(odd[i].cause));
  }
  html += "</tbody></table></div>\n";
  if (odd.size() > kMostRows) add(html, "<p class=\"soft\">… and {} more.</p>\n", odd.size() - kMostRows);
}

void add_odd_runs(std::string& html, const Evidence& evidence) {
  std::vector<Odd> failed;
  std::vector<Odd> excluded;
  for (size_t i = 0; i < evidence.runs.size(); ++i) {
    const Run& run = evidence.runs[i];
    Odd odd{.run = i, .variant = evidence.set.experiment.variants[run.variant], .block = run.block, .cause = ""};
    if (run.failed) {
      odd.cause = evidence.records.empty() ? "failed" : evidence.records[i].failure;
      failed.push_back(odd);
    }
    if (!run.exclusion.empty()) {
      odd.cause = run.exclusion;
      excluded.push_back(odd);
    }
  }
  add_odd(html, "Failures", "A failed run is an outcome: it ranks worst, and is never left out.", failed);
  add_odd(html, "Exclusions",
          "Left out for a cause outside the variant, by a rule that was fixed before the values were looked at.",
          excluded);
}

/// Cells of a matrix differ in nothing that is told here.
std::vector<std::string> methods(std::span<const Evidence> cells) {
  const ComparisonSet& set = cells.front().set;
  const auto& experiment = set.experiment;
  const model::MeasureEntry& measure = model::entry_of(experiment.measure);
  std::vector<std::string> text;
  text.push_back(fmt::format("A run is one start of one variant and gives one number, its {}. {} is better.",
                             measure.title, measure.higher_is_better ? "Higher" : "Lower"));
  switch (set.blocking) {
    case model::Blocking::Campaign:
      text.emplace_back("Each block starts every variant once, in an order drawn by lot" +
                        (experiment.seed ? fmt::format(" (seed {})", *experiment.seed) : std::string()) +
                        ": what changes on the host from block to block concerns all variants alike.");
      break;
    case model::Blocking::FoundInOrder:
      text.emplace_back("The variants were started by turns; blocks were formed of neighbours in that order.");
      break;
    case model::Blocking::None:
      text.emplace_back("The runs were not started in blocks: their order may be mistaken for a difference.");
      break;
  }
  text.emplace_back(
      set.blocking == model::Blocking::None
          ? "The ratio is the Hodges-Lehmann estimate of the shift between the logarithms of both variants' values; "
            "its "
            "interval inverts the Mann-Whitney test."
          : "The ratio is the Hodges-Lehmann pseudo-median of the blocks' logarithmic ratios; its interval inverts "
            "Wilcoxon's signed-rank test: exactly up to 50 blocks, beyond by the normal approximation.");
  uint64_t together = 0;
  double error = 0;
  for (const Evidence& cell : cells) {
    together += cell.set.together;
    error += 1 - cell.set.experiment.confidence;
  }
  text.push_back(fmt::format(
      "The {} interval{} shown{} hold all true ratios at once in {} of such campaigns (Bonferroni). {}", together,
      together == 1 ? "" : "s", cells.size() > 1 ? ", those of all cells," : "", share(1 - error),
      set.looks == 1 ? "This was the only look at the data."
                     : fmt::format("It was look {} at the data; each look spends a part of the error.", set.looks)));
  const double most = 1 + experiment.threshold;
  text.push_back(
      fmt::format("A variant is faster when its whole interval lies below {}, slower above {}, equivalent when "
                  "it lies between, and inconclusive otherwise ({} was fixed before the first run){}.",
                  ratio(1 / most), ratio(most), threshold(experiment.threshold),
                  measure.higher_is_better ? "; here higher is better, so the sides change places" : ""));
  text.emplace_back(
      "Failed runs rank worst and count. Runs are left out only for causes measured outside the variant, and the "
      "verdict "
      "with them is told too.");
  return text;
}

/// A data: URL, byte by byte where a URL or an attribute would stumble (RFC 3986).
std::string data_url(std::string_view type, std::string_view data) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string url = fmt::format("data:{};charset=utf-8,", type);
  url.reserve(url.size() + data.size() * 5 / 4);
  for (const char c : data) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && std::string_view("\"#%<>&'\\^`{|}").find(c) == std::string_view::npos) {
      url += c;
      continue;
    }
    url += '%';
    url += kHex[byte >> 4];
    url += kHex[byte & 15];
  }
  return url;
}

std::string runs_csv(const Evidence& evidence) {
  std::string text = "run,variant,block,control,failed,excluded";
  for (const model::MeasureEntry& entry : model::kMeasures) text.append(",").append(entry.name);
  text += '\n';
  for (size_t i = 0; i < evidence.runs.size(); ++i) {
    const Run& run = evidence.runs[i];
    add(text, "{},{},{},{},{},{}", i + 1, csv_cell(evidence.set.experiment.variants[run.variant]),
        run.block ? std::to_string(*run.block + 1) : "", run.control ? 1 : 0, run.failed ? 1 : 0,
        csv_cell(run.exclusion));
    for (const model::MeasureEntry& entry : model::kMeasures) {
      const auto value = run.values[entry.measure];
      text += value ? fmt::format(",{}", *value) : ",";
    }
    text += '\n';
  }
  return text;
}

/// Names that are in every cell are told apart by its number.
std::string in_cell(std::string_view name, size_t cell) {
  return cell == 0 ? std::string(name) : fmt::format("{}-{}", name, cell + 1);
}

void add_cell(std::string& html, const Evidence& evidence, size_t cell) {
  const ComparisonSet& set = evidence.set;
  add(html, "<h1 id=\"{}\">{}</h1>\n<p class=\"soft\">{}</p>\n", in_cell("verdicts", cell), markup(set.experiment.name),
      markup(headline(set)));
  add_table(html, verdict_table(set));
  for (const Plot& plot : plots(evidence)) {
    add(html, "<h2>{}</h2>\n<figure id=\"{}\"><div class=\"panel\">{}</div>", markup(plot.title),
        in_cell(plot.name, cell), plot.svg);
    if (!plot.caption.empty()) add(html, "<figcaption>{}</figcaption>", markup(plot.caption));
    html += "</figure>\n";
  }
  add_notes(html, set);
  add_odd_runs(html, evidence);
  const std::string name = markup(set.experiment.name);
  add(html,
      "<h2>Raw data</h2>\n<p><a download=\"{0}-runs.csv\" href=\"{1}\">every run (CSV)</a> · "
      "<a download=\"{0}.json\" href=\"{2}\">verdicts and values (JSON)</a></p>\n",
      name, data_url("text/csv", runs_csv(evidence)), data_url("application/json", as_json(set)));
}

}  // namespace

std::string as_html(std::span<const Evidence> cells) {
  std::string html;
  if (cells.empty()) return html;
  add(html,
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
      "<title>{}: verdicts</title><style>{}{}</style></head><body>\n",
      markup(cells.front().set.experiment.name), kStyle, style_of_plots());
  if (cells.size() > 1) {
    html += "<p class=\"soft\">Cells of the matrix:";
    for (size_t i = 0; i < cells.size(); ++i)
      add(html, " {}<a href=\"#{}\">{}</a>", i == 0 ? "" : "· ", in_cell("verdicts", i),
          markup(cells[i].set.experiment.name));
    html += "</p>\n";
  }
  for (size_t i = 0; i < cells.size(); ++i) add_cell(html, cells[i], i);
  html += "<h2>Methods</h2>\n";
  for (const std::string& paragraph : methods(cells)) add(html, "<p>{}</p>\n", markup(paragraph));
  html += "</body></html>\n";
  return html;
}

}  // namespace benchd::report
