#include "collectors/cgroup/mount.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/octal_escapes.h"
#include "base/text.h"

namespace benchd::cgroup {
namespace {

bool statfs_says_cgroup2(const std::string& path) {
  struct statfs info {};
  return ::statfs(path.c_str(), &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC;
}

struct MountLine {
  std::string_view type;
  std::string root;  ///< what part of the file system is mounted
  std::string path;
  int rank = 0;  ///< among cgroup2's: the lowest wins
};

/// "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw": the fourth field is what part of
/// the file system is mounted, the fifth where; the type follows the hyphen (proc(5)).
std::optional<MountLine> parse_mountinfo_line(std::string_view line) {
  const size_t hyphen = line.find(" - ");
  if (hyphen == std::string_view::npos) return std::nullopt;
  std::string_view type = line.substr(hyphen + 3);
  for (int skipped = 0; skipped < 3; ++skipped) base::cut(line, ' ');
  const std::string_view root = base::cut(line, ' ');
  MountLine mount{.type = base::cut(type, ' '), .root = {}, .path = {}};
  base::undo_octal_escapes(root, mount.root);
  base::undo_octal_escapes(base::cut(line, ' '), mount.path);
  if (mount.path == "/sys/fs/cgroup") {
    mount.rank = 0;
  } else if (mount.path == "/sys/fs/cgroup/unified") {
    mount.rank = 1;
  } else {
    mount.rank = root == "/" ? 2 : 3;
  }
  return mount;
}

base::Result<std::string> choose_path(std::vector<MountLine> mounts, const std::string& given_root,
                                      bool (*is_cgroup2)(const std::string&)) {
  if (!given_root.empty()) {
    std::string path = given_root;
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    if (is_cgroup2(path)) return path;
    return base::Error{.attempt = path + " is not in a cgroup2 file system; `findmnt -t cgroup2` shows where one is"};
  }
  std::ranges::stable_sort(mounts, {}, &MountLine::rank);
  // A later mount may cover an earlier one, which mountinfo goes on listing: only statfs sees what is there.
  for (MountLine& mount : mounts) {
    if (mount.type == "cgroup2" && is_cgroup2(mount.path)) return std::move(mount.path);
  }
  return base::Error{.attempt =
                         "no cgroup2 file system is mounted, and there is nothing to measure without one; boot with "
                         "systemd.unified_cgroup_hierarchy=1, or at once and beside cgroup v1: mkdir -p "
                         "/sys/fs/cgroup/unified && mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified"};
}

/// Where a directory is in its hierarchy: what is mounted at the nearest mount point above, and the way from there.
std::string place_in_hierarchy(const std::vector<MountLine>& mounts, const std::string& path) {
  const MountLine* nearest = nullptr;
  for (const MountLine& mount : mounts) {
    const bool above = path.starts_with(mount.path) && (path + "/")[mount.path.size()] == '/';
    if (mount.type == "cgroup2" && above && (nearest == nullptr || mount.path.size() >= nearest->path.size()))
      nearest = &mount;
  }
  if (nearest == nullptr) return "";
  return (nearest->root == "/" ? "" : nearest->root) + path.substr(nearest->path.size());
}

std::vector<std::string> words_of(const std::string& path) {
  std::vector<std::string> words;
  const auto text = base::read_text(path);
  if (!text) return words;
  for (std::string_view rest = base::trim(*text); !rest.empty();) words.emplace_back(base::cut(rest, ' '));
  return words;
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

struct Wanted {
  const char* controller;
  const char* v1_name;
  const char* cost;
};

constexpr auto kWanted = std::to_array<Wanted>({
    {"cpu", "cpu", "no throttling, CPU quota and CPU weight; CPU time is counted all the same"},
    {"cpuset", "cpuset", "no effective CPUs"},
    {"io", "blkio", "no IO counters"},
    {"memory", "memory", "no memory metrics but pressure"},
    {"pids", "pids", "no number of threads; processes are counted all the same"},
});

std::optional<model::State> state_of(const Wanted& wanted, const Mount& mount,
                                     const std::vector<ControllerMount>& known) {
  const std::string name = wanted.controller;
  model::State state{.subject = name + " controller", .cost = wanted.cost};
  if (contains(mount.controllers, name)) {
    if (contains(mount.enabled, name)) return std::nullopt;
    const std::string file = mount.path + "/cgroup.subtree_control";
    state.found = "not enabled in " + file;
    state.cure = "echo +" + name + " > " + file;
    return state;
  }
  const auto elsewhere = std::ranges::find(known, wanted.v1_name, &ControllerMount::controller);
  if (elsewhere != known.end() && elsewhere->path != mount.path) {
    state.found = "mounted as cgroup v1 in " + elsewhere->path;
    state.cure = "boot with systemd.unified_cgroup_hierarchy=1";
  } else {
    state.found = "not in " + mount.path + "/cgroup.controllers";
    state.cure = "boot without cgroup_disable=" + name + " and without cgroup v1 (cgroup_no_v1=all)";
  }
  return state;
}

}  // namespace

base::Result<Mount> find_mount(const MountOptions& options) {
  const auto mountinfo = base::read_text(options.proc + "/self/mountinfo");
  if (!mountinfo) return mountinfo.error();
  Mount mount{.unified = true};
  std::vector<MountLine> mounts;
  for (std::string_view rest = *mountinfo; !rest.empty();) {
    auto line = parse_mountinfo_line(base::cut(rest, '\n'));
    if (!line) continue;
    if (line->type == "cgroup") mount.unified = false;
    mounts.push_back(std::move(*line));
  }
  auto path =
      choose_path(mounts, options.given_root, options.is_cgroup2 != nullptr ? options.is_cgroup2 : statfs_says_cgroup2);
  if (!path) return path.error();
  mount.path = std::move(*path);
  mount.below = place_in_hierarchy(mounts, mount.path);
  // Every cgroup but the root of the hierarchy has this file.
  mount.partial = options.given_root.empty() && ::access((mount.path + "/cgroup.events").c_str(), F_OK) == 0;
  mount.controllers = words_of(mount.path + "/cgroup.controllers");
  mount.enabled = words_of(mount.path + "/cgroup.subtree_control");
  return mount;
}

std::vector<model::State> missing_in(const Mount& mount, const std::vector<ControllerMount>& known) {
  std::vector<model::State> states;
  if (mount.partial) {
    states.push_back({.subject = "cgroup tree",
                      .found = mount.path + " shows a part of the hierarchy, the one that benchd itself is in",
                      .cost = "containers elsewhere on this host are not seen",
                      .cure = "run benchd on the host, or its container with --cgroupns=host --pid=host"});
  }
  for (const Wanted& wanted : kWanted) {
    if (auto state = state_of(wanted, mount, known)) states.push_back(std::move(*state));
  }
  if (::access((mount.path + "/cpu.pressure").c_str(), R_OK) != 0) {
    states.push_back({.subject = "pressure",
                      .found = "no " + mount.path + "/cpu.pressure",
                      .cost = "no pressure metrics of cpu, memory, io and irq",
                      .cure = "boot with psi=1"});
  }
  return states;
}

}  // namespace benchd::cgroup
