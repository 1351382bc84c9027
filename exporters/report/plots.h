#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/run.h"
#include "model/run_record.h"
#include "model/verdict.h"

/// Pictures of a comparison.
namespace benchd::report {

/// A comparison with the runs it is of.
struct Evidence {
  model::ComparisonSet set;
  std::vector<model::Run> runs;           ///< as given to analysis::compare(): in the order of their starts
  std::vector<model::RunRecord> records;  ///< one for each of them where they come from a ledger; else empty
};

struct Plot {
  std::string name;     ///< of its file, without ".svg": "differences"
  std::string title;    ///< "Differences"
  std::string caption;  ///< how to read it, in a sentence or two
  std::string svg;      ///< an <svg> element that wants style_of_plots()
};

/// Those that there is something to draw for, in the order in which they are to be looked at.
std::vector<Plot> plots(const Evidence& evidence);

/// CSS for all of them, light and dark.
std::string_view style_of_plots();

/// A file of its own: the element with its style in it.
std::string as_file(const Plot& plot);

}  // namespace benchd::report
