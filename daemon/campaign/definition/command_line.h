#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace benchd::campaign {

/// Who takes a command's text apart.
enum class Shell : uint8_t {
  Auto,     ///< benchd, unless the text has something that only a shell understands
  None,     ///< benchd, whatever is in it
  Default,  ///< /bin/sh, whose own start is then part of the run
};

/// Program and arguments of a command as it is typed: blanks part them, '…', "…" and \ keep them together.
base::Result<std::vector<std::string>> split_command(const std::string& text, Shell shell);

}  // namespace benchd::campaign
