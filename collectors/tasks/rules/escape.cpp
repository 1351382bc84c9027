#include "collectors/tasks/rules/escape.h"

#include <cstdint>
#include <optional>

#include "base/text.h"

namespace benchd::rules {
namespace {

void append_utf8(std::string& out, uint32_t code) {
  const auto byte = [&](uint32_t value) { out += static_cast<char>(value); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | code >> 6);
    byte(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    byte(0xE0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3F));
    byte(0x80 | (code & 0x3F));
  } else {
    byte(0xF0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3F));
    byte(0x80 | (code >> 6 & 0x3F));
    byte(0x80 | (code & 0x3F));
  }
}

std::optional<uint32_t> hex(std::string_view text, size_t digits) {
  if (text.size() < digits) return std::nullopt;
  return base::parse_integer<uint32_t>(text.substr(0, digits), 16);
}

/// Appends what the escape at the front of `text`, behind its backslash, stands for; its length. Never more bytes than
/// it has itself.
size_t unescape(std::string_view text, std::string& out) {
  switch (text[0]) {
    case 'n':
      out += '\n';
      return 1;
    case 't':
      out += '\t';
      return 1;
    case 'r':
      out += '\r';
      return 1;
    case 'b':
      out += '\b';
      return 1;
    case 'f':
      out += '\f';
      return 1;
    case 'x':
      if (const auto byte = hex(text.substr(1), 2)) {
        out += static_cast<char>(*byte);
        return 3;
      }
      break;
    case 'u':
      if (const auto code = hex(text.substr(1), 4)) {
        const bool high = *code >= 0xD800 && *code < 0xDC00;
        if (high && text.substr(5, 2) == "\\u") {
          const auto low = hex(text.substr(7), 4);
          if (low && *low >= 0xDC00 && *low < 0xE000) {
            append_utf8(out, 0x10000 + ((*code - 0xD800) << 10) + (*low - 0xDC00));
            return 11;
          }
        }
        append_utf8(out, *code >= 0xD800 && *code < 0xE000 ? 0xFFFD : *code);
        return 5;
      }
      break;
    default:
      break;
  }
  out += text[0];
  return 1;
}

}  // namespace

std::string_view take_quoted(std::string_view& rest, std::string& scratch, bool& closed) {
  const size_t plain = rest.find_first_of("\"\\");
  if (plain != std::string_view::npos && rest[plain] == '"') {
    const std::string_view text = rest.substr(0, plain);
    rest.remove_prefix(plain + 1);
    closed = true;
    return text;
  }
  const size_t begin = scratch.size();
  closed = false;
  size_t i = 0;
  while (i < rest.size() && !closed) {
    const char c = rest[i++];
    if (c == '"') {
      closed = true;
    } else if (c == '\\' && i < rest.size()) {
      i += unescape(rest.substr(i), scratch);
    } else {
      scratch += c;
    }
  }
  rest.remove_prefix(i);
  return std::string_view(scratch).substr(begin);
}

}  // namespace benchd::rules
