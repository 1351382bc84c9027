#include "collectors/cgroup/host_stalls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_tree.h"

namespace benchd::cgroup {
namespace {

using testing::ElementsAre;

class HostStallsTest : public testing::Test {
 protected:
  void write(const std::string& file, int some, int full) const {
    files_.write(file, "some avg10=0.00 avg60=0.00 avg300=0.00 total=" + std::to_string(some) +
                           "\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=" + std::to_string(full) + "\n");
  }

  FakeTree files_;
  base::ReadBuffer buffer_;
};

TEST_F(HostStallsTest, NumbersEachStateOfATotal) {
  write("io", 5, 1);
  write("memory", 0, 0);
  HostStalls stalls(files_.path());
  EXPECT_THAT(stalls.turns(), ElementsAre(0, 0)) << "not yet known";
  stalls.look(buffer_);
  const StallTurns first = stalls.turns();
  EXPECT_NE(first[0], 0);
  EXPECT_NE(first[1], 0);
  stalls.look(buffer_);
  EXPECT_EQ(stalls.turns(), first);
  write("io", 6, 1);
  stalls.look(buffer_);
  EXPECT_NE(stalls.turns()[0], first[0]);
  EXPECT_EQ(stalls.turns()[1], first[1]);
  write("io", 5, 1);  // no kernel does that; a state of before it is not
  const StallTurns second = stalls.turns();
  stalls.look(buffer_);
  EXPECT_NE(stalls.turns()[0], first[0]);
  EXPECT_NE(stalls.turns()[0], second[0]);
}

TEST_F(HostStallsTest, WithoutTheHostsFilesNothingIsKnown) {
  write("io", 5, 1);
  HostStalls stalls(files_.path());
  stalls.look(buffer_);
  EXPECT_NE(stalls.turns()[0], 0);
  EXPECT_EQ(stalls.turns()[1], 0);
}

TEST_F(HostStallsTest, WhatIsNotUnderstoodIsNotKnownAndWhatFollowsIsNew) {
  write("io", 5, 1);
  write("memory", 5, 1);
  HostStalls stalls(files_.path());
  stalls.look(buffer_);
  const StallTurns before = stalls.turns();
  files_.write("io", "");
  stalls.look(buffer_);
  EXPECT_EQ(stalls.turns()[0], 0);
  write("io", 5, 1);
  stalls.look(buffer_);
  EXPECT_NE(stalls.turns()[0], 0);
  EXPECT_NE(stalls.turns()[0], before[0]) << "it may have moved there and back";
  EXPECT_EQ(stalls.turns()[1], before[1]);
}

}  // namespace
}  // namespace benchd::cgroup
