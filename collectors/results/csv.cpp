#include <charconv>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "base/text.h"
#include "collectors/results/csv_rows.h"
#include "collectors/results/formats.h"

namespace benchd::results {
namespace {

using model::Measure;

enum class Role : uint8_t { Variant, Block, Host, Outcome, Excluded, Measured };
struct Column {
  Role role;
  Measure measure = Measure::Value;
};

std::optional<Column> column_named(std::string_view name) {
  if (name == "variant") return Column{Role::Variant};
  if (name == "block") return Column{Role::Block};
  if (name == "host") return Column{Role::Host};
  if (name == "outcome") return Column{Role::Outcome};
  if (name == "excluded") return Column{Role::Excluded};
  if (const auto measure = model::measure_named(name)) return Column{Role::Measured, *measure};
  return std::nullopt;
}

std::string allowed_columns() {
  std::string list = "variant, block, host, outcome, excluded";
  for (const model::MeasureEntry& entry : model::kMeasures) list += std::string(", ") + entry.name;
  return list;
}

class CsvParser {
 public:
  CsvParser(std::string_view text, const std::string& file) : rows_(text), file_(file) {}

  base::Result<Results> parse() {
    std::vector<std::string> cells;
    if (!rows_.next(cells)) return base::Error{0, file_ + ": the file is empty"};
    bool has_names = false;
    for (const std::string& cell : cells) has_names |= base::trim(cell) == "variant";
    const auto columns = has_names ? take_names(cells) : guess_columns(cells.size());
    if (!columns.ok()) return columns.error();
    if (has_names && !rows_.next(cells)) return error("there are names of columns, and no rows below them");
    do {
      if (const auto taken = take_row(cells); !taken.ok()) return taken.error();
    } while (rows_.next(cells));
    for (const Column& column : columns_) {
      if (column.role == Role::Measured) results_.measures.push_back(column.measure);
    }
    return std::move(results_);
  }

 private:
  base::Error error(const std::string& what) const {
    return {0, file_ + ":" + std::to_string(rows_.line()) + ": " + what};
  }

  base::Result<base::Done> take_names(const std::vector<std::string>& cells) {
    bool measured = false;
    std::unordered_set<std::string_view> seen;
    for (const std::string& cell : cells) {
      const std::string_view name = base::trim(cell);
      const auto column = column_named(name);
      if (!column) return error("unknown column \"" + std::string(name) + "\", allowed are " + allowed_columns());
      if (!seen.insert(name).second) return error("column \"" + std::string(name) + "\" is there twice");
      measured |= column->role == Role::Measured;
      columns_.push_back(*column);
    }
    if (!measured) return error("there is no column of values: \"value\", or a measure's name");
    return base::Done{};
  }

  base::Result<base::Done> guess_columns(size_t count) {
    if (count == 2)
      columns_ = {{Role::Variant}, {Role::Measured}};
    else if (count == 3)
      columns_ = {{Role::Variant}, {Role::Block}, {Role::Measured}};
    else
      return error("found " + std::to_string(count) +
                   " columns, expected variant,value or variant,block,value, or a first line that names the columns");
    return base::Done{};
  }

  base::Result<base::Done> take_row(const std::vector<std::string>& cells) {
    if (rows_.broken()) return error("a quote is never closed");
    if (cells.size() != columns_.size())
      return error("found " + std::to_string(cells.size()) + " columns, expected " + std::to_string(columns_.size()));
    model::Run run;
    bool measured = false;
    for (size_t i = 0; i < cells.size(); ++i) {
      const std::string_view cell = base::trim(cells[i]);
      if (const auto taken = take_cell(columns_[i], cell, run); !taken.ok()) return taken.error();
      measured |= columns_[i].role == Role::Measured && !cell.empty();
    }
    if (!measured && !run.failed) return error("there is no value, and the run did not fail");
    const bool first = results_.runs.empty();
    if (!first && run.block.has_value() != results_.runs.front().block.has_value())
      return error(run.block ? "a block, while rows above have none" : "there is no block, while rows above have one");
    if (run.block && !blocks_[run.host + '\n' + std::to_string(run.variant)].insert(*run.block).second)
      return error("variant \"" + results_.variants[run.variant] + "\" is in block " + std::to_string(*run.block) +
                   " twice");
    results_.runs.push_back(std::move(run));
    return base::Done{};
  }

  base::Result<base::Done> take_cell(const Column& column, std::string_view cell, model::Run& run) {
    const std::string found = "found \"" + std::string(cell) + "\", expected ";
    switch (column.role) {
      case Role::Variant:
        if (cell.empty()) return error("the variant has no name");
        run.variant = index_of(std::string(cell));
        if (results_.variants.size() > kMostVariants)
          return error("more than " + std::to_string(kMostVariants) + " variants: is this the variants' column?");
        break;
      case Role::Block:
        if (cell.empty()) break;
        run.block = base::parse_integer(cell);
        if (!run.block) return error(found + "a block's number");
        break;
      case Role::Host:
        run.host = cell;
        break;
      case Role::Outcome:
        if (cell != "ok" && cell != "failed") return error(found + "ok or failed");
        run.failed = cell == "failed";
        break;
      case Role::Excluded:
        run.exclusion = cell;
        break;
      case Role::Measured:
        return take_value(column.measure, cell, run);
    }
    return base::Done{};
  }

  base::Result<base::Done> take_value(Measure measure, std::string_view cell, model::Run& run) {
    if (cell.empty()) return base::Done{};
    double value = 0;
    const auto [end, fault] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    const std::string found = "found \"" + std::string(cell) + "\" as " + model::entry_of(measure).name;
    if (fault == std::errc::result_out_of_range) return error(found + ": beyond all numbers");
    if (fault != std::errc() || end != cell.data() + cell.size()) return error(found + ", expected a number");
    if (!std::isfinite(value)) return error(found + ": a measure is finite");
    if (value < 0) return error(found + ": a measure is not negative");
    run.values.set(measure, value);
    return base::Done{};
  }

  uint32_t index_of(const std::string& name) {
    const auto [at, added] = indexes_.try_emplace(name, results_.variants.size());
    if (added) results_.variants.push_back(name);
    return at->second;
  }

  CsvRows rows_;
  const std::string& file_;
  std::vector<Column> columns_;
  Results results_;
  std::unordered_map<std::string, uint32_t> indexes_;
  std::unordered_map<std::string, std::unordered_set<uint64_t>> blocks_;  ///< of each host's variant
};

}  // namespace

base::Result<Results> parse_csv(std::string_view text, const std::string& file) {
  return CsvParser(text, file).parse();
}

}  // namespace benchd::results
