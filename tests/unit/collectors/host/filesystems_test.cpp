#include "collectors/host/filesystems.h"

#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace benchd::host {
namespace {

TEST(ParseMount, TakesTheFieldsAroundAnyNumberOfOptionalOnes) {
  for (const char* optional : {"", "shared:1 ", "shared:1 master:2 propagate_from:3 "}) {
    const std::string line =
        std::string("36 35 98:0 /sub /mnt/a rw,noatime ") + optional + "- ext4 /dev/vda1 ro,errors=continue";
    const auto mount = parse_mount(line);
    ASSERT_TRUE(mount) << line;
    EXPECT_EQ(mount->id, 36u);
    EXPECT_EQ(mount->device, (model::Device{98, 0}));
    EXPECT_EQ(mount->mountpoint, "/mnt/a");
    EXPECT_EQ(mount->type, "ext4");
    EXPECT_EQ(mount->source, "/dev/vda1");
    EXPECT_TRUE(mount->read_only);
  }
  EXPECT_FALSE(parse_mount("36 35 98:0 / /mnt rw"));
  EXPECT_FALSE(parse_mount(""));
}

TEST(ParseMount, TellsTheFileSystemsFlagFromTheMounts) {
  EXPECT_FALSE(parse_mount("1 1 8:1 / / ro,relatime - ext4 /dev/sda1 rw")->read_only);
  EXPECT_TRUE(parse_mount("1 1 8:1 / / ro,relatime - ext4 /dev/sda1 ro")->read_only);
}

class FilesystemsTest : public testing::Test {
 protected:
  std::vector<std::string> found(std::string_view mountinfo) {
    filesystems_.update(mountinfo, reading_);
    std::vector<std::string> paths;
    for (const auto& filesystem : reading_) paths.push_back(filesystem.mountpoint);
    return paths;
  }

  std::map<std::string, uint64_t> hidden_;  ///< path → the id of the mount that is seen there
  std::vector<std::string> asked_;
  std::vector<model::HostFilesystem> reading_;
  Filesystems filesystems_{[this](const char* path, uint64_t id) -> std::optional<Space> {
    asked_.emplace_back(path);
    if (hidden_.contains(path) && hidden_[path] != id) return std::nullopt;
    return Space{.size_bytes = 1000, .free_bytes = 600, .available_bytes = 500, .files = id % 2, .files_free = 1};
  }};
};

TEST_F(FilesystemsTest, NamesEachDeviceOnceAtItsShortestMountpoint) {
  EXPECT_THAT(found("20 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
                    "21 20 8:1 /srv /srv/bind rw - ext4 /dev/sda1 rw\n"
                    "22 20 8:2 / /var/lib/docker rw - xfs /dev/sda2 rw\n"
                    "23 20 8:2 /x /data rw - xfs /dev/sda2 rw\n"
                    "24 20 0:40 / /tank rw - zfs tank rw\n"),
              testing::ElementsAre("/tank", "/", "/data"));
  EXPECT_EQ(reading_[1].type, "ext4");
  EXPECT_EQ(reading_[1].source, "/dev/sda1");
  EXPECT_EQ(reading_[1].available_bytes, 500u);
  EXPECT_FALSE(reading_[1].files);
  EXPECT_TRUE(reading_[2].files);
}

TEST_F(FilesystemsTest, NeverTouchesWhatMayHang) {
  EXPECT_THAT(found("20 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
                    "21 20 0:50 / /net rw - nfs4 server:/export rw\n"
                    "22 21 8:2 / /net/below rw - ext4 /dev/sda2 rw\n"
                    "23 20 8:3 / /ntfs rw - fuseblk /dev/sda3 rw\n"
                    "24 20 0:51 / /boot/efi rw - autofs systemd-1 rw\n"
                    "25 24 8:4 / /boot/efi rw - vfat /dev/sda4 rw\n"
                    "26 20 8:5 / /network rw - ext4 /dev/sda5 rw\n"),
              testing::ElementsAre("/", "/network"));
  EXPECT_THAT(asked_, testing::UnorderedElementsAre("/", "/network"));
}

TEST_F(FilesystemsTest, LeavesOutWhatHasNoSpaceOfItsOwn) {
  EXPECT_THAT(found("20 1 0:20 / /proc rw - proc proc rw\n"
                    "21 1 0:21 / /tmp rw - tmpfs tmpfs rw\n"
                    "22 1 7:1 / /snap/core/1 ro - squashfs /dev/loop1 ro\n"
                    "23 1 0:22 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw\n"
                    "24 1 0:6 / /dev rw - devtmpfs /dev/none rw\n"),
              testing::IsEmpty());
  EXPECT_THAT(asked_, testing::IsEmpty());
}

TEST_F(FilesystemsTest, LooksForAnotherMountpointWhereOneIsHidden) {
  hidden_["/home"] = 30;  // ProtectHome= mounts an empty tmpfs over it
  EXPECT_THAT(found("22 1 8:3 / /home rw - ext4 /dev/sda3 rw\n"
                    "23 1 8:3 /u /srv/users rw - ext4 /dev/sda3 rw\n"
                    "30 1 0:60 / /home ro - tmpfs tmpfs ro\n"),
              testing::ElementsAre("/srv/users"));
}

TEST_F(FilesystemsTest, LetsGoOfOneThatWasUnmounted) {
  found("20 1 8:1 / / rw - ext4 /dev/sda1 rw\n21 1 8:2 / /mnt rw - ext4 /dev/sda2 rw\n");
  EXPECT_THAT(found("21 1 8:2 / /mnt rw - ext4 /dev/sda2 rw\n"), testing::ElementsAre("/mnt"));
}

}  // namespace
}  // namespace benchd::host
