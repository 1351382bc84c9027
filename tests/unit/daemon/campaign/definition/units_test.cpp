#include "daemon/campaign/definition/units.h"

#include <gtest/gtest.h>

namespace benchd::campaign {
namespace {

TEST(Units, Times) {
  EXPECT_EQ(parse_time("60s"), 60'000'000'000);
  EXPECT_EQ(parse_time("500ms"), 500'000'000);
  EXPECT_EQ(parse_time("1m30s"), 90'000'000'000);
  EXPECT_EQ(parse_time("0.5"), 500'000'000) << "seconds";
  EXPECT_EQ(parse_time("7ns"), 7);
  for (const char* text : {"", "0s", "-1s", "soon", "1 fortnight", "1e30h"}) EXPECT_FALSE(parse_time(text)) << text;
}

TEST(Units, Sizes) {
  EXPECT_EQ(parse_bytes("2GiB"), 2'147'483'648U);
  EXPECT_EQ(parse_bytes("2Gi"), 2'147'483'648U);
  EXPECT_EQ(parse_bytes("512 MB"), 512'000'000U);
  EXPECT_EQ(parse_bytes("1.5k"), 1500U);
  EXPECT_EQ(parse_bytes("4096"), 4096U);
  for (const char* text : {"", "0", "GiB", "2XiB", "2GiBB", "-1k", "1e3", "99999999T"})
    EXPECT_FALSE(parse_bytes(text)) << text;
}

}  // namespace
}  // namespace benchd::campaign
