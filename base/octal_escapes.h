#pragma once

#include <string>
#include <string_view>

namespace benchd::base {

/// `escaped` with the \ooo undone by which the kernel writes a blank, tab, newline or backslash in its tables of mounts
/// (fs/seq_file.c, mangle_path), into `out`. A backslash without a byte's three octal digits behind it stays.
void undo_octal_escapes(std::string_view escaped, std::string& out);

}  // namespace benchd::base
