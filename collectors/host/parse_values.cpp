#include "collectors/host/parse_values.h"

#include <span>

#include "base/text.h"

namespace benchd::host {
namespace {

using model::HostFieldSpec;
using model::HostFile;
using model::kHostFields;

/// A file's rows stand together in the table.
constexpr std::span<const HostFieldSpec> fields_of(HostFile file) {
  size_t first = 0;
  while (first < kHostFields.size() && kHostFields[first].file != file) ++first;
  size_t end = first;
  while (end < kHostFields.size() && kHostFields[end].file == file) ++end;
  return std::span(kHostFields).subspan(first, end - first);
}

std::optional<uint64_t> value_in(HostFile file, std::string_view rest) {
  constexpr std::string_view kTotal = "total=";
  if (file >= HostFile::CpuPressure) {
    const size_t total = rest.find(kTotal);
    if (total == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(total + kTotal.size());
  }
  const auto value = base::take_integer(rest);
  const bool kibibytes = file == HostFile::Meminfo && base::trim(rest) == "kB";
  return value && kibibytes ? *value * 1024 : value;
}

}  // namespace

void parse_values(HostFile file, std::string_view text, model::HostValues& values) {
  const auto fields = fields_of(file);
  for (const HostFieldSpec& field : fields) values.clear(field.field);
  while (!text.empty()) {
    std::string_view rest = base::cut(text, '\n');
    std::string_view key = base::cut(rest, ' ');
    if (key.ends_with(':')) key.remove_suffix(1);
    for (const HostFieldSpec& field : fields) {
      if (field.key != key) continue;
      if (const auto value = value_in(file, rest)) values.set(field.field, *value);
      break;
    }
  }
}

std::optional<model::LoadAverages> parse_load(std::string_view text) {
  model::LoadAverages load;
  for (double* average : {&load.one, &load.five, &load.fifteen}) {
    const std::string_view number = base::cut(text, ' ');
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), *average);
    if (error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  }
  return load;
}

}  // namespace benchd::host
