#include "base/cpu_set.h"

#include <gtest/gtest.h>

namespace benchd::base {
namespace {

TEST(CpuList, RoundTrips) {
  for (const char* list : {"0", "0-3", "0-3,8,10-11", "2047"}) {
    const auto cpus = parse_cpu_list(std::string(list) + "\n");
    ASSERT_TRUE(cpus) << list;
    EXPECT_EQ(format_cpu_list(*cpus), list);
  }
}

TEST(CpuList, EmptyMeansNoCpu) {
  const auto cpus = parse_cpu_list("\n");
  ASSERT_TRUE(cpus);
  EXPECT_EQ(cpus->count(), 0u);
}

TEST(CpuList, RefusesWhatIsNoList) {
  for (const char* text : {"x", "3-1", "0-", "-1", "0,,2", "2048", "0-99999999999"}) {
    EXPECT_FALSE(parse_cpu_list(text)) << text;
  }
}

}  // namespace
}  // namespace benchd::base
