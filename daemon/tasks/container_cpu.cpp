#include "daemon/tasks/container_cpu.h"

#include <array>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include "base/text.h"

namespace benchd::daemon {

std::optional<uint64_t> ContainerCpu::read(base::Instant now) {
  if (now - read_at_ < base::kMillisecond) return std::nullopt;
  if (!cpu_stat_) cpu_stat_.reset(::open((directory_ + "/cpu.stat").c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 512> buffer;  // usage_usec is the first line
  const ssize_t bytes = ::pread(cpu_stat_.get(), buffer.data(), buffer.size(), 0);
  if (bytes <= 0) return std::nullopt;
  std::string_view text(buffer.data(), static_cast<size_t>(bytes));
  constexpr std::string_view kKey = "usage_usec ";
  if (!text.starts_with(kKey)) return std::nullopt;
  text.remove_prefix(kKey.size());
  const auto usage = base::take_integer(text);
  if (!usage) return std::nullopt;
  read_at_ = now;
  return *usage * 1'000;
}

}  // namespace benchd::daemon
