#include "daemon/open_files.h"

#include <gtest/gtest.h>

namespace benchd::daemon {
namespace {

TEST(ShareOut, NeverGivesMoreThanThereIs) {
  for (const size_t limit : {0, 16, 64, 128, 256, 620, 1024, 65'536, 1'048'576}) {
    for (const size_t wanted : {1, 64, 10'000}) {
      const OpenFiles shared = share_out(limit, wanted);
      EXPECT_GE(shared.connections, 1U) << limit;
      EXPECT_LE(shared.connections, wanted) << limit;
      if (!enough_open_files(limit).ok()) continue;
      EXPECT_LE(2 * shared.connections + shared.directories + shared.files + shared.namespaces, limit) << limit;
    }
  }
}

TEST(ShareOut, KeepsNothingOfContainersWhereTheHostsOwnNeedsAll) {
  const OpenFiles shared = share_out(128, 64);
  EXPECT_EQ(shared.connections, 16U);
  EXPECT_EQ(shared.directories + shared.files + shared.namespaces, 0U);
  ASSERT_TRUE(state_of(shared));
  EXPECT_EQ(state_of(shared)->found, "at most 128 for benchd");
}

TEST(ShareOut, RefusesALimitThatBenchdsOwnFilesWouldUseUp) {
  EXPECT_TRUE(enough_open_files(128).ok());
  const auto refused = enough_open_files(64);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message(),
            "open files: at most 64 for benchd, which needs 128; LimitNOFILE=65536 in the service, or ulimit -n 65536");
}

TEST(ShareOut, OfAnOrdinaryServiceIsNoState) {
  const OpenFiles shared = share_out(65'536, 64);
  EXPECT_EQ(shared.connections, 64U);
  EXPECT_GT(shared.files, 16'000U);
  EXPECT_FALSE(state_of(shared));
}

}  // namespace
}  // namespace benchd::daemon
