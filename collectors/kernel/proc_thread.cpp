#include "collectors/kernel/proc_thread.h"

#include "base/text.h"

namespace benchd::kernel {

std::optional<ThreadSchedstat> parse_schedstat(std::string_view text) {
  const auto on_cpu = base::take_integer(text);
  const auto runnable = base::take_integer(text);
  const auto stretches = base::take_integer(text);
  if (!on_cpu || !runnable || !stretches) return std::nullopt;
  return ThreadSchedstat{.on_cpu = *on_cpu, .runnable = *runnable, .stretches = *stretches};
}

/// The command, field 2 in parentheses, may hold anything, parentheses and blanks too: fields are counted from the last
/// one on.
std::optional<ThreadStat> parse_thread_stat(std::string_view text) {
  const size_t command_end = text.rfind(')');
  if (command_end == std::string_view::npos) return std::nullopt;
  text.remove_prefix(command_end + 1);
  base::cut(text, ' ');
  std::optional<uint64_t> start;
  for (int field = 3; !text.empty(); ++field) {
    const std::string_view value = base::cut(text, ' ');
    if (field == 22) start = base::parse_integer(value);
    if (field != 39) continue;
    const auto cpu = base::parse_integer<uint32_t>(base::trim(value));
    if (!start || !cpu) return std::nullopt;
    return ThreadStat{.start = *start, .cpu = *cpu};
  }
  return std::nullopt;
}

}  // namespace benchd::kernel
