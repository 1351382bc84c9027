#pragma once

#include <string>
#include <vector>

#include "model/verdict.h"

/// The table of verdicts, as text for terminals and as Markdown.
namespace benchd::report {

enum class Tone : uint8_t { Plain, Good, Bad, Doubtful };

Tone tone_of(const model::Comparison& comparison);
/// "plain", "good", "bad", "doubtful": for style sheets.
const char* class_of(Tone tone);

struct Cell {
  std::string text;
  Tone tone = Tone::Plain;
};

struct Column {
  std::string head;
  bool left = false;      ///< aligned; else right
  bool optional = false;  ///< may be left out where there is little room
};

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  ///< as many cells as columns
};

/// One row a variant, the baseline first, the control last.
Table verdict_table(const model::ComparisonSet& set);

struct Style {
  bool color = false;
  size_t width = 0;  ///< columns of the terminal; 0: no limit
};

/// Headline, table and notes. Where the table is wider than the terminal it loses optional columns from the right, then
/// its names are cut.
std::string as_text(const model::ComparisonSet& set, const Style& style);
std::string as_markdown(const model::ComparisonSet& set);

}  // namespace benchd::report
