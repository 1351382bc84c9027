#include "daemon/campaign/measure/run_course.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "support/temporary_directory.h"

namespace benchd::campaign {
namespace {

using base::kMillisecond;

/// A directory with the files of a cgroup.
class RunCourseTest : public testing::Test {
 protected:
  RunCourseTest() {
    write("cgroup.events", "populated 1\n");
    write("cpu.stat", "usage_usec 0\nuser_usec 0\n");
    cgroup_.emplace(*RunCgroup::adopt(directory_.path()));
  }
  ~RunCourseTest() override { std::filesystem::remove(directory_.path() + "/cgroup.events"); }

  void write(const std::string& file, const std::string& text) const {
    const auto path = std::filesystem::path(directory_.path()) / file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  void read(RunCourse& course, int64_t at) const {
    write("cpu.stat", "usage_usec " + std::to_string(at / 2000) + "\nuser_usec 1\n");
    course.read(at);
  }

  TemporaryDirectory directory_;
  std::optional<RunCgroup> cgroup_;
  const base::CpuSet any_;
};

TEST_F(RunCourseTest, NothingIsReadBeforeItIsDue) {
  RunCourse course(*cgroup_, any_, 0, directory_.path());
  EXPECT_EQ(course.next(), 50 * kMillisecond);
  read(course, 49 * kMillisecond);
  EXPECT_TRUE(course.take().empty());
  EXPECT_FALSE(course.frequency_hz());
}

TEST_F(RunCourseTest, ALateReadingDoesNotShiftTheNext) {
  RunCourse course(*cgroup_, any_, 7, directory_.path());
  read(course, 7 + 63 * kMillisecond);
  EXPECT_EQ(course.next(), 7 + 100 * kMillisecond);
  const auto points = course.take();
  ASSERT_EQ(points.size(), 1U);
  EXPECT_EQ(points[0], (model::RunPoint{.at_usec = 63'000, .cpu_usec = 31'500, .memory_bytes = {}}));
}

TEST_F(RunCourseTest, MemoryAndFrequencyAreThereWhereTheyAre) {
  write("memory.current", "4096\n");
  write("devices/system/cpu/online", "0-1\n");
  write("devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "3000000\n");
  write("devices/system/cpu/cpu1/cpufreq/scaling_cur_freq", "2000000\n");
  RunCourse course(*cgroup_, any_, 0, directory_.path());
  for (int i = 1; i <= 4; ++i) read(course, i * 50 * kMillisecond);
  EXPECT_EQ(course.frequency_hz(), 2.5e9);
  EXPECT_EQ(course.take().at(3).memory_bytes, 4096U);
}

TEST_F(RunCourseTest, ALongRunHasNoMoreReadingsThanAShortOneHowLongItGoesOn) {
  RunCourse course(*cgroup_, any_, 0, directory_.path());
  constexpr int64_t kHour = 3'600'000 * kMillisecond;
  while (course.next() < kHour) read(course, course.next());
  const auto points = course.take();
  EXPECT_LT(points.size(), RunCourse::kMostPoints);
  EXPECT_GE(points.size(), RunCourse::kMostPoints / 2);
  const uint64_t step = points[0].at_usec;
  for (size_t i = 0; i < points.size(); ++i) {
    EXPECT_EQ(points[i].at_usec, step * (i + 1)) << "at even distances";
    EXPECT_EQ(points[i].cpu_usec, points[i].at_usec / 2);
  }
}

}  // namespace
}  // namespace benchd::campaign
