#include "collectors/cgroup/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace benchd::cgroup {
namespace {

using model::Field;
using model::FieldValues;
using model::File;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

TEST(ParseKeyed, TakesKnownKeysAndSkipsUnknownOnes) {
  FieldValues values;
  EXPECT_EQ(parse_fields(File::CpuStat, "usage_usec 30\nnew_in_7_0 9\nuser_usec 20\nsystem_usec 10\n", values), 0);
  EXPECT_THAT(values.get(Field::CpuUsage), Optional(30));
  EXPECT_THAT(values.get(Field::CpuUser), Optional(20));
  EXPECT_THAT(values.get(Field::CpuSystem), Optional(10));
}

TEST(ParseKeyed, FindsKeysInAnyOrder) {
  FieldValues values;
  EXPECT_EQ(parse_fields(File::CpuStat, "burst_usec 4\nusage_usec 1\nnr_bursts 3\nuser_usec 2\n", values), 0);
  EXPECT_THAT(values.get(Field::CpuUsage), Optional(1));
  EXPECT_THAT(values.get(Field::CpuUser), Optional(2));
  EXPECT_THAT(values.get(Field::CpuBursts), Optional(3));
  EXPECT_THAT(values.get(Field::CpuBurstTime), Optional(4));
}

TEST(ParseKeyed, LeavesAMissingKeyAbsentNotZero) {
  FieldValues values;
  EXPECT_EQ(parse_fields(File::CpuStat, "usage_usec 0\n", values), 0);
  EXPECT_THAT(values.get(Field::CpuUsage), Optional(0));
  EXPECT_FALSE(values.has(Field::CpuThrottled));
}

TEST(ParseKeyed, NeedsNoNewlineAtTheEnd) {
  FieldValues values;
  EXPECT_EQ(parse_fields(File::CgroupEvents, "populated 1\nfrozen 1", values), 0);
  EXPECT_THAT(values.get(Field::CgroupFrozen), Optional(1));
}

TEST(ParseKeyed, CountsWhatItDoesNotUnderstandAndKeepsTheRest) {
  FieldValues values;
  EXPECT_EQ(parse_fields(File::CpuStat,
                         "usage_usec 99999999999999999999\n"  // above 2^64
                         "user_usec -1\n"
                         "system_usec\n"
                         "\n"
                         "nr_periods 7x\n"
                         "nr_throttled 5\n",
                         values),
            5);
  EXPECT_FALSE(values.has(Field::CpuUsage));
  EXPECT_FALSE(values.has(Field::CpuUser));
  EXPECT_FALSE(values.has(Field::CpuPeriods));
  EXPECT_THAT(values.get(Field::CpuThrottledPeriods), Optional(5));
}

TEST(ParseKeyed, DoesNotTakeAPrefixForTheKey) {
  FieldValues values;
  EXPECT_EQ(parse_fields(File::MemoryStat, "file_mapped 1\nanon_thp 2\n", values), 0);
  EXPECT_FALSE(values.has(Field::MemoryFile));
  EXPECT_FALSE(values.has(Field::MemoryAnon));
}

TEST(ParseKeyed, HoldsTheLargestNumber) {
  FieldValues values;
  EXPECT_EQ(parse_fields(File::CpuStat, "usage_usec 18446744073709551615\n", values), 0);
  EXPECT_THAT(values.get(Field::CpuUsage), Optional(UINT64_MAX));
}

TEST(ParseFields, CountsAnEmptyFileUnlessItsKeysAreOptional) {
  for (const File file : {File::CpuMax, File::CpuPressure, File::MemoryCurrent}) {
    FieldValues values;
    EXPECT_GE(parse_fields(file, "", values), 1);
    EXPECT_EQ(values, FieldValues());
  }
  FieldValues values;
  EXPECT_EQ(parse_fields(File::CpuStatLocal, "", values), 0);  // without the cpu controller
  EXPECT_EQ(values, FieldValues());
}

TEST(ParseNumber, KnowsNumbersAndMaxOnly) {
  EXPECT_THAT(parse_number("0\n"), Optional(0));
  EXPECT_THAT(parse_number("4096"), Optional(4096));
  EXPECT_THAT(parse_number("max\n"), Optional(model::kUnlimited));
  for (const char* text : {"", "\n", "maximum\n", "-1\n", "1 2\n", "1\n2\n", "99999999999999999999\n"}) {
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
  }
}

TEST(ParseCpuMax, TellsUnlimitedFromAQuota) {
  FieldValues values;
  EXPECT_EQ(parse_fields(File::CpuMax, "max 100000\n", values), 0);
  EXPECT_THAT(values.get(Field::CpuQuota), Optional(model::kUnlimited));
  EXPECT_THAT(values.get(Field::CpuPeriod), Optional(100'000));
  EXPECT_EQ(parse_fields(File::CpuMax, "150000 100000\n", values), 0);
  EXPECT_THAT(values.get(Field::CpuQuota), Optional(150'000));
}

TEST(ParseCpuMax, KeepsTheQuotaWhereThePeriodIsMissing) {
  FieldValues values;
  EXPECT_EQ(parse_fields(File::CpuMax, "150000\n", values), 1);
  EXPECT_THAT(values.get(Field::CpuQuota), Optional(150'000));
  EXPECT_FALSE(values.has(Field::CpuPeriod));
}

TEST(ParsePressure, TakesTheTotals) {
  FieldValues values;
  EXPECT_EQ(parse_fields(File::MemoryPressure,
                         "some avg10=1.23 avg60=0.00 avg300=0.00 total=40945419\n"
                         "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n",
                         values),
            0);
  EXPECT_THAT(values.get(Field::MemoryPressureSome), Optional(40'945'419));
  EXPECT_THAT(values.get(Field::MemoryPressureFull), Optional(7));
}

TEST(ParsePressure, KnowsThatCpuHadNoFullBeforeLinux513AndIrqHasNoSome) {
  FieldValues values;
  EXPECT_EQ(parse_fields(File::CpuPressure, "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n", values), 0);
  EXPECT_EQ(parse_fields(File::IrqPressure, "full avg10=0.00 avg60=0.00 avg300=0.00 total=6\n", values), 0);
  EXPECT_THAT(values.get(Field::CpuPressureSome), Optional(5));
  EXPECT_FALSE(values.has(Field::CpuPressureFull));
  EXPECT_THAT(values.get(Field::IrqPressureFull), Optional(6));
}

TEST(ParsePressure, CountsALineWithoutItsTotal) {
  FieldValues values;
  EXPECT_EQ(parse_fields(File::IoPressure, "some avg10=0.00\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=6", values),
            1);
  EXPECT_FALSE(values.has(Field::IoPressureSome));
  EXPECT_THAT(values.get(Field::IoPressureFull), Optional(6));
}

// ── io.stat ──

MATCHER_P7(RowIs, device, read_bytes, written_bytes, reads, writes, discarded_bytes, discards, "") {
  return arg.device == device && arg.read_bytes == static_cast<uint64_t>(read_bytes) &&
         arg.written_bytes == static_cast<uint64_t>(written_bytes) && arg.reads == static_cast<uint64_t>(reads) &&
         arg.writes == static_cast<uint64_t>(writes) && arg.discarded_bytes == static_cast<uint64_t>(discarded_bytes) &&
         arg.discards == static_cast<uint64_t>(discards);
}

model::Device device(uint32_t major, uint32_t minor) {
  return {.major = major, .minor = minor};
}

struct IoStat {
  size_t faults;
  std::vector<model::DeviceIo> rows;
};

IoStat io_stat(std::string_view text) {
  IoStat result;
  result.faults = parse_io_stat(text, result.rows);
  return result;
}

TEST(ParseIoStat, TakesEveryDevice) {
  const IoStat stat = io_stat(
      "8:16 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n"
      "254:0 rbytes=10 wbytes=20 rios=30 wios=40 dbytes=50 dios=60\n");
  EXPECT_EQ(stat.faults, 0);
  EXPECT_THAT(stat.rows,
              ElementsAre(RowIs(device(8, 16), 1, 2, 3, 4, 5, 6), RowIs(device(254, 0), 10, 20, 30, 40, 50, 60)));
}

TEST(ParseIoStat, OfAContainerWithoutIoIsEmptyAndNoFault) {
  const IoStat stat = io_stat("");
  EXPECT_EQ(stat.faults, 0);
  EXPECT_THAT(stat.rows, IsEmpty());
}

TEST(ParseIoStat, SkipsADeviceWithoutCounters) {
  const IoStat stat = io_stat(
      "252:0 \n"
      "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n"
      "253:1 cost.usage=12 cost.wait=3\n"
      "252:1 ");
  EXPECT_EQ(stat.faults, 0);
  EXPECT_THAT(stat.rows, ElementsAre(RowIs(device(8, 0), 1, 2, 3, 4, 5, 6)));
}

TEST(ParseIoStat, GivesAMergedRowToTheLastDeviceNamed) {
  const IoStat stat = io_stat("7:7 7:6 7:5 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n");
  EXPECT_EQ(stat.faults, 0);
  EXPECT_THAT(stat.rows, ElementsAre(RowIs(device(7, 5), 1, 2, 3, 4, 5, 6)));
}

TEST(ParseIoStat, CountsRowsOfUnknownDevicesAndLeavesThemOut) {
  const IoStat stat = io_stat(
      "(unknown) rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n"
      "(unknown) rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n"
      "8:0 rbytes=7 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n");
  EXPECT_EQ(stat.faults, 2);
  EXPECT_THAT(stat.rows, ElementsAre(RowIs(device(8, 0), 7, 2, 3, 4, 5, 6)));
}

TEST(ParseIoStat, ATornRowDoesNotLoseTheOthers) {
  const IoStat stat = io_stat(
      "8:0 rbytes=1 wbytes=2 rio\n"
      "8:16 rbytes=1 wbytes=2 rios=3 wios=4 dbytes= dios=6\n"
      "8:32 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6 8:48\n"
      "8: rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n"
      "rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n"
      "8:64 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=99999999999999999999\n"
      "8:80 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n");
  EXPECT_EQ(stat.faults, 6);
  EXPECT_THAT(stat.rows, ElementsAre(RowIs(device(8, 80), 1, 2, 3, 4, 5, 6)));
}

TEST(ParseIoStat, SkipsUnknownKeysAndNeedsNoOrder) {
  const IoStat stat = io_stat("8:0 dios=6 use_delay=1 wbytes=2 cost.usage=9 rios=3 wios=4 new=x dbytes=5 rbytes=1");
  EXPECT_EQ(stat.faults, 0);
  EXPECT_THAT(stat.rows, ElementsAre(RowIs(device(8, 0), 1, 2, 3, 4, 5, 6)));
}

TEST(ParseIoStat, ADeviceTwiceIsOneRow) {
  const IoStat stat = io_stat(
      "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n"
      "8:0 rbytes=10 wbytes=20 rios=30 wios=40 dbytes=50 dios=60\n");
  EXPECT_EQ(stat.faults, 0);
  EXPECT_THAT(stat.rows, ElementsAre(RowIs(device(8, 0), 11, 22, 33, 44, 55, 66)));
}

TEST(CountLines, CountsTheLastLineWithoutNewlineToo) {
  EXPECT_EQ(count_lines(""), 0);
  EXPECT_EQ(count_lines("1\n"), 1);
  EXPECT_EQ(count_lines("1\n22\n333"), 3);
}

}  // namespace
}  // namespace benchd::cgroup
