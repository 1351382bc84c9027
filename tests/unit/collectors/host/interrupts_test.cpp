#include "collectors/host/interrupts.h"

#include <numeric>
#include <string>

#include <gtest/gtest.h>

namespace benchd::host {
namespace {

using model::Interrupt;
using model::SoftIrq;

TEST(ParseInterrupts, SumsPerCpuByTypeAndGivesNobodyTheHostsErrors) {
  CpuTable<model::kInterruptCount> table;
  parse_interrupts(
      "           CPU0       CPU2\n"
      "  0:          1          2   IO-APIC   2-edge      timer\n"
      "128:         10         20   PCI-MSI 12-edge  7 queue-8\n"
      "LOC:        100        200   Local timer interrupts\n"
      "TLB:          5          6   TLB shootdowns\n"
      "MCP:          7          8   Machine check polls\n"
      "ERR:       4000\n"
      "MIS:       5000\n"
      "PIN:          0          9   Posted-interrupt notification event\n",
      table);
  EXPECT_EQ(table.cpus, (std::vector<uint32_t>{0, 2}));
  const auto count = [&](size_t column, Interrupt type) { return table.counts[column][static_cast<size_t>(type)]; };
  EXPECT_EQ(count(0, Interrupt::Device), 11u);
  EXPECT_EQ(count(1, Interrupt::Device), 22u);
  EXPECT_EQ(count(1, Interrupt::LocalTimer), 200u);
  EXPECT_EQ(count(1, Interrupt::TlbShootdown), 6u);
  EXPECT_EQ(count(0, Interrupt::Other), 7u);
  EXPECT_EQ(count(1, Interrupt::Other), 17u);
  EXPECT_EQ(std::accumulate(table.counts[1].begin(), table.counts[1].end(), uint64_t{0}), 245u);
}

TEST(ParseInterrupts, GivesNobodyTheHostsErrorsOnOneCpuEither) {
  CpuTable<model::kInterruptCount> table;
  parse_interrupts("           CPU0\nLOC:        100   Local timer interrupts\nERR:       4000\n", table);
  EXPECT_EQ(std::accumulate(table.counts[0].begin(), table.counts[0].end(), uint64_t{0}), 100u);
}

TEST(ParseInterrupts, ReadsAMachineOfManyCpus) {
  constexpr size_t kCpus = 768;
  std::string text = "    ";
  for (size_t cpu = 0; cpu < kCpus; ++cpu) text += "       CPU" + std::to_string(cpu);
  for (size_t irq = 0; irq < 100; ++irq) {
    text += "\n" + std::to_string(irq) + ":";
    for (size_t cpu = 0; cpu < kCpus; ++cpu) text += ' ' + std::to_string(cpu);
  }
  CpuTable<model::kInterruptCount> table;
  parse_interrupts(text, table);
  ASSERT_EQ(table.cpus.size(), kCpus);
  EXPECT_EQ(table.counts[767][static_cast<size_t>(Interrupt::Device)], 76'700u);
}

TEST(ParseInterrupts, IsEmptyForNoText) {
  CpuTable<model::kInterruptCount> table;
  parse_interrupts("           CPU0\nLOC:        100\n", table);
  parse_interrupts("", table);
  EXPECT_TRUE(table.cpus.empty());
}

TEST(ParseSoftIrqs, TakesTheTypesByName) {
  CpuTable<model::kSoftIrqCount> table;
  parse_softirqs(
      "                    CPU0       CPU1\n          HI:          1          2\n     NEW_ONE:   9  9\n"
      "         RCU:          3          4\n",
      table);
  EXPECT_EQ(table.counts[1][static_cast<size_t>(SoftIrq::Hi)], 2u);
  EXPECT_EQ(table.counts[0][static_cast<size_t>(SoftIrq::Rcu)], 3u);
}

}  // namespace
}  // namespace benchd::host
