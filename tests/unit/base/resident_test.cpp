#include "base/resident.h"

#include <cstdint>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <link.h>

namespace benchd::base {
namespace {

/// Kilobytes of mapped files that are resident.
int64_t resident_files() {
  std::ifstream status("/proc/self/status");
  std::string word;
  int64_t kilobytes = 0;
  while (status >> word)
    if (word == "RssFile:") status >> kilobytes;
  return kilobytes;
}

/// Reads a byte of each page of all code.
int touch(dl_phdr_info* object, size_t /*size*/, void* sum) {
  for (size_t i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    const auto* bytes = reinterpret_cast<const volatile unsigned char*>(object->dlpi_addr + segment.p_vaddr);
    for (size_t at = 0; at < segment.p_filesz; at += 4096) *static_cast<uint64_t*>(sum) += bytes[at];
  }
  return 0;
}

TEST(GiveBackMemory, UnmapsCodeThatStillRunsAndIsTheSame) {
  uint64_t before = 0;
  ::dl_iterate_phdr(touch, &before);
  const int64_t full = resident_files();
  give_back_memory();
  EXPECT_LT(resident_files(), full);
  uint64_t after = 0;
  ::dl_iterate_phdr(touch, &after);
  EXPECT_EQ(after, before);
}

}  // namespace
}  // namespace benchd::base
