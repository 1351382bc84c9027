#include "collectors/cgroup/parse.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace benchd::cgroup {
namespace {

using model::Field;
using model::FieldSpec;
using model::FieldValues;
using model::File;
using model::Shape;

struct Range {
  size_t first = 0;
  size_t count = 0;
};

constexpr auto kRanges = [] {
  std::array<Range, model::kFileCount> ranges{};
  for (size_t i = 0; i < model::kFieldCount; ++i) {
    Range& range = ranges[static_cast<size_t>(model::kFields[i].file)];
    if (range.count++ == 0) range.first = i;
  }
  return ranges;
}();

static_assert(
    [] {
      for (size_t i = 1; i < model::kFieldCount; ++i)
        if (model::kFields[i].file < model::kFields[i - 1].file) return false;
      return true;
    }(),
    "a file's fields stand together in model::kFields");

/// "key value\n" per line. The search for a key goes on from where the last one was found: the table is in the kernel's
/// order, so a known key mostly costs one comparison.
size_t parse_keyed(std::string_view text, std::span<const FieldSpec> fields, FieldValues& values) {
  size_t faults = 0;
  size_t next = 0;
  while (!text.empty()) {
    std::string_view value = base::cut(text, '\n');
    const std::string_view key = base::cut(value, ' ');
    if (key.empty() || value.empty()) {
      ++faults;
      continue;
    }
    for (size_t tried = 0; tried < fields.size(); ++tried) {
      const FieldSpec& field = fields[next];
      if (++next == fields.size()) next = 0;
      if (field.key != key) continue;
      if (const auto number = base::parse_integer(value)) {
        values.set(field.field, *number);
      } else {
        ++faults;
      }
      break;
    }
  }
  return faults;
}

/// "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n", then "full …" (Documentation/accounting/psi.rst). The averages
/// are left alone: the totals say the same exactly, over any time.
size_t parse_pressure(std::string_view text, std::span<const FieldSpec> fields, FieldValues& values) {
  constexpr std::string_view kTotal = " total=";
  size_t faults = text.empty() ? 1 : 0;
  while (!text.empty()) {
    const std::string_view line = base::cut(text, '\n');
    const auto field = std::ranges::find_if(
        fields, [kind = line.substr(0, line.find(' '))](const FieldSpec& spec) { return spec.key == kind; });
    if (field == fields.end()) continue;  // irq.pressure has no "some"
    const size_t total = line.rfind(kTotal);
    const auto number =
        total == std::string_view::npos ? std::nullopt : base::parse_integer(line.substr(total + kTotal.size()));
    if (number) {
      values.set(field->field, *number);
    } else {
      ++faults;
    }
  }
  return faults;
}

/// "QUOTA PERIOD\n" in microseconds, QUOTA may be "max".
size_t parse_cpu_max(std::string_view text, FieldValues& values) {
  std::string_view period = base::cut(text, '\n');
  const auto quota_us = parse_number(base::cut(period, ' '));
  const auto period_us = base::parse_integer(period);
  if (quota_us) values.set(Field::CpuQuota, *quota_us);
  if (period_us) values.set(Field::CpuPeriod, *period_us);
  return (quota_us ? 0 : 1) + (period_us ? 0 : 1);
}

/// "MAJ:MIN".
std::optional<model::Device> parse_device(std::string_view text) {
  const auto major = base::parse_integer<uint32_t>(base::cut(text, ':'));
  const auto minor = base::parse_integer<uint32_t>(text);
  if (!major || !minor) return std::nullopt;
  return model::Device{.major = *major, .minor = *minor};
}

struct IoKey {
  std::string_view name;
  uint64_t model::DeviceIo::*counter;
};

constexpr auto kIoKeys = std::to_array<IoKey>({
    {"rbytes", &model::DeviceIo::read_bytes},
    {"wbytes", &model::DeviceIo::written_bytes},
    {"rios", &model::DeviceIo::reads},
    {"wios", &model::DeviceIo::writes},
    {"dbytes", &model::DeviceIo::discarded_bytes},
    {"dios", &model::DeviceIo::discards},
});

struct RowText {
  std::optional<model::DeviceIo> row;
  bool fault = false;
};

RowText parse_io_row(std::string_view line) {
  std::optional<model::Device> device;
  model::DeviceIo io;
  size_t found = 0;
  bool counted = false;
  bool fault = false;
  while (!line.empty()) {
    std::string_view value = base::cut(line, ' ');
    if (value.empty()) continue;  // a device's name ends with a blank even where nothing follows
    if (value.find('=') == std::string_view::npos) {
      device = counted ? std::nullopt : parse_device(value);
      fault = fault || !device;
      continue;
    }
    counted = true;
    const std::string_view name = base::cut(value, '=');
    const auto key = std::ranges::find(kIoKeys, name, &IoKey::name);
    if (key == kIoKeys.end()) continue;
    const auto number = base::parse_integer(value);
    fault = fault || !number;
    if (!number) continue;
    io.*key->counter = *number;
    ++found;
  }
  if (found == 0 && !fault) return {};
  if (!device || found != kIoKeys.size()) return {.fault = true};
  io.device = *device;
  return {.row = io, .fault = fault};
}

void add_row(const model::DeviceIo& row, std::vector<model::DeviceIo>& rows) {
  const auto same = std::ranges::find(rows, row.device, &model::DeviceIo::device);
  if (same == rows.end()) {
    rows.push_back(row);
    return;
  }
  for (const IoKey& key : kIoKeys) *same.*key.counter += row.*key.counter;
}

}  // namespace

std::span<const FieldSpec> fields_of(File file) {
  const Range range = kRanges[static_cast<size_t>(file)];
  return std::span(model::kFields).subspan(range.first, range.count);
}

size_t parse_fields(File file, std::string_view text, FieldValues& values) {
  const std::span<const FieldSpec> fields = fields_of(file);
  switch (model::spec(file).shape) {
    case Shape::Keyed:
      return parse_keyed(text, fields, values);
    case Shape::Pressure:
      return parse_pressure(text, fields, values);
    case Shape::CpuMax:
      return parse_cpu_max(text, values);
    case Shape::Single:
      if (const auto number = parse_number(text)) {
        values.set(fields.front().field, *number);
        return 0;
      }
      return 1;
    case Shape::CpuList:
    case Shape::IoStat:
    case Shape::Pids:
      break;
  }
  return 0;
}

std::optional<uint64_t> parse_number(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text == "max") return model::kUnlimited;
  return base::parse_integer(text);
}

size_t parse_io_stat(std::string_view text, std::vector<model::DeviceIo>& rows) {
  rows.clear();
  size_t faults = 0;
  while (!text.empty()) {
    const RowText parsed = parse_io_row(base::cut(text, '\n'));
    if (parsed.row) add_row(*parsed.row, rows);
    if (parsed.fault) ++faults;
  }
  return faults;
}

uint64_t count_lines(std::string_view text) {
  const auto newlines = static_cast<uint64_t>(std::ranges::count(text, '\n'));
  return newlines + (text.empty() || text.ends_with('\n') ? 0 : 1);
}

}  // namespace benchd::cgroup
