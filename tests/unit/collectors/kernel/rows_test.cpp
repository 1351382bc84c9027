#include <vector>

#include <gtest/gtest.h>

#include "collectors/kernel/programs/records.h"

namespace benchd::kernel {
namespace {

/// Ids of cgroups made one after the other: each of a cgroup's files takes a number too, and numbers that come again
/// have a generation above them (kernfs_node_id).
class Rows : public testing::TestWithParam<uint64_t> {};

TEST_P(Rows, HalfOfThemCanBeTaken) {
  for (const uint64_t generation : {uint64_t{0}, uint64_t{1} << 32}) {
    for (uint32_t rows = 1024; rows <= 16384; rows *= 2) {
      std::vector<bool> taken(rows);
      for (uint64_t i = 0; i < rows / 2; ++i) {
        const uint64_t id = generation + 5000 + i * GetParam();
        uint32_t tried = 0;
        while (tried < BENCHD_ROW_TRIES && taken[benchd_row(id, tried, rows)]) ++tried;
        ASSERT_LT(tried, BENCHD_ROW_TRIES) << i << " of " << rows;
        taken[benchd_row(id, tried, rows)] = true;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(OfIds, Rows, testing::Values(1, 2, 14, 32, 47, 64, 1024));

}  // namespace
}  // namespace benchd::kernel
