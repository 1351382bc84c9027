#include "collectors/host/facts.h"

#include "base/cpu_set.h"
#include "base/file.h"
#include "base/text.h"

namespace benchd::host {
namespace {

std::string trimmed(const std::string& path) {
  const auto text = base::read_text(path);
  return text.ok() ? std::string(base::trim(*text)) : std::string();
}

std::optional<bool> is_one(const std::string& path) {
  const std::string text = trimmed(path);
  if (text != "0" && text != "1") return std::nullopt;
  return text == "1";
}

std::string cpu_model(const std::string& proc) {
  const auto text = base::read_text(proc + "/cpuinfo");
  if (!text.ok()) return {};
  for (std::string_view rest = *text; !rest.empty();) {
    std::string_view line = base::cut(rest, '\n');
    const std::string_view key = base::trim(base::cut(line, ':'));
    if (key == "model name") return std::string(base::trim(line));
  }
  return {};
}

std::string governor_of(const std::string& cpus, const base::CpuSet& online) {
  std::string governor;
  for (size_t cpu = 0; cpu < online.size(); ++cpu) {
    if (!online[cpu]) continue;
    const std::string its = trimmed(cpus + "/cpu" + std::to_string(cpu) + "/cpufreq/scaling_governor");
    if (its.empty()) continue;
    if (!governor.empty() && governor != its) return "mixed";
    governor = its;
  }
  return governor;
}

}  // namespace

model::HostFacts read_facts(const HostRoots& roots) {
  const std::string kernel = roots.proc + "/sys/kernel";
  const std::string cpus = roots.sys + "/devices/system/cpu";
  const base::CpuSet online = base::parse_cpu_list(trimmed(cpus + "/online")).value_or(base::CpuSet());

  model::HostFacts facts;
  facts.name = trimmed(kernel + "/hostname");
  facts.kernel = trimmed(kernel + "/osrelease");
  facts.cpu_model = cpu_model(roots.proc);
  facts.cpus = static_cast<uint32_t>(online.count());
  facts.governor = governor_of(cpus, online);
  if (const auto off = is_one(cpus + "/intel_pstate/no_turbo"))
    facts.turbo = !*off;
  else
    facts.turbo = is_one(cpus + "/cpufreq/boost");
  facts.smt = is_one(cpus + "/smt/active");
  return facts;
}

}  // namespace benchd::host
