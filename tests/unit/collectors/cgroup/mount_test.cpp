#include "collectors/cgroup/mount.h"

#include <cstdio>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_tree.h"

namespace benchd::cgroup {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kUnified =
    "23 28 0:21 / /proc rw,nosuid shared:12 - proc proc rw\n"
    "30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n";
constexpr const char* kHybrid =
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

class FindMount : public testing::Test {
 protected:
  /// `mountinfo` of a host where every mount point is what it says.
  base::Result<Mount> find(const std::string& mountinfo, const std::string& given_root = "") {
    proc_.make("self", {{"mountinfo", mountinfo}});
    return find_mount({.proc = proc_.path(), .given_root = given_root, .is_cgroup2 = [](const std::string& path) {
                         return path.find("covered") == path.npos;
                       }});
  }

  FakeTree proc_;
};

TEST_F(FindMount, KnowsAUnifiedHost) {
  const auto mount = find(kUnified);
  ASSERT_TRUE(mount.ok());
  EXPECT_EQ(mount->path, "/sys/fs/cgroup");
  EXPECT_TRUE(mount->unified);
}

TEST_F(FindMount, KnowsAHybridHost) {
  const auto mount = find(kHybrid);
  ASSERT_TRUE(mount.ok());
  EXPECT_EQ(mount->path, "/sys/fs/cgroup/unified");
  EXPECT_FALSE(mount->unified);
}

TEST_F(FindMount, SaysWhereInTheHierarchyAPartIs) {
  EXPECT_EQ(find(kHybrid)->below, "");
  EXPECT_EQ(find(kHybrid, "/sys/fs/cgroup/unified/user.slice/a/")->below, "/user.slice/a");
  EXPECT_EQ(find(kHybrid, "/sys/fs/cgroup/unified2")->below, "");
  EXPECT_EQ(find("50 23 0:26 /user.slice /run/part rw - cgroup2 cgroup2 rw\n", "/run/part/b")->below, "/user.slice/b");
}

TEST_F(FindMount, KeepsTheWayOutOfACgroupNamespace) {
  EXPECT_EQ(find("41 31 0:38 /../.. /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n")->below, "/../..");
}

TEST_F(FindMount, KnowsAPartThatSomebodyElseChose) {
  FakeTree tree;
  const std::string mountinfo = "41 31 0:38 / " + tree.path() + " rw - cgroup2 cgroup2 rw\n";
  EXPECT_TRUE(find(mountinfo)->partial);
  EXPECT_THAT(missing_in(*find(mountinfo), {}), testing::Contains(Field(&model::State::subject, "cgroup tree")));
  EXPECT_FALSE(find(mountinfo, tree.path())->partial);
  std::filesystem::remove(tree.path("cgroup.events"));
  EXPECT_FALSE(find(mountinfo)->partial);
}

TEST_F(FindMount, PrefersTheWholeHierarchyToAPartOfIt) {
  const auto mount = find(
      "50 23 0:26 /user.slice /run/part rw - cgroup2 cgroup2 rw\n"
      "51 23 0:26 / /run/whole\\040tree rw - cgroup2 cgroup2 rw\n");
  ASSERT_TRUE(mount.ok());
  EXPECT_EQ(mount->path, "/run/whole tree");
}

TEST_F(FindMount, PassesOverAMountThatAnotherCovers) {
  const auto mount = find(
      "50 23 0:26 / /run/covered rw - cgroup2 cgroup2 rw\n"
      "51 23 0:26 / /run/seen rw - cgroup2 cgroup2 rw\n");
  ASSERT_TRUE(mount.ok());
  EXPECT_EQ(mount->path, "/run/seen");
}

TEST_F(FindMount, SaysWhatToDoWhereThereIsNone) {
  const auto mount = find("35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\nnonsense\n\n");
  ASSERT_FALSE(mount.ok());
  EXPECT_THAT(mount.error().message(), HasSubstr("mount -t cgroup2"));
}

TEST_F(FindMount, TakesAGivenRootWithoutItsSlashes) {
  const auto mount = find(kHybrid, "/mnt/tree//");
  ASSERT_TRUE(mount.ok());
  EXPECT_EQ(mount->path, "/mnt/tree");
}

TEST_F(FindMount, RefusesAGivenRootThatIsNoCgroup2) {
  const auto mount = find(kHybrid, "/mnt/covered");
  ASSERT_FALSE(mount.ok());
  EXPECT_THAT(mount.error().message(), HasSubstr("/mnt/covered is not in a cgroup2 file system"));
}

TEST_F(FindMount, AsksTheKernelWhetherAPathIsCgroup2) {
  proc_.make("self", {{"mountinfo", "50 23 0:26 / " + proc_.path() + " rw - cgroup2 cgroup2 rw\n"}});
  EXPECT_FALSE(find_mount({.proc = proc_.path()}).ok());
}

TEST_F(FindMount, ReadsTheControllers) {
  FakeTree tree;
  tree.write("cgroup.controllers", "cpuset cpu io memory pids\n");
  tree.write("cgroup.subtree_control", "cpu memory\n");
  const auto mount = find(kUnified, tree.path());
  ASSERT_TRUE(mount.ok());
  EXPECT_THAT(mount->controllers, ElementsAre("cpuset", "cpu", "io", "memory", "pids"));
  EXPECT_THAT(mount->enabled, ElementsAre("cpu", "memory"));
}

TEST(MissingIn, OfACompleteHostIsNothing) {
  FakeTree tree;
  tree.write("cpu.pressure", "");
  const std::vector<std::string> all = {"cpuset", "cpu", "io", "memory", "pids"};
  EXPECT_THAT(missing_in({.path = tree.path(), .unified = true, .controllers = all, .enabled = all}, {}), IsEmpty());
}

TEST(MissingIn, SaysWhereAControllerIsAndHowToGetIt) {
  FakeTree tree;
  tree.write("cpu.pressure", "");
  const Mount mount{.path = tree.path(), .controllers = {"cpuset", "cpu", "pids"}, .enabled = {"cpuset", "cpu"}};
  const auto states = missing_in(mount, {{.controller = "memory", .path = "/sys/fs/cgroup/memory"}});
  ASSERT_EQ(states.size(), 3);
  EXPECT_EQ(states[0].subject, "io controller");
  EXPECT_EQ(states[0].found, "not in " + tree.path() + "/cgroup.controllers");
  EXPECT_EQ(states[1].subject, "memory controller");
  EXPECT_EQ(states[1].found, "mounted as cgroup v1 in /sys/fs/cgroup/memory");
  EXPECT_EQ(states[1].cure, "boot with systemd.unified_cgroup_hierarchy=1");
  EXPECT_EQ(states[2].subject, "pids controller");
  EXPECT_EQ(states[2].cure, "echo +pids > " + tree.path() + "/cgroup.subtree_control");
}

TEST(MissingIn, KnowsThatTheIoControllerIsCalledBlkioInCgroupV1) {
  FakeTree tree;
  const auto states = missing_in({.path = tree.path()}, {{.controller = "blkio", .path = "/sys/fs/cgroup/blkio"}});
  EXPECT_THAT(states, testing::Contains(Field(&model::State::found, "mounted as cgroup v1 in /sys/fs/cgroup/blkio")));
}

TEST(MissingIn, MissesPressure) {
  FakeTree tree;
  EXPECT_THAT(missing_in({.path = tree.path()}, {}), testing::Contains(Field(&model::State::cure, "boot with psi=1")));
}

TEST(ControllersByLibcgroup, WritesNothingToStandardOutput) {
  testing::internal::CaptureStdout();
  controllers_by_libcgroup();
  std::fflush(stdout);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

}  // namespace
}  // namespace benchd::cgroup
