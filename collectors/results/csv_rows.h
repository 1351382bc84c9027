#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace benchd::results {

/// The rows of a CSV text, quoted as in RFC 4180. A cell may have line breaks; an error names the line in which its row
/// begins. Views the text. Internal to this folder.
class CsvRows {
 public:
  explicit CsvRows(std::string_view text) : rest_(text) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
  }

  /// The next row that is not blank; false at the end. `cells` is reused.
  bool next(std::vector<std::string>& cells) {
    do {
      if (rest_.empty()) return false;
      line_ = next_line_;
      take_row(cells);
    } while (cells.size() == 1 && base::trim(cells[0]).empty());
    return true;
  }
  size_t line() const { return line_; }
  bool broken() const { return broken_; }  ///< the row ends within quotes

 private:
  void take_row(std::vector<std::string>& cells) {
    size_t count = 0;
    do {
      if (count == cells.size()) cells.emplace_back();
    } while (take_cell(cells[count++]));
    cells.resize(count);
  }
  /// True if another cell follows in this row.
  bool take_cell(std::string& cell) {
    cell.clear();
    bool quoted = false;
    for (size_t i = 0; i < rest_.size(); ++i) {
      const char c = rest_[i];
      next_line_ += c == '\n' ? 1 : 0;
      if (quoted) {
        if (c != '"')
          cell += c;
        else if (i + 1 < rest_.size() && rest_[i + 1] == '"')
          cell += rest_[++i];
        else
          quoted = false;
      } else if (c == '"' && base::trim(cell).empty()) {
        cell.clear();
        quoted = true;
      } else if (c == ',' || c == '\n') {
        rest_.remove_prefix(i + 1);
        if (c == '\n' && cell.ends_with('\r')) cell.pop_back();
        return c == ',';
      } else {
        cell += c;
      }
    }
    rest_ = {};
    broken_ = quoted;
    return false;
  }

  std::string_view rest_;
  size_t line_ = 0;
  size_t next_line_ = 1;
  bool broken_ = false;
};

}  // namespace benchd::results
