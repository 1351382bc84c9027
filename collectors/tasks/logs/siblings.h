#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace benchd::logs {

/// A file that a log's name stands for or stood for.
struct Sibling {
  std::string name;
  bool compressed = false;  ///< gzip
};

/// Of the names in a folder those that are `log` itself and what rotation made of it, oldest first, the log last:
/// log.2, log.1 (also log.1.gz); log.20250101-120000, log-20250101, and between stem and ending, stem-2025….log,
/// stem.1.log, by their digits. Numbers of up to four digits after a dot count backwards; more digits are a date. While
/// a file is being compressed both it and its .gz are there: only the former counts.
std::vector<Sibling> siblings_of(std::string_view log, const std::vector<std::string>& names);

/// The names in a folder, which is used up. Unsorted; empty if it cannot be read.
std::vector<std::string> names_in(base::Fd folder);

}  // namespace benchd::logs
