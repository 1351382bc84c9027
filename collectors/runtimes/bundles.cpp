#include "collectors/runtimes/bundles.h"

#include <unistd.h>

namespace benchd::runtimes {
namespace {

using base::Bundle;
using base::Error;
using base::Result;
using model::Runtime;

constexpr size_t kMaxBundle = 4U << 20;

Result<std::string> read_all(int fd) {
  std::string text;
  for (;;) {
    char piece[16384];
    const ssize_t got = ::read(fd, piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::errno_error("read a bundle");
    if (got == 0) return text;
    if (text.size() + static_cast<size_t>(got) > kMaxBundle)
      return Error{.code = EFBIG, .attempt = "read a bundle of more than 4 MiB"};
    text.append(piece, static_cast<size_t>(got));
  }
}

Result<Inspected> read_one(base::Door& door, Bundle bundle, const std::string& id, const LabelFilter& labels) {
  const auto fd = door.open_bundle(bundle, id);
  if (!fd.ok()) return fd.error();
  const auto text = read_all(fd->get());
  if (!text.ok()) return text.error();
  if (bundle == Bundle::Docker) return parse_inspect(*text, base::Engine::Docker, labels);
  auto metadata = parse_oci_bundle(*text, labels);
  if (!metadata.ok()) return metadata.error();
  if (metadata->name.empty() && id.size() < 64) metadata->name = id;  // `ctr run IMAGE NAME`
  return Inspected{.metadata = std::move(*metadata), .running = true};
}

}  // namespace

Result<Inspected> read_bundle(base::Door& door, Runtime runtime, const std::string& runtime_id,
                              const LabelFilter& labels) {
  switch (runtime) {
    case Runtime::Docker:
      return read_one(door, Bundle::Docker, runtime_id, labels);
    case Runtime::Containerd:
      return read_one(door, Bundle::Containerd, runtime_id, labels);
    case Runtime::Crio:
      return read_one(door, Bundle::Crio, runtime_id, labels);
    case Runtime::Kubernetes: {
      auto noted = read_one(door, Bundle::Containerd, runtime_id, labels);
      return noted.ok() || noted.error().code != ENOENT ? noted : read_one(door, Bundle::Crio, runtime_id, labels);
    }
    default:
      return Error{.code = ENOENT, .attempt = "find a bundle of " + runtime_id};
  }
}

}  // namespace benchd::runtimes
