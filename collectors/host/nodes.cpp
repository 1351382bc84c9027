#include "collectors/host/nodes.h"

#include <array>
#include <cstdio>

#include <fcntl.h>

#include "base/cpu_set.h"
#include "base/text.h"

namespace benchd::host {

void parse_node_meminfo(std::string_view text, model::HostNode& node) {
  while (!text.empty()) {
    std::string_view line = base::cut(text, '\n');
    base::cut(line, ' ');  // "Node"
    base::cut(line, ' ');  // its number
    const std::string_view key = base::cut(line, ':');
    const auto kibibytes = base::take_integer(line);
    if (!kibibytes) continue;
    if (key == "MemTotal") node.memory_total_bytes = *kibibytes * 1024;
    if (key == "MemFree") node.memory_free_bytes = *kibibytes * 1024;
  }
}

void parse_numastat(std::string_view text, model::HostNode& node) {
  while (!text.empty()) {
    std::string_view line = base::cut(text, '\n');
    const std::string_view key = base::cut(line, ' ');
    const auto pages = base::parse_integer(line);
    if (key == "numa_hit") node.hits = pages;
    if (key == "numa_miss") node.misses = pages;
    if (key == "numa_foreign") node.foreign = pages;
    if (key == "interleave_hit") node.interleave_hits = pages;
    if (key == "local_node") node.local = pages;
    if (key == "other_node") node.other = pages;
  }
}

Nodes::Nodes(const std::string& sys) {
  auto directory = base::open_directory(AT_FDCWD, (sys + "/devices/system/node").c_str());
  if (directory) directory_ = *std::move(directory);
}

void Nodes::update(std::vector<model::HostNode>& nodes, base::ReadBuffer& buffer) const {
  nodes.clear();
  if (!directory_) return;
  const base::FileText online = base::read_file(directory_.get(), "online", buffer);
  const auto numbers = online.ok() ? base::parse_cpu_list(online.text) : std::nullopt;  // node lists look the same
  if (!numbers) return;
  for (size_t number = numbers->_Find_first(); number < numbers->size(); number = numbers->_Find_next(number)) {
    const auto text = [&](const char* file) {
      std::array<char, 64> path{};
      std::snprintf(path.data(), path.size(), "node%zu/%s", number, file);
      return base::read_file(directory_.get(), path.data(), buffer).text;
    };
    model::HostNode& node = nodes.emplace_back(model::HostNode{.node = static_cast<uint32_t>(number)});
    parse_node_meminfo(text("meminfo"), node);
    parse_numastat(text("numastat"), node);
  }
}

}  // namespace benchd::host
