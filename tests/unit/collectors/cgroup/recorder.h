#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "collectors/cgroup/tree.h"

namespace benchd::cgroup {

/// Notes what a Tree tells, as "+/path", "-/path", "populated /path", "empty /path", "changed /path"; and fails the
/// test when it tells of a container that is not there, or of one twice.
class Recorder : public TreeListener {
 public:
  struct Known {
    std::shared_ptr<const model::Container> container;
    base::Fd directory;
  };

  void appeared(std::shared_ptr<const model::Container> container, base::Fd directory) override {
    note("+" + container->path);
    const uint64_t id = container->cgroup_id;
    EXPECT_TRUE(containers_.try_emplace(id, Known{std::move(container), std::move(directory)}).second);
  }
  void changed(uint64_t id) override { note("changed " + path_of(id)); }
  void populated(uint64_t id, bool populated) override { note((populated ? "populated " : "empty ") + path_of(id)); }
  void removed(uint64_t id) override {
    note("-" + path_of(id));
    containers_.erase(id);
  }

  /// What was noted since the last call.
  std::vector<std::string> take() { return std::exchange(notes_, {}); }
  const std::map<uint64_t, Known>& containers() const { return containers_; }

 private:
  void note(std::string text) { notes_.push_back(std::move(text)); }
  std::string path_of(uint64_t id) const {
    const auto known = containers_.find(id);
    if (known != containers_.end()) return known->second.container->path;
    ADD_FAILURE() << "told of an unknown container";
    return "?";
  }

  std::vector<std::string> notes_;
  std::map<uint64_t, Known> containers_;
};

}  // namespace benchd::cgroup
