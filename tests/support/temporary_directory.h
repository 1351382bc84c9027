#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

namespace benchd {

/// An empty directory of this test alone, removed at its end. ctest runs each test in a process of its own and several
/// at a time, so that a fixed name would be shared.
class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_(testing::TempDir() + "benchd-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace benchd
