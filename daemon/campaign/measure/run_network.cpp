#include "daemon/campaign/measure/run_network.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "collectors/network/net_dev.h"
#include "collectors/network/process.h"
#include "collectors/network/traffic.h"

namespace benchd::campaign {
namespace {

/// The inode of a /proc/PID/net/dev is its namespace's; 0 where there is none.
ino_t namespace_behind(int fd) {
  struct stat about {};
  return ::fstat(fd, &about) == 0 ? about.st_ino : 0;
}

}  // namespace

RunNetwork RunNetwork::of(const std::string& path, const std::string& proc) {
  RunNetwork network;
  base::ReadBuffer buffer;
  const auto found = network::first_process(path, "", buffer);
  if (found.pid == 0) return network;
  const auto own = base::open_file(AT_FDCWD, (proc + "/self/net/dev").c_str());
  auto its = base::open_file(AT_FDCWD, (proc + '/' + std::to_string(found.pid) + "/net/dev").c_str());
  if (!own.ok() || !its.ok() || namespace_behind(own->get()) == namespace_behind(its->get())) return network;
  network.devices_ = *std::move(its);
  return network;
}

void RunNetwork::take(model::RunRecord& record) {
  if (!devices_) return;
  base::ReadBuffer buffer;
  const base::FileText text = base::read_fd_to_end(devices_.get(), buffer);
  for (std::string_view rest = text.text; const auto interface = network::next_interface(rest);) {
    if (!network::is_charged(network::name_of(*interface))) continue;
    record.network_received_bytes = record.network_received_bytes.value_or(0) + interface->receive_bytes;
    record.network_sent_bytes = record.network_sent_bytes.value_or(0) + interface->transmit_bytes;
  }
  devices_.reset();
}

}  // namespace benchd::campaign
