#include "collectors/runtimes/engine_states.h"

#include <algorithm>
#include <string>

namespace benchd::runtimes {
namespace {

using base::Engine;
using base::EngineId;
using base::Error;
using model::Runtime;
using model::State;

constexpr const char* kCost =
    "its containers have no name, image, labels, exit code or health; their figures are complete";

std::string word(Engine engine) {
  return engine == Engine::Docker ? "docker" : "podman";
}

std::string found(const Error& trouble) {
  switch (trouble.code) {
    case ENOENT:
      return "its socket is gone";
    case ECONNREFUSED:
      return "nobody listens on its socket";
    case EACCES:
    case EPERM:
      return "no permission to use its socket";
    case EAGAIN:
      return "hangs: its queue of connections is full";
    case ETIMEDOUT:
      return "hangs: no answer in time";
    default:
      return trouble.message();
  }
}

std::string cure(EngineId id, const Error& trouble) {
  const std::string engine = word(id.engine);
  const std::string systemctl = id.owner == 0 ? "systemctl" : "systemctl --user";
  switch (trouble.code) {
    case ENOENT:
    case ECONNREFUSED:
      return systemctl + " start " + engine + ".socket";
    case EACCES:
    case EPERM:
      return id.engine == Engine::Docker && id.owner == 0 ? "usermod -aG docker benchd && systemctl restart benchd"
                                                          : "";
    default:
      return systemctl + " restart " + engine;
  }
}

State nameless_state(Runtime runtime) {
  const std::string name = model::name_of(runtime);
  State state{.subject = name + " containers",
              .found = "nobody tells their names",
              .cost = "they have no name, image or labels; their figures are complete"};
  if (runtime == Runtime::Docker || runtime == Runtime::Podman) {
    state.found = "no " + name + " engine answers, and its own files cannot be read";
    state.cure = "systemctl start " + name + ".socket";
  } else {
    state.found = "their bundle's config.json is not there or cannot be read";
  }
  return state;
}

}  // namespace

std::vector<State> engine_states(const std::vector<EngineHealth>& engines, const std::set<Runtime>& nameless) {
  std::vector<State> states;
  for (const EngineHealth& health : engines) {
    if (!health.trouble) continue;
    std::string subject = word(health.engine.engine) + " engine";
    if (health.engine.owner != 0) subject += " of user " + std::to_string(health.engine.owner);
    states.push_back({.subject = std::move(subject),
                      .found = found(*health.trouble),
                      .cost = kCost,
                      .cure = cure(health.engine, *health.trouble)});
  }
  const auto in_trouble = [&engines](Engine engine) {
    return std::any_of(engines.begin(), engines.end(), [engine](const EngineHealth& health) {
      return health.engine.engine == engine && health.trouble.has_value();
    });
  };
  for (const Runtime runtime : nameless) {
    if (runtime == Runtime::Docker && in_trouble(Engine::Docker)) continue;
    if (runtime == Runtime::Podman && in_trouble(Engine::Podman)) continue;
    states.push_back(nameless_state(runtime));
  }
  return states;
}

}  // namespace benchd::runtimes
