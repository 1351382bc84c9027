#include "collectors/host/interrupts.h"

#include <optional>

#include "base/text.h"

namespace benchd::host {
namespace {

using model::Interrupt;

Interrupt interrupt_of(std::string_view label) {
  struct Named {
    std::string_view label;
    Interrupt type;
  };
  constexpr Named kNamed[] = {{"LOC", Interrupt::LocalTimer},   {"RES", Interrupt::Reschedule},
                              {"CAL", Interrupt::FunctionCall}, {"TLB", Interrupt::TlbShootdown},
                              {"NMI", Interrupt::Nmi},          {"TRM", Interrupt::Thermal}};
  if (base::parse_integer(label)) return Interrupt::Device;
  for (const Named& named : kNamed)
    if (named.label == label) return named.type;
  return Interrupt::Other;
}

std::optional<size_t> softirq_of(std::string_view label) {
  constexpr std::string_view kLabels[model::kSoftIrqCount] = {"HI",       "TIMER",   "NET_TX", "NET_RX",  "BLOCK",
                                                              "IRQ_POLL", "TASKLET", "SCHED",  "HRTIMER", "RCU"};
  for (size_t i = 0; i < model::kSoftIrqCount; ++i)
    if (kLabels[i] == label) return i;
  return std::nullopt;
}

void parse_columns(std::string_view line, std::vector<uint32_t>& cpus) {
  cpus.clear();
  while (!line.empty()) {
    std::string_view word = base::cut(line, ' ');
    if (!word.starts_with("CPU")) continue;
    word.remove_prefix(3);
    if (const auto cpu = base::parse_integer<uint32_t>(word)) cpus.push_back(*cpu);
  }
}

template <size_t kTypes, class Classify>
void parse_table(std::string_view text, CpuTable<kTypes>& table, Classify type_of) {
  parse_columns(base::cut(text, '\n'), table.cpus);
  table.counts.assign(table.cpus.size(), {});
  while (!text.empty()) {
    std::string_view line = base::cut(text, '\n');
    const std::optional<size_t> type = type_of(base::trim(base::cut(line, ':')));
    if (!type) continue;
    table.row.clear();
    while (table.row.size() < table.cpus.size()) {
      const auto count = base::take_integer(line);
      if (!count) break;
      table.row.push_back(*count);
    }
    if (table.row.size() < table.cpus.size()) continue;
    for (size_t column = 0; column < table.row.size(); ++column) table.counts[column][*type] += table.row[column];
  }
}

}  // namespace

void parse_interrupts(std::string_view text, CpuTable<model::kInterruptCount>& table) {
  parse_table(text, table, [](std::string_view label) -> std::optional<size_t> {
    // With one cpu their single number would look like that cpu's.
    if (label == "ERR" || label == "MIS") return std::nullopt;
    return static_cast<size_t>(interrupt_of(label));
  });
}

void parse_softirqs(std::string_view text, CpuTable<model::kSoftIrqCount>& table) {
  parse_table(text, table, softirq_of);
}

}  // namespace benchd::host
