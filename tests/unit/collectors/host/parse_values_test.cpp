#include "collectors/host/parse_values.h"

#include <gtest/gtest.h>

namespace benchd::host {
namespace {

using model::HostField;
using model::HostFile;

TEST(ParseValues, StoresKibibytesAsBytesAndCountsAsTheyAre) {
  model::HostValues values;
  parse_values(HostFile::Meminfo, "MemTotal:       24731272 kB\nActive(anon): 5 kB\nHugePages_Total:       3\n",
               values);
  EXPECT_EQ(values.get(HostField::MemoryTotal), 24731272u * uint64_t{1024});
  EXPECT_EQ(values.get(HostField::HugePagesTotal), 3u);
  EXPECT_FALSE(values.has(HostField::MemoryActive)) << "Active(anon) is another key";
}

TEST(ParseValues, ClearsWhatIsNoLongerThereAndLeavesOtherFilesAlone) {
  model::HostValues values;
  parse_values(HostFile::Vmstat, "pgfault 1\noom_kill 2\n", values);
  parse_values(HostFile::Meminfo, "MemTotal: 1 kB\n", values);
  parse_values(HostFile::Vmstat, "pgfault 3\n", values);
  EXPECT_EQ(values.get(HostField::PageFaults), 3u);
  EXPECT_FALSE(values.has(HostField::OomKills));
  EXPECT_TRUE(values.has(HostField::MemoryTotal));
}

TEST(ParseValues, TakesTheTotalOfAPressureAndNoneWhereThereIsNone) {
  model::HostValues values;
  parse_values(HostFile::IoPressure,
               "some avg10=0.00 avg60=1.25 avg300=0.00 total=1234\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=56\n",
               values);
  EXPECT_EQ(values.get(HostField::IoPressureSome), 1234u);
  EXPECT_EQ(values.get(HostField::IoPressureFull), 56u);
  parse_values(HostFile::IrqPressure, "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n", values);
  EXPECT_EQ(values.get(HostField::IrqPressureFull), 7u);
  parse_values(HostFile::IoPressure, "some avg10=0.00\n", values);
  EXPECT_FALSE(values.has(HostField::IoPressureSome));
}

TEST(ParseValues, TakesTheSumAtTheHeadOfALongLine) {
  model::HostValues values;
  parse_values(HostFile::Stat, "intr 4711 0 0 0\nctxt 8\nbroken x\nprocesses -1\n", values);
  EXPECT_EQ(values.get(HostField::Interrupts), 4711u);
  EXPECT_EQ(values.get(HostField::ContextSwitches), 8u);
  EXPECT_FALSE(values.has(HostField::Forks));
}

TEST(ParseLoad, TakesThreeNumbersOrNone) {
  const auto load = parse_load("12.34 5.60 0.07 3/1200 54321\n");
  ASSERT_TRUE(load);
  EXPECT_DOUBLE_EQ(load->one, 12.34);
  EXPECT_DOUBLE_EQ(load->fifteen, 0.07);
  EXPECT_FALSE(parse_load("1.0 2.0"));
  EXPECT_FALSE(parse_load(""));
}

}  // namespace
}  // namespace benchd::host
