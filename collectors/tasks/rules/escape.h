#pragma once

#include <string>
#include <string_view>

namespace benchd::rules {

/// Reads a quoted text whose opening quote is taken already off `rest`, and the closing one too. JSON's escapes and
/// C's; one that is neither stands for its character. A view into `rest` if there is no escape, else into `scratch`, at
/// whose end it is put: `scratch` must have room for it, since views into it are about. False in `closed` if the text
/// ends without the quote.
std::string_view take_quoted(std::string_view& rest, std::string& scratch, bool& closed);

}  // namespace benchd::rules
