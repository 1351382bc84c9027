#include "daemon/self_metrics.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace benchd::daemon {
namespace {

/// A proc directory whose self/stat says this.
std::string proc_with(const std::string& stat) {
  const std::string proc = testing::TempDir() + "self-metrics-" + std::to_string(::getpid());
  std::filesystem::create_directories(proc + "/self/fd");
  std::ofstream(proc + "/self/stat") << stat;
  return proc;
}

TEST(ProcessUse, ReadsTheFieldsAfterACommandOfAnyName) {
  const ProcessUse use = process_use(
      proc_with("7 (a) b (c) S 1 7 7 0 -1 4194560 10 0 0 0 200 100 0 0 20 0 3 0 5000 4096000 100 18446744073709551615"),
      1'000 * base::kSecond);
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  EXPECT_DOUBLE_EQ(use.cpu_seconds, 300 / ticks);
  EXPECT_DOUBLE_EQ(use.start_time, 1'000 + 5000 / ticks);
  EXPECT_EQ(use.virtual_bytes, 4'096'000u);
  EXPECT_EQ(use.resident_bytes, 100u * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)));
}

TEST(ProcessUse, OfAnEmptyOrCutOffFileIsNothingRatherThanAnEnd) {
  for (const char* stat : {"", "7", "7 (benchd", "7 (benchd)"}) {
    EXPECT_EQ(process_use(proc_with(stat), 0).virtual_bytes, 0u) << stat;
  }
}

TEST(ProcessUse, OfThisProcessHasItsFds) {
  EXPECT_GT(process_use("/proc", base::wall_offset()).open_fds, 2u);
}

}  // namespace
}  // namespace benchd::daemon
