#include <cstring>

#include "collectors/tasks/logs/record.h"

namespace benchd::logs {
namespace {

/// A JSON string as it stands in the text, escapes and all.
struct RawString {
  std::string_view text;
  bool escaped = false;
};

/// Takes what follows an opening quote, up to and with the closing one, off `rest`.
bool take_string(std::string_view& rest, RawString& string) {
  string.escaped = false;
  for (size_t from = 0;;) {
    // Two searches for one byte each are several times faster than one for either.
    const void* const quote = std::memchr(rest.data() + from, '"', rest.size() - from);
    if (quote == nullptr) return false;
    const auto end = static_cast<size_t>(static_cast<const char*>(quote) - rest.data());
    size_t backslashes = 0;
    while (backslashes < end - from && rest[end - 1 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) {
      string.text = rest.substr(0, end);
      string.escaped = std::memchr(rest.data(), '\\', end) != nullptr;
      rest.remove_prefix(end + 1);
      return true;
    }
    from = end + 1;
  }
}

void skip_blanks(std::string_view& rest) {
  size_t i = 0;
  while (i < rest.size() && (rest[i] == ' ' || rest[i] == '\t' || rest[i] == '\r' || rest[i] == '\n')) ++i;
  rest.remove_prefix(i);
}

bool take(std::string_view& rest, char expected) {
  skip_blanks(rest);
  if (rest.empty() || rest.front() != expected) return false;
  rest.remove_prefix(1);
  return true;
}

/// Takes a value that nobody asks for off `rest`: nested as deep as it may be, without recursion.
bool skip_value(std::string_view& rest) {
  size_t depth = 0;
  RawString ignored;
  while (!rest.empty()) {
    const char next = rest.front();
    if (depth == 0 && (next == ',' || next == '}')) return true;
    rest.remove_prefix(1);
    if (next == '"' && !take_string(rest, ignored)) return false;
    if (next == '{' || next == '[') ++depth;
    if ((next == '}' || next == ']') && depth-- == 0) return false;
  }
  return false;
}

void append_utf8(uint32_t code, std::string& text) {
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xC0 | (code >> 6));
    text += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    text += static_cast<char>(0xE0 | (code >> 12));
    text += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    text += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    text += static_cast<char>(0xF0 | (code >> 18));
    text += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    text += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    text += static_cast<char>(0x80 | (code & 0x3F));
  }
}

/// The four hexadecimal digits at the front, taken off.
bool take_hex(std::string_view& rest, uint32_t& code) {
  if (rest.size() < 4) return false;
  code = 0;
  for (const char digit : rest.substr(0, 4)) {
    uint32_t value = 0;
    if (digit >= '0' && digit <= '9') {
      value = static_cast<uint32_t>(digit - '0');
    } else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f') {
      value = static_cast<uint32_t>((digit | 0x20) - 'a' + 10);
    } else {
      return false;
    }
    code = code << 4 | value;
  }
  rest.remove_prefix(4);
  return true;
}

/// What follows \u. Half a surrogate pair becomes U+FFFD, as in Go's encoder and decoder.
bool unescape_unicode(std::string_view& rest, std::string& text) {
  constexpr uint32_t kReplacement = 0xFFFD;
  uint32_t code = 0;
  if (!take_hex(rest, code)) return false;
  if (code >= 0xD800 && code < 0xDC00 && rest.starts_with("\\u")) {
    std::string_view after = rest.substr(2);
    uint32_t low = 0;
    if (take_hex(after, low) && low >= 0xDC00 && low < 0xE000) {
      rest = after;
      append_utf8(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00), text);
      return true;
    }
  }
  append_utf8(code >= 0xD800 && code < 0xE000 ? kReplacement : code, text);
  return true;
}

bool unescape(std::string_view raw, std::string& text) {
  text.clear();
  for (;;) {
    const size_t backslash = raw.find('\\');
    text.append(raw.substr(0, backslash));
    if (backslash == std::string_view::npos) return true;
    raw.remove_prefix(backslash + 1);
    if (raw.empty()) return false;
    const char escape = raw.front();
    raw.remove_prefix(1);
    switch (escape) {
      case 'n':
        text += '\n';
        break;
      case 't':
        text += '\t';
        break;
      case 'r':
        text += '\r';
        break;
      case 'b':
        text += '\b';
        break;
      case 'f':
        text += '\f';
        break;
      case '"':
      case '\\':
      case '/':
        text += escape;
        break;
      case 'u':
        if (!unescape_unicode(raw, text)) return false;
        break;
      default:
        return false;
    }
  }
}

/// Takes the escape \`letter` off the end of `raw`. After an odd number of backslashes it is the backslash that is
/// escaped, and the letter stands for itself.
bool take_last_escape(std::string_view& raw, char letter) {
  if (!raw.ends_with(letter)) return false;
  const size_t before = raw.size() - 1;
  size_t backslashes = 0;
  while (backslashes < before && raw[before - 1 - backslashes] == '\\') ++backslashes;
  if (backslashes % 2 == 0) return false;
  raw.remove_suffix(2);
  return true;
}

/// `log` ends in \n if it ends the line; a terminal (docker run -t) writes \r\n.
bool set_text(RawString log, std::string& scratch, Record& record) {
  record.ends_line = take_last_escape(log.text, 'n');
  if (record.ends_line) {
    take_last_escape(log.text, 'r');
    log.escaped = std::memchr(log.text.data(), '\\', log.text.size()) != nullptr;
  }
  record.text = log.text;
  if (!log.escaped) return true;
  if (!unescape(log.text, scratch)) return false;
  record.text = scratch;
  return true;
}

bool set_stream(std::string_view name, Record& record) {
  if (name == "stdout") {
    record.stream = model::Stream::Out;
  } else if (name == "stderr") {
    record.stream = model::Stream::Error;
  } else {
    return false;
  }
  return true;
}

/// What Docker writes where a container has no log options: the keys in this order and nothing else.
bool parse_common(std::string_view rest, std::string& scratch, Record& record) {
  constexpr std::string_view kStart = R"({"log":")";
  constexpr std::string_view kStream = R"(,"stream":"std)";
  constexpr std::string_view kTime = R"(,"time":")";
  if (!rest.starts_with(kStart)) return false;
  rest.remove_prefix(kStart.size());
  RawString log;
  if (!take_string(rest, log) || !rest.starts_with(kStream)) return false;
  rest.remove_prefix(kStream.size());
  const bool out = rest.starts_with("out\"");
  if (!out && !rest.starts_with("err\"")) return false;
  rest.remove_prefix(4);
  if (!rest.starts_with(kTime) || !rest.ends_with("\"}")) return false;
  record.stamp = parse_stamp(rest.substr(kTime.size(), rest.size() - kTime.size() - 2));
  if (!record.stamp) return false;
  record.stream = out ? model::Stream::Out : model::Stream::Error;
  return set_text(log, scratch, record);
}

bool parse_members(std::string_view rest, std::string& scratch, Record& record) {
  RawString log;
  bool known = false;
  record = Record{};
  if (!take(rest, '{')) return false;
  do {
    RawString key;
    RawString value;
    if (!take(rest, '"') || !take_string(rest, key) || !take(rest, ':')) return false;
    const bool is_log = key.text == "log";
    skip_blanks(rest);
    if (!rest.starts_with('"')) {
      if (is_log || !skip_value(rest)) return false;
      continue;
    }
    rest.remove_prefix(1);
    if (!take_string(rest, value)) return false;
    if (is_log) {
      log = value;
      known = true;
    } else if (key.text == "stream") {
      if (!set_stream(value.text, record)) return false;
      known = true;
    } else if (key.text == "time") {
      record.stamp = parse_stamp(value.text);
    }
  } while (take(rest, ','));
  if (!take(rest, '}')) return false;
  skip_blanks(rest);
  return known && rest.empty() && set_text(log, scratch, record);
}

}  // namespace

bool parse_json_file(std::string_view text, std::string& scratch, Record& record) {
  return parse_common(text, scratch, record) || parse_members(text, scratch, record);
}

}  // namespace benchd::logs
