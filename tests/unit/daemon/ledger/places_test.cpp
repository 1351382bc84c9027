#include "daemon/ledger/places.h"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/temporary_directory.h"

namespace benchd::ledger {
namespace {

using testing::Contains;
using testing::Not;

/// Each test is a process of its own: what it sets ends with it.
class PlacesTest : public testing::Test {
 protected:
  static void set(const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); }
  static unsigned mode_of(const std::string& path) {
    struct stat about {};
    return ::stat(path.c_str(), &about) == 0 ? about.st_mode & 07777 : 0;
  }

  TemporaryDirectory directory_;
  const std::string home_ = directory_.path();
};

TEST_F(PlacesTest, TheUsersOwnIsWhereXdgSays) {
  set("XDG_DATA_HOME", home_ + "/data");
  const auto path = own_ledger();
  ASSERT_TRUE(path.ok()) << path.error().message();
  EXPECT_EQ(*path, home_ + "/data/benchd/ledger.db");
  EXPECT_EQ(mode_of(home_ + "/data/benchd"), 0700U);
}

TEST_F(PlacesTest, ARelativeXdgDirectoryIsIgnored) {
  set("XDG_DATA_HOME", "data");
  set("HOME", home_);
  EXPECT_EQ(*own_ledger(), home_ + "/.local/share/benchd/ledger.db");
}

TEST_F(PlacesTest, WithoutHomeItIsThatOfThePasswordFile) {
  ::unsetenv("XDG_DATA_HOME");
  set("HOME", "");
  for (const std::string& path : readable_ledgers()) EXPECT_TRUE(path.starts_with('/')) << path;
}

TEST_F(PlacesTest, WhatIsInTheWayIsNamed) {
  std::ofstream(home_ + "/data") << "a file";
  set("XDG_DATA_HOME", home_ + "/data");
  const auto path = own_ledger();
  ASSERT_FALSE(path.ok());
  EXPECT_THAT(path.error().message(), testing::HasSubstr(home_ + "/data"));
}

TEST_F(PlacesTest, OnlyThoseThatAreThereAreReadable) {
  set("XDG_DATA_HOME", home_);
  const std::string own = *own_ledger();
  EXPECT_THAT(readable_ledgers(), Not(Contains(own)));
  std::ofstream(own) << "";
  EXPECT_THAT(readable_ledgers(), Contains(own));
  EXPECT_EQ(readable_ledgers().back(), own) << "behind the daemon's";
}

}  // namespace
}  // namespace benchd::ledger
