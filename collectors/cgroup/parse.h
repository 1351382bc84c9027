#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "model/field.h"
#include "model/reading.h"

namespace benchd::cgroup {

/// Parsers of cgroup v2's files (Documentation/admin-guide/cgroup-v2.rst, Linux 6.18): pure, and without allocation but
/// for parse_io_stat's rows. What is not there stays absent in the output; the number returned is how many lines or
/// values were there and not understood. A missing newline at the end is no fault; an unknown key is none either: newer
/// kernels have more.

/// The scalars of `file`, in the order of model::kFields.
std::span<const model::FieldSpec> fields_of(model::File file);

/// Any file but io.stat, cpuset.cpus.effective and cgroup.procs: sets the fields of `file` that the text has.
/// An empty keyed file is no fault: cpu.stat.local is there, and empty, where the cpu controller is not enabled. Any
/// other one is.
size_t parse_fields(model::File file, std::string_view text, model::FieldValues& values);

/// "42\n" → 42, "max\n" → model::kUnlimited; nothing for anything else.
std::optional<uint64_t> parse_number(std::string_view text);

/// Fills `rows`, at most one per device, in the text's order. The text is the kernel's most fragile:
///   "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6 cost.usage=7\n"   unknown keys are skipped
///   "252:0 \n"                         a device without these counters: nothing is known of it, no row, no fault
///   "7:7 7:6 7:5 rbytes=…\n"           kernels that print the number before they know whether anything follows: the
///                                      counters are the last named device's
///   "8:0 rbytes=1 wby"                 torn: a row that lacks some of the six is a fault and left out as a whole
///   "(unknown) rbytes=…\n"             a device that is being removed, its number is gone: a fault, left out
///   the same device twice              the rows add up
/// An empty text is a container that did no IO yet.
size_t parse_io_stat(std::string_view text, std::vector<model::DeviceIo>& rows);

/// Number of process ids, one per line.
uint64_t count_lines(std::string_view text);

}  // namespace benchd::cgroup
