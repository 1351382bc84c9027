#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/run.h"

/// Results that other tools have measured, as runs.
namespace benchd::results {

/// What files hold.
struct Results {
  std::vector<std::string> variants;     ///< in the order of their first runs; Run::variant is an index into it
  std::vector<model::Measure> measures;  ///< that runs have, the main one first
  std::vector<model::Run> runs;          ///< in the order of starts, as far as the format tells it
};

/// More variants than that are taken for a column that is none.
inline constexpr size_t kMostVariants = 1000;

/// The runs of a file's text, whichever of the known formats it has: JSON of hyperfine or of pyperf, else CSV. `file`
/// is its name, for errors: "FILE:LINE: what is wrong and what is allowed".
base::Result<Results> parse(std::string_view text, const std::string& file);

/// One file's results under its path.
struct FileResults {
  std::string path;
  Results results;
};

/// The runs of all `files`, one after the other, with the measures that all of them have. A variant belongs to one
/// file; where files with one variant each call it the same, it is named after the file: "base.json" and "change.json"
/// become "base" and "change".
base::Result<Results> merge(std::vector<FileResults> files);

/// Reads, parses and merges.
base::Result<Results> read(const std::vector<std::string>& paths);

}  // namespace benchd::results
