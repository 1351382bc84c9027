#include "collectors/runtimes/path_rules.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "base/text.h"

namespace benchd::runtimes {
namespace {

using model::PathMatch;
using model::Runtime;

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

/// Docker, podman, nerdctl, CRI-O and containerd's CRI name containers by 256 random bits in hex.
bool is_full_id(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// The last component, which is cut off `path`; empty when there is none left.
std::string_view cut_last(std::string_view& path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  const std::string_view last = slash == std::string_view::npos ? path : path.substr(slash + 1);
  path.remove_suffix(last.size());
  while (path.ends_with('/')) path.remove_suffix(1);
  return last;
}

std::string_view last_of(std::string_view path) {
  return cut_last(path);
}

bool has_component(std::string_view path, std::string_view wanted) {
  while (!path.empty())
    if (base::cut(path, '/') == wanted) return true;
  return false;
}

/// systemd.unit(5), "String Escaping for Inclusion in Unit Names": \xNN stands for that byte, - for a slash (which a
/// machine's name cannot contain).
std::string unescape_unit(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    if (text.size() >= 4 && text.starts_with("\\x")) {
      if (const auto byte = base::parse_integer<unsigned char>(text.substr(2, 2), 16)) {
        plain += static_cast<char>(*byte);
        text.remove_prefix(4);
        continue;
      }
    }
    plain += text.front();
    text.remove_prefix(1);
  }
  return plain;
}

/// The uid in "pod<uid>" (cgroupfs driver) or "…kubepods…-pod<uid>.slice" (systemd driver, where a dash would open a
/// new slice and therefore stands as '_'); empty where it is neither.
std::string pod_uid(std::string_view component) {
  if (take_suffix(component, ".slice")) {
    const size_t at = component.rfind("-pod");
    if (at == std::string_view::npos || component.substr(0, at).find("kubepods") == std::string_view::npos) return {};
    component.remove_prefix(at + 4);
  } else if (!take_prefix(component, "pod")) {
    return {};
  }
  if (component.find_first_not_of("0123456789abcdef-_") != std::string_view::npos) return {};
  std::string uid(component);
  std::replace(uid.begin(), uid.end(), '_', '-');
  return uid;
}

struct Prefix {
  std::string_view text;
  Runtime runtime;
};

/// "PREFIX-ID.scope" under the systemd driver, "PREFIX-ID" under cgroupfs where the runtime puts a prefix at all.
/// conmon's own "libpod-conmon-ID" and "crio-conmon-ID" fall through, because what follows the prefix is no id.
constexpr auto kPrefixes = std::to_array<Prefix>({
    {"docker-", Runtime::Docker},
    {"libpod-", Runtime::Podman},
    {"libpod-payload-", Runtime::Podman},  // --cgroups=split, which Quadlet units use
    {"nerdctl-", Runtime::Containerd},
    {"cri-containerd-", Runtime::Containerd},
    {"crio-", Runtime::Crio},
});

std::optional<PathMatch> match_prefixed_id(std::string_view parent, std::string_view last) {
  take_suffix(last, ".scope");
  for (const Prefix& prefix : kPrefixes) {
    std::string_view id = last;
    if (take_prefix(id, prefix.text) && is_full_id(id))
      return PathMatch{prefix.runtime, std::string(id), pod_uid(last_of(parent))};
  }
  return std::nullopt;
}

/// "SLICE:PREFIX:ID" is how systemd's driver is asked for a scope; a runtime left on cgroupfs by mistake takes the
/// whole of it as a directory name.
std::optional<PathMatch> match_unexpanded(std::string_view last) {
  const std::string_view slice = base::cut(last, ':');
  const std::string_view prefix = base::cut(last, ':');
  if (!slice.ends_with(".slice") || !is_full_id(last)) return std::nullopt;
  for (const Prefix& known : kPrefixes)
    if (known.text.substr(0, known.text.size() - 1) == prefix)
      return PathMatch{known.runtime, std::string(last), pod_uid(slice)};
  return std::nullopt;
}

std::optional<PathMatch> match_bare_id(std::string_view parent, std::string_view last) {
  if (!is_full_id(last)) return std::nullopt;
  const std::string_view directory = last_of(parent);
  if (directory == "libpod_parent") return std::nullopt;  // a podman pod; its containers lie below
  if (has_component(parent, "kubepods")) {
    std::string uid = pod_uid(directory);
    if (uid.empty()) return std::nullopt;
    return PathMatch{Runtime::Kubernetes, std::string(last), std::move(uid)};
  }
  if (directory == "default" || directory == "k8s.io")  // containerd's namespaces
    return PathMatch{Runtime::Containerd, std::string(last), {}};
  return PathMatch{Runtime::Docker, std::string(last), {}};
}

/// `ctr run` puts a container of any name at /NAMESPACE/NAME. Only the default namespace is safe to recognise.
std::optional<PathMatch> match_ctr(std::string_view parent, std::string_view last) {
  if (parent != "/default") return std::nullopt;
  return PathMatch{Runtime::Containerd, std::string(last), {}};
}

std::optional<PathMatch> match_lxc(std::string_view parent, std::string_view last) {
  const std::string_view directory = last_of(parent);
  const bool under_lxc = (directory == "lxc" || directory == "lxc.payload") && !last.starts_with("lxc.");
  if (!under_lxc && !take_prefix(last, "lxc.payload.")) return std::nullopt;
  if (last.empty()) return std::nullopt;
  return PathMatch{Runtime::Lxc, std::string(last), {}};
}

std::optional<PathMatch> match_machine(std::string_view parent, std::string_view last) {
  if (last_of(parent) != "machine.slice") return std::nullopt;
  if (take_suffix(last, ".service")) {
    if (!take_prefix(last, "systemd-nspawn@") && !take_prefix(last, "container@"))
      return std::nullopt;  // NixOS: the latter
  } else if (!take_prefix(last, "machine-") || !take_suffix(last, ".scope")) {
    return std::nullopt;
  }
  std::string name = unescape_unit(last);
  // libvirt registers its guests as DRIVER-NUMBER-NAME.
  for (const std::string_view driver : {"qemu-", "lxc-", "xen-"}) {
    const std::string_view rest = name;
    if (rest.starts_with(driver) && rest.size() > driver.size() &&
        std::isdigit(static_cast<unsigned char>(rest[driver.size()])) != 0)
      return std::nullopt;
  }
  if (name.empty()) return std::nullopt;
  return PathMatch{Runtime::Nspawn, std::move(name), {}};
}

std::optional<PathMatch> match_last(std::string_view parent, std::string_view last) {
  if (auto match = match_prefixed_id(parent, last)) return match;
  if (auto match = match_unexpanded(last)) return match;
  if (auto match = match_bare_id(parent, last)) return match;
  if (auto match = match_ctr(parent, last)) return match;
  if (auto match = match_lxc(parent, last)) return match;
  return match_machine(parent, last);
}

}  // namespace

std::optional<PathMatch> match_path(std::string_view cgroup_path) {
  std::string_view parent = cgroup_path;
  const std::string_view last = cut_last(parent);
  if (last.empty()) return std::nullopt;
  auto match = match_last(parent, last);
  if (!match) return std::nullopt;

  // A runtime may repeat its id below the container's own cgroup: still the same container.
  const std::string_view above = cut_last(parent);
  if (!above.empty())
    if (const auto outer = match_last(parent, above); outer && outer->runtime_id == match->runtime_id)
      return std::nullopt;
  return match;
}

}  // namespace benchd::runtimes
