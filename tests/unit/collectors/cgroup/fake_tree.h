#pragma once

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <gtest/gtest.h>

namespace benchd::cgroup {

/// Plain directories and files that look like a cgroup tree, made where the test needs them and removed at its end.
/// What only the kernel does (ENODEV, files that appear by themselves) is left to the live tests.
class FakeTree {
 public:
  FakeTree() : path_(testing::TempDir() + "cgroup-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
    make("");
  }
  ~FakeTree() { std::filesystem::remove_all(path_); }
  FakeTree(const FakeTree&) = delete;
  FakeTree& operator=(const FakeTree&) = delete;

  /// A cgroup with the files that every one has, and these.
  void make(const std::string& cgroup, const std::map<std::string, std::string>& files = {}) const {
    std::filesystem::create_directories(path(cgroup));
    write(cgroup + "/cgroup.controllers", "");
    write(cgroup + "/cgroup.events", "populated 0\nfrozen 0\n");
    for (const auto& [name, text] : files) write(cgroup + "/" + name, text);
  }

  void write(const std::string& file, const std::string& text) const { std::ofstream(path(file)) << text; }

  /// The kernel's rmdir takes a cgroup's files along.
  void remove(const std::string& cgroup) const { std::filesystem::remove_all(path(cgroup)); }

  std::string path(const std::string& below = "") const { return below.empty() ? path_ : path_ + "/" + below; }

 private:
  std::string path_;
};

}  // namespace benchd::cgroup
