#pragma once

#include <string>
#include <string_view>

#include "model/verdict.h"

/// Comparisons for programs.
namespace benchd::report {

/// One JSON object with every raw value; what is unknown or infinite is null. Ends with a newline.
std::string as_json(const model::ComparisonSet& set);

/// A line of column names and one a comparison, quoted as in RFC 4180; what is unknown is empty, infinity is "inf".
std::string as_csv(const model::ComparisonSet& set);

/// As UTF-8, in quotes where it needs them, blanks at its ends included.
std::string csv_cell(std::string_view text);

}  // namespace benchd::report
