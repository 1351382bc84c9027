#include "exporters/report/table.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "exporters/report/notes.h"
#include "exporters/report/words.h"

namespace benchd::report {
namespace {

using model::Comparison;
using model::ComparisonSet;

constexpr size_t kShortestName = 8;

/// Columns on a terminal: one a character; marks that combine are not expected in names.
size_t width_of(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string cut(const std::string& text, size_t width) {
  if (width_of(text) <= width) return text;
  size_t end = 0;
  for (size_t kept = 0; end < text.size(); ++end) {
    if ((static_cast<unsigned char>(text[end]) & 0xc0) != 0x80 && kept++ == width - 1) break;
  }
  return text.substr(0, end) + "…";
}

/// The other measures that any comparison has.
std::vector<model::Measure> beside_measures(const ComparisonSet& set) {
  std::vector<model::Measure> measures;
  for (const model::MeasureEntry& entry : model::kMeasures) {
    const auto has = [&entry](const Comparison& comparison) {
      return std::any_of(comparison.beside.begin(), comparison.beside.end(),
                         [&entry](const model::Beside& beside) { return beside.measure == entry.measure; });
    };
    if (std::any_of(set.comparisons.begin(), set.comparisons.end(), has)) measures.push_back(entry.measure);
  }
  return measures;
}

std::vector<Cell> baseline_row(const ComparisonSet& set, const ValueFormat& value, size_t beside) {
  std::vector<Cell> row = {
      {printable(set.baseline.name)}, {set.baseline.median ? value(*set.baseline.median) : "–"}, {"1"}, {"baseline"}};
  row.resize(row.size() + beside, {"1"});
  row.push_back({"1.0"});
  row.push_back({""});
  return row;
}

std::vector<Cell> comparison_row(const Comparison& comparison, const ComparisonSet& set, const ValueFormat& value,
                                 const std::vector<model::Measure>& beside) {
  std::vector<Cell> row = {{printable(comparison.variant.name)},
                           {comparison.variant.median ? value(*comparison.variant.median) : "–"},
                           {ratio(comparison.ratio.value)},
                           {comparison.ratio.bounds ? range(*comparison.ratio.bounds) : "–"}};
  for (const model::Measure measure : beside) {
    const auto found = std::find_if(comparison.beside.begin(), comparison.beside.end(),
                                    [measure](const model::Beside& it) { return it.measure == measure; });
    row.push_back({found == comparison.beside.end() ? "–" : fmt::format("{:.2f}", found->ratio)});
  }
  row.push_back({comparison.spread ? fmt::format("{:.1f}", comparison.spread->value) : "–"});
  row.push_back({verdict_words(comparison, set), tone_of(comparison)});
  return row;
}

std::vector<Cell> control_row(const ComparisonSet& set, size_t beside) {
  const model::Control& control = *set.control;
  std::vector<Cell> row = {{"A/A " + printable(set.baseline.name)},
                           {""},
                           {ratio(control.ratio.value)},
                           {control.ratio.bounds ? range(*control.ratio.bounds) : "–"}};
  row.resize(row.size() + beside + 1);
  row.push_back({control_words(control, set), control.passes ? Tone::Plain : Tone::Doubtful});
  return row;
}

std::string head_of_interval(const ComparisonSet& set) {
  const std::string confidence = share(set.experiment.confidence);
  return set.together > 1 ? fmt::format("{} ({} together)", confidence, set.together) : confidence;
}

const char* color_of(Tone tone) {
  switch (tone) {
    case Tone::Plain:
      return "";
    case Tone::Good:
      return "\x1b[32m";
    case Tone::Bad:
      return "\x1b[31m";
    case Tone::Doubtful:
      return "\x1b[33m";
  }
  return "";
}

std::vector<size_t> widths_of(const Table& table) {
  std::vector<size_t> widths;
  for (size_t column = 0; column < table.columns.size(); ++column) {
    size_t width = width_of(table.columns[column].head);
    for (const auto& row : table.rows) width = std::max(width, width_of(row[column].text));
    widths.push_back(width);
  }
  return widths;
}

size_t total(const std::vector<size_t>& widths) {
  size_t sum = 0;
  for (const size_t width : widths) sum += width + 2;
  return sum - 2;
}

void drop_column(Table& table, size_t column) {
  table.columns.erase(table.columns.begin() + static_cast<std::ptrdiff_t>(column));
  for (auto& row : table.rows) row.erase(row.begin() + static_cast<std::ptrdiff_t>(column));
}

void fit(Table& table, size_t width) {
  for (size_t column = table.columns.size(); column-- > 0 && total(widths_of(table)) > width;) {
    if (table.columns[column].optional) drop_column(table, column);
  }
  const auto widths = widths_of(table);
  if (total(widths) <= width) return;
  const size_t over = total(widths) - width;
  const size_t room = std::max(kShortestName, widths[0] > over ? widths[0] - over : 0);
  for (auto& row : table.rows) row[0].text = cut(row[0].text, room);
}

/// Broken at blanks, so that no line is wider than the terminal; lines after the first stand farther in.
std::string wrapped(const std::string& note, size_t width) {
  constexpr size_t kIndent = 6;
  std::string text = "  ";
  size_t at = text.size();
  for (size_t begin = 0; begin < note.size();) {
    const size_t end = std::min(note.find(' ', begin), note.size());
    const std::string word = note.substr(begin, end - begin);
    if (width > 0 && begin > 0 && at + 1 + width_of(word) > width) {
      text += '\n' + std::string(kIndent, ' ');
      at = kIndent;
    } else if (begin > 0) {
      text += ' ';
      ++at;
    }
    text += word;
    at += width_of(word);
    begin = end + 1;
  }
  return text + '\n';
}

/// Markdown's own characters, as text.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (std::string_view("|\\`*_[]<>").find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

}  // namespace

Tone tone_of(const Comparison& comparison) {
  if (!comparison.verdict) return Tone::Doubtful;
  switch (*comparison.verdict) {
    case model::Verdict::Faster:
      return Tone::Good;
    case model::Verdict::Slower:
      return Tone::Bad;
    case model::Verdict::Equivalent:
      return Tone::Plain;
    case model::Verdict::Inconclusive:
      return Tone::Doubtful;
  }
  return Tone::Plain;
}

const char* class_of(Tone tone) {
  constexpr std::array kClasses = {"plain", "good", "bad", "doubtful"};
  return kClasses[static_cast<size_t>(tone)];
}

Table verdict_table(const ComparisonSet& set) {
  const ValueFormat value(set.experiment.measure, set.baseline.median);
  const auto beside = beside_measures(set);
  Table table;
  table.columns = {{"", true, false},
                   {model::entry_of(set.experiment.measure).title},
                   {"ratio"},
                   {head_of_interval(set), true, false}};
  for (const model::Measure measure : beside) table.columns.push_back({model::entry_of(measure).title, false, true});
  table.columns.push_back({"spread", false, true});
  table.columns.push_back({"verdict", true, false});
  table.rows.push_back(baseline_row(set, value, beside.size()));
  for (const Comparison& comparison : set.comparisons)
    table.rows.push_back(comparison_row(comparison, set, value, beside));
  if (set.control) table.rows.push_back(control_row(set, beside.size()));
  return table;
}

std::string as_text(const ComparisonSet& set, const Style& style) {
  Table table = verdict_table(set);
  if (style.width > 0) fit(table, style.width);
  const auto widths = widths_of(table);
  const auto add_line = [&](std::string& text, const auto& cell_of) {
    std::string line;
    size_t gap = 0;  // not written at the end of a line
    for (size_t column = 0; column < widths.size(); ++column) {
      const Cell cell = cell_of(column);
      const size_t pad = widths[column] - width_of(cell.text);
      const bool left = table.columns[column].left;
      if (!cell.text.empty()) {
        line += std::string(gap + (left ? 0 : pad), ' ');
        const bool colored = style.color && cell.tone != Tone::Plain;
        line += colored ? color_of(cell.tone) + cell.text + "\x1b[0m" : cell.text;
        gap = left ? pad : 0;
      } else {
        gap += pad;
      }
      gap += 2;
    }
    text += line + '\n';
  };
  std::string text = headline(set) + '\n';
  add_line(text, [&](size_t column) { return Cell{table.columns[column].head}; });
  for (const auto& row : table.rows) add_line(text, [&](size_t column) { return row[column]; });
  const auto below = notes(set);
  if (!below.empty()) text += "\nNotes\n";
  for (const std::string& note : below) text += wrapped(note, style.width);
  return text;
}

std::string as_markdown(const ComparisonSet& set) {
  const Table table = verdict_table(set);
  std::string text = escaped(headline(set)) + "\n\n|";
  for (const Column& column : table.columns) text += " " + (column.head.empty() ? "variant" : column.head) + " |";
  text += "\n|";
  for (const Column& column : table.columns) text += column.left ? ":---|" : "---:|";
  for (const auto& row : table.rows) {
    text += "\n|";
    for (const Cell& cell : row) text += " " + escaped(cell.text) + " |";
  }
  text += '\n';
  for (const std::string& note : notes(set)) text += "\n- " + escaped(note);
  return text + '\n';
}

}  // namespace benchd::report
