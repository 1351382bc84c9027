#include "base/octal_escapes.h"

#include <cstdint>
#include <optional>

#include "base/text.h"

namespace benchd::base {

void undo_octal_escapes(std::string_view escaped, std::string& out) {
  out.clear();
  while (!escaped.empty()) {
    const auto code =
        escaped[0] == '\\' && escaped.size() >= 4 ? parse_integer<uint8_t>(escaped.substr(1, 3), 8) : std::nullopt;
    out += code ? static_cast<char>(*code) : escaped[0];
    escaped.remove_prefix(code ? 4 : 1);
  }
}

}  // namespace benchd::base
