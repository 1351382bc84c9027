#include "exporters/http/negotiate.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace benchd::http {
namespace {

using exposition::Format;

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

/// qvalue = 0[.ddd] or 1[.000] (RFC 9110 section 12.4.2), in thousandths; nothing for anything else.
std::optional<int> parse_quality(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  int thousandths = (text[0] - '0') * 1000;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int weight = 100;
  for (const char c : text.substr(std::min<size_t>(text.size(), 2))) {
    if (c < '0' || c > '9') return std::nullopt;
    thousandths += (c - '0') * weight;
    weight /= 10;
  }
  return thousandths <= 1000 ? std::optional(thousandths) : std::nullopt;
}

/// One element of an Accept or Accept-Encoding list.
struct Choice {
  std::string_view name;
  std::string_view version;  ///< the parameter of that name; empty if there is none
  int quality = 1000;        ///< a malformed one counts as 0: what cannot be read is not asked for
};

Choice parse_choice(std::string_view element) {
  Choice choice;
  choice.name = base::trim(base::cut(element, ';'));
  while (!element.empty()) {
    std::string_view value = base::cut(element, ';');
    const std::string_view key = base::trim(base::cut(value, '='));
    value = base::trim(value);
    if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"')) value = value.substr(1, value.size() - 2);
    if (equals_ignoring_case(key, "q")) choice.quality = parse_quality(value).value_or(0);
    if (equals_ignoring_case(key, "version")) choice.version = value;
  }
  return choice;
}

std::optional<Format> format_of(const Choice& choice) {
  const auto is = [&](std::string_view name) { return equals_ignoring_case(choice.name, name); };
  if (is("application/openmetrics-text") && (choice.version.empty() || choice.version == "1.0.0"))
    return Format::OpenMetrics;
  if (is("text/plain") && (choice.version.empty() || choice.version == "0.0.4")) return Format::Text;
  if (is("*/*") || is("text/*")) return Format::Text;
  return std::nullopt;
}

}  // namespace

Format choose_format(std::string_view accept) {
  Format best = Format::Text;
  int best_quality = 0;
  while (!accept.empty()) {
    const Choice choice = parse_choice(base::cut(accept, ','));
    const auto format = format_of(choice);
    if (!format || choice.quality <= best_quality) continue;
    best = *format;
    best_quality = choice.quality;
  }
  return best;
}

Encoding choose_encoding(std::string_view accept_encoding, bool peer_is_loopback, LoopbackGzip loopback) {
  if (peer_is_loopback && loopback == LoopbackGzip::Never) return Encoding::Identity;
  std::optional<int> gzip;
  std::optional<int> identity;
  std::optional<int> any;
  while (!accept_encoding.empty()) {
    const Choice choice = parse_choice(base::cut(accept_encoding, ','));
    if (equals_ignoring_case(choice.name, "gzip") || equals_ignoring_case(choice.name, "x-gzip")) gzip = choice.quality;
    if (equals_ignoring_case(choice.name, "identity")) identity = choice.quality;
    if (choice.name == "*") any = choice.quality;
  }
  const int gzip_quality = gzip.value_or(any.value_or(0));
  return gzip_quality > 0 && gzip_quality >= identity.value_or(0) ? Encoding::Gzip : Encoding::Identity;
}

}  // namespace benchd::http
