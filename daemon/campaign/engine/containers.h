#pragma once

#include <map>
#include <optional>
#include <string>

#include "daemon/campaign/cgroups/cgroup_home.h"
#include "daemon/campaign/cgroups/run_cgroup.h"
#include "daemon/campaign/cgroups/scope.h"
#include "daemon/campaign/definition/definition.h"
#include "daemon/campaign/engine/engine.h"

namespace benchd::campaign {

/// What a container is for.
struct Role {
  std::string name;                           ///< no other of the campaign has it: "17", "db"
  std::map<std::string, std::string> labels;  ///< beside the campaign's own
  std::string alias;                          ///< under which others of the campaign's network reach it; or empty
};

class Containers;

/// A container below a cgroup of benchd's own: what the kernel counts there is the container's, and stays when the
/// engine has removed it. Both are gone when this is.
class Container {
 public:
  Container(Container&& other) noexcept;
  Container& operator=(Container&&) = delete;
  Container(const Container&) = delete;
  Container& operator=(const Container&) = delete;
  ~Container();

  const std::string& name() const { return name_; }
  /// Where requests about it go: "/containers/ID".
  const std::string& target() const { return target_; }
  const std::string& digest() const { return digest_; }
  RunCgroup& cgroup() { return cgroup_; }
  const RunCgroup& cgroup() const { return cgroup_; }
  /// From the engine; its cgroup stays.
  void remove();

 private:
  friend class Containers;
  Container(const Engine& engine, std::optional<Slice> slice, RunCgroup cgroup)
      : engine_(engine), slice_(std::move(slice)), cgroup_(std::move(cgroup)) {}

  const Engine& engine_;
  std::string name_;
  std::string target_;  ///< empty: the engine has it no more
  std::string digest_;
  std::optional<Slice> slice_;  ///< that the cgroup is of, where the engine's cgroups are systemd's
  RunCgroup cgroup_;
};

/// Makes the containers of one campaign, and what they share: images that are built, a network.
class Containers {
 public:
  /// `campaign` is on the labels of everything made here, and in its name. What a killed process left of it goes, and
  /// what processes of this host that live no more left of other campaigns.
  Containers(Engine engine, const CgroupHome& home, std::string campaign);
  /// Nothing of the campaign is left in the engine.
  ~Containers();
  Containers(const Containers&) = delete;
  Containers& operator=(const Containers&) = delete;

  /// Builds the variant's image, if it is a build; then whether it is there, and whether its limits can be kept.
  base::Result<base::Done> check(const Variant& variant);
  /// A network that containers are in which name no other.
  base::Result<base::Done> make_network();
  /// Not started yet. Its variant was checked.
  base::Result<Container> create(const Variant& variant, const Role& role) const;

  const Engine& engine() const { return engine_; }

  struct Leftovers {
    uint64_t containers = 0;
    uint64_t networks = 0;
  };
  /// Of other campaigns, that were removed.
  const Leftovers& left() const { return left_; }

 private:
  struct Image {
    std::string reference;
    std::string digest;
  };
  /// With this label, and further labels that `which` says yes to.
  template <class Which>
  Leftovers remove_all(const std::string& label, Which which) const;
  base::Result<std::string> build(const Variant& variant) const;
  bool has_slices_of_user() const;

  const Engine engine_;
  const CgroupHome& home_;
  const std::string campaign_;
  const std::string maker_;
  Leftovers left_;
  std::string network_;                  ///< empty: none was made
  std::map<std::string, Image> images_;  ///< by variant
};

}  // namespace benchd::campaign
