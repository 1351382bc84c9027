#include "daemon/campaign/engine/containers.h"

#include <cerrno>
#include <csignal>
#include <exception>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/file.h"
#include "base/octal_escapes.h"
#include "base/subdirectories.h"
#include "base/text.h"
#include "collectors/host/mounts.h"
#include "daemon/campaign/engine/container_body.h"
#include "daemon/campaign/engine/engine_json.h"
#include "daemon/campaign/engine/maker.h"
#include "daemon/campaign/engine/tar.h"

namespace benchd::campaign {
namespace {

using base::Done;
using base::Error;
using base::Result;

constexpr const char* kCampaignLabel = "benchd.campaign";
constexpr const char* kMakerLabel = "benchd.process";

/// The last words of a build: one JSON object a line.
std::string build_failure(const std::string& body) {
  std::string failure;
  for (std::string_view rest = body; !rest.empty();) {
    const Json line = parse_json(base::cut(rest, '\n'));
    if (std::string error = text_in(line, "error"); !error.empty()) failure = std::move(error);
  }
  return failure;
}

/// Where v1's hierarchies are, that of systemd's names among them.
std::vector<std::string> v1_hierarchies(const std::string& mountinfo) {
  std::vector<std::string> paths;
  const auto text = base::read_text(mountinfo);
  if (!text.ok()) return paths;
  for (std::string_view rest = *text; !rest.empty();) {
    const auto mount = host::parse_mount(base::cut(rest, '\n'));
    if (mount && mount->type == "cgroup") base::undo_octal_escapes(mount->mountpoint, paths.emplace_back());
  }
  return paths;
}

std::vector<std::string> subdirectories(const std::string& path) {
  std::vector<std::string> names;
  const auto directory = base::open_directory(AT_FDCWD, path.c_str());
  if (!directory.ok()) return names;
  alignas(dirent64) char buffer[4096];
  base::for_each_subdirectory(directory->get(), buffer, sizeof buffer,
                              [&](const char* name) { names.emplace_back(name); });
  return names;
}

void remove_directories(const std::string& path) {
  for (const std::string& name : subdirectories(path)) remove_directories(fmt::format("{}/{}", path, name));
  ::rmdir(path.c_str());
}

/// Below a v1 hierarchy, where the engine leaves the parents that it made: those of this process, and of any that is no
/// more. Only what is empty goes.
void remove_homes(const std::string& parent) {
  for (const std::string& name : subdirectories(parent)) {
    if (!name.starts_with(kHomePrefix)) continue;
    const auto pid = base::parse_integer<pid_t>(std::string_view(name).substr(name.rfind('-') + 1));
    const bool runs = pid && *pid != ::getpid() && (::kill(*pid, 0) == 0 || errno == EPERM);
    if (pid && !runs) remove_directories(fmt::format("{}/{}", parent, name));
  }
}

/// What is not there any more needs no removal.
void remove_from(const Engine& engine, const std::string& target) {
  (void)engine.ask("DELETE", target);  // NOLINT(bugprone-unused-return-value)
}

Error cannot(const char* what) {
  return {.code = ENOTSUP,
          .attempt = std::string(what) + ": the engine says that it cannot here (docker info, and benchd doctor)"};
}

}  // namespace

Container::Container(Container&& other) noexcept
    : engine_(other.engine_),
      name_(std::move(other.name_)),
      target_(std::exchange(other.target_, {})),
      digest_(std::move(other.digest_)),
      slice_(std::move(other.slice_)),
      cgroup_(std::move(other.cgroup_)) {}

Container::~Container() {
  if (target_.empty()) return;
  cgroup_.kill();
  remove();
}

void Container::remove() {
  remove_from(engine_, target_ + "?force=1&v=1");
  target_.clear();
}

Containers::Containers(Engine engine, const CgroupHome& home, std::string campaign)
    : engine_(std::move(engine)), home_(home), campaign_(std::move(campaign)), maker_(this_maker()) {
  remove_all(std::string(kCampaignLabel) + '=' + campaign_, [](const Json&) { return true; });
  left_ = remove_all(kCampaignLabel, [](const Json& labels) { return is_gone(text_in(labels, kMakerLabel)); });
  if (engine_.facts().systemd) stop_earlier_slices(campaign_, has_slices_of_user());
}

bool Containers::has_slices_of_user() const {
  return engine_.facts().rootless && ::geteuid() != 0;
}

Containers::~Containers() {
  try {
    remove_all(std::string(kCampaignLabel) + '=' + campaign_, [](const Json&) { return true; });
    if (engine_.facts().systemd) stop_earlier_slices(campaign_, has_slices_of_user());
    const std::string home = home_.path().substr(home_.mount().path.size());
    for (const std::string& hierarchy : v1_hierarchies("/proc/self/mountinfo"))
      remove_homes(hierarchy + home.substr(0, home.rfind('/')));
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the next start of the campaign removes them
  }
}

template <class Which>
Containers::Leftovers Containers::remove_all(const std::string& label, Which which) const {
  const std::string filters = "filters=" + url_encoded(Json{{"label", Json::array({label})}}.dump());
  const auto remove = [&](const std::string& list, const char* target, const char* options) {
    uint64_t removed = 0;
    const auto answer = engine_.ask("GET", list + filters);
    if (!answer.ok()) return removed;
    const Json found = parse_json(*answer);
    if (!found.is_array()) return removed;
    for (const Json& it : found) {
      const std::string id = text_in(it, "Id");
      if (id.empty() || !which(member(it, "Labels"))) continue;
      remove_from(engine_, target + id + options);
      ++removed;
    }
    return removed;
  };
  Leftovers left;
  left.containers = remove("/containers/json?all=1&", "/containers/", "?force=1&v=1");
  left.networks = remove("/networks?", "/networks/", "");
  return left;
}

Result<std::string> Containers::build(const Variant& variant) const {
  auto archive = tar_of(variant.image);
  if (!archive.ok()) return archive.error();
  const std::string arguments = Json(variant.build_arguments).dump();
  std::string reference = "benchd-build:" + hash_of(variant.image + arguments);
  const auto built =
      engine_.ask("POST", "/build?rm=1&t=" + url_encoded(reference) + "&buildargs=" + url_encoded(arguments), *archive,
                  "application/x-tar");
  if (!built.ok()) return built.error();
  if (const std::string failure = build_failure(*built); !failure.empty())
    return Error{.attempt = "build " + variant.image + ": " + failure};
  return reference;
}

Result<Done> Containers::check(const Variant& variant) {
  const EngineFacts& facts = engine_.facts();
  if (variant.memory_bytes && !facts.limits_memory) return cannot("limit its memory");
  if (variant.cpu_limit && !facts.limits_cpu) return cannot("limit its processor time");
  if (!variant.cpus.empty() && !facts.pins_cpus) return cannot("pin it to cpus");
  if (!variant.mems.empty() && !facts.pins_cpus) return cannot("pin its memory to nodes");
  Image image{.reference = variant.image};
  if (variant.kind == Variant::Kind::Build) {
    auto built = build(variant);
    if (!built.ok()) return built.error();
    image.reference = *std::move(built);
  }
  const auto answer = engine_.ask("GET", "/images/" + image.reference + "/json");
  if (!answer.ok() && answer.error().code == ENOENT)
    return Error{.attempt = fmt::format("find the image {0}: it is not here ({1} pull {0})", image.reference,
                                        facts.podman ? "podman" : "docker")};
  if (!answer.ok()) return answer.error();
  image.digest = text_in(parse_json(*answer), "Id");
  images_.insert_or_assign(variant.name, std::move(image));
  return Done{};
}

Result<Done> Containers::make_network() {
  const std::string name = "benchd-" + campaign_;
  const Json body = {{"Name", name},
                     {"Driver", "bridge"},
                     {"CheckDuplicate", true},
                     {"Labels", {{kCampaignLabel, campaign_}, {kMakerLabel, maker_}}}};
  const auto made = engine_.ask("POST", "/networks/create", body.dump());
  if (!made.ok())
    return Error{made.error().code,
                 "make a network for the services, which `network: host` would need none of: " + made.error().attempt};
  network_ = name;
  return Done{};
}

Result<Container> Containers::create(const Variant& variant, const Role& role) const {
  const cgroup::Mount& mount = home_.mount();
  const EngineFacts& facts = engine_.facts();
  std::optional<Slice> slice;
  if (facts.systemd) {
    const bool of_user = has_slices_of_user();
    auto started = Slice::start(slice_name(campaign_, role.name), of_user,
                                of_user == (::geteuid() != 0) ? home_.scope() : std::string());
    if (!started.ok()) return started.error();
    slice.emplace(*std::move(started));
  }
  auto cgroup = slice ? RunCgroup::adopt(mount.path + slice->path().substr(mount.below.size()))
                      : home_.make_run("run-" + role.name);
  if (!cgroup.ok()) return cgroup.error();
  ContainerPlan plan{.name = fmt::format("benchd-{}-{}-{}", campaign_, ::getpid(), role.name),
                     .image = images_.at(variant.name).reference,
                     .cgroup_parent = slice ? slice->name() : mount.below + cgroup->path().substr(mount.path.size()),
                     .labels = role.labels,
                     .network = network_,
                     .alias = role.alias};
  plan.labels[kCampaignLabel] = campaign_;
  plan.labels[kMakerLabel] = maker_;
  const auto body = facts.podman ? podman_body(variant, plan) : Result<std::string>(docker_body(variant, plan));
  if (!body.ok()) return body.error();
  const auto answer = engine_.ask(
      "POST", facts.podman ? "/v4.0.0/libpod/containers/create" : "/containers/create?name=" + plan.name, *body);
  if (!answer.ok()) return answer.error();
  const std::string id = text_in(parse_json(*answer), "Id");
  if (id.empty()) return Error{EPROTO, "create a container: the engine's answer has no id"};
  Container container(engine_, std::move(slice), *std::move(cgroup));
  container.name_ = std::move(plan.name);
  container.target_ = "/containers/" + id;
  container.digest_ = images_.at(variant.name).digest;
  return container;
}

}  // namespace benchd::campaign
