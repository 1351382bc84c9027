#include "collectors/network/process.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "support/temporary_directory.h"

namespace benchd::network {
namespace {

TEST(NamesCgroup, TakesTheContainerAndWhatIsBelowItOnly) {
  const std::string_view hybrid = "9:name=systemd:/docker/other\n4:memory:/docker/a\n0::/docker/a/init.scope\n";
  EXPECT_TRUE(names_cgroup(hybrid, "/docker/a"));
  EXPECT_TRUE(names_cgroup(hybrid, "/docker/a/init.scope"));
  EXPECT_TRUE(names_cgroup(hybrid, "/docker"));
  EXPECT_TRUE(names_cgroup(hybrid, "/"));
  EXPECT_FALSE(names_cgroup(hybrid, "/docker/other"));
  EXPECT_FALSE(names_cgroup("0::/docker/ab\n", "/docker/a"));
  EXPECT_FALSE(names_cgroup("0::/docker/a (deleted)\n", "/docker/a"));
  EXPECT_FALSE(names_cgroup("", "/docker/a"));
  EXPECT_TRUE(names_cgroup("0::/part/docker/a\n", "/docker/a", "/part"));
  EXPECT_FALSE(names_cgroup("0::/docker/a\n", "/docker/a", "/part"));
}

TEST(IsInNamespace, TellsWhetherPathsCanBeCompared) {
  EXPECT_TRUE(is_in_namespace(""));
  EXPECT_TRUE(is_in_namespace("/part"));
  EXPECT_TRUE(is_in_namespace("/..hidden"));
  EXPECT_FALSE(is_in_namespace("/.."));
  EXPECT_FALSE(is_in_namespace("/../../sibling"));
}

class FirstProcess : public testing::Test {
 protected:
  void processes(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(root_ + path);
    std::ofstream(root_ + path + "/cgroup.procs") << text;
  }

  const TemporaryDirectory directory_;
  const std::string& root_ = directory_.path();
  base::ReadBuffer buffer_;
};

TEST_F(FirstProcess, IsTheLowestNumberOfTheCgroupItself) {
  processes("/c", "31\n7\n12\n");
  processes("/c/inner", "3\n");
  EXPECT_EQ(first_process(root_, "/c", buffer_).pid, 7);
}

TEST_F(FirstProcess, IsLookedForBelowWhereTheCgroupHoldsOnlyCgroups) {
  processes("/c", "");
  processes("/c/system.slice/x", "90\n");
  processes("/c/init.scope", "41\n");
  EXPECT_EQ(first_process(root_, "/c", buffer_).pid, 41);
}

TEST_F(FirstProcess, TellsProcessesOfAnotherPidNamespaceFromNone) {
  processes("/hidden", "0\n0\n");
  processes("/empty", "");
  EXPECT_EQ(first_process(root_, "/hidden", buffer_).pid, 0);
  EXPECT_TRUE(first_process(root_, "/hidden", buffer_).hidden);
  EXPECT_FALSE(first_process(root_, "/empty", buffer_).hidden);
  EXPECT_EQ(first_process(root_, "/absent", buffer_).pid, 0);
}

TEST_F(FirstProcess, IsListedWhereItIsAndBelow) {
  processes("/c", "31\n7\n");
  processes("/c/inner", "3\n");
  processes("/other", "8\n");
  EXPECT_TRUE(lists_process(root_, "/c", 31, buffer_));
  EXPECT_TRUE(lists_process(root_, "/c", 3, buffer_));
  EXPECT_FALSE(lists_process(root_, "/c", 8, buffer_));
  EXPECT_FALSE(lists_process(root_, "/absent", 8, buffer_));
}

}  // namespace
}  // namespace benchd::network
