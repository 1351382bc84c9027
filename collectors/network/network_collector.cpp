#include "collectors/network/network_collector.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <unordered_map>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

#include "collectors/network/process.h"
#include "collectors/network/traffic.h"

namespace benchd::network {
namespace {

using base::Instant;
using model::NetworkScope;

/// How long a new container's namespace is looked at on every tick, and how often after that. runc and crun put the
/// process into its cgroup first and unshare or join the network namespace later.
constexpr int64_t kSettling = 10 * base::kSecond;
constexpr int64_t kLookAgain = 10 * base::kSecond;

/// Before this age a container whose process is still in the host's namespace may yet leave it.
constexpr int64_t kHostBelieved = 2 * base::kSecond;

/// Which namespace: the inode number of /proc/PID/net/dev. The kernel makes that directory once per network namespace
/// (proc_net_ns_init), so it is the same for every process in it and differs from any other namespace's while both
/// exist; the link /proc/PID/ns/net would need the right to ptrace. An open fd keeps the namespace and so the number.
using NamespaceId = ino_t;

struct Namespace {
  base::Fd net_dev;
  Traffic traffic;
  uint64_t owner = 0;             ///< cgroup id of the container that is charged; 0 = not read yet
  std::vector<uint64_t> members;  ///< cgroup ids
};

/// Why nothing can be said of a container that has processes.
enum class Unseen : uint8_t {
  No,
  Hidden,   ///< they have no number in this pid namespace
  Starved,  ///< there is no fd left for its namespace
};

struct Member {
  std::string path;
  Instant started = 0;
  Instant next_look = 0;
  Instant found = 0;  ///< when `pid` was last found to be the container's
  pid_t told = 0;     ///< the init process, from the runtime; 0 = not told, or found to be wrong
  pid_t pid = 0;
  Unseen unseen = Unseen::No;
  std::optional<NamespaceId> in;
  std::vector<model::InterfaceTraffic> charged;
};

}  // namespace

class NetworkCollector::Namespaces {
 public:
  Namespaces(NetworkRoots roots, size_t kept_fds) : roots_(std::move(roots)), kept_fds_(kept_fds) {
    struct stat host = {};
    for (const char* whose : {"1", "self"}) {
      if (::stat((roots_.proc + '/' + whose + "/net/dev").c_str(), &host) != 0) continue;
      host_ = host.st_ino;
      break;
    }
  }

  void started(uint64_t id, std::string_view path, Instant now) {
    const auto [place, added] = members_.try_emplace(id);
    if (!added) return;
    place->second.path = path;
    place->second.started = now;
    look(id, place->second, now);
  }

  void init_pid(uint64_t id, pid_t pid) {
    const auto place = members_.find(id);
    if (place == members_.end() || pid <= 0) return;
    Member& member = place->second;
    member.told = pid;
    if (member.pid != pid) member.pid = 0;
    member.next_look = 0;
  }

  void read(uint64_t id, Instant now, model::Reading& reading, std::optional<Instant> still_since) {
    const Instant began = base::now();
    if (std::exchange(turn_, now) != now) status_ = {.collector = "network", .success = true};
    const auto place = members_.find(id);
    if (place == members_.end()) {
      show_none(NetworkScope::Unknown, reading);
    } else {
      Member& member = place->second;
      if (now >= member.next_look && !(member.pid != 0 && still_since && member.found > *still_since))
        look(id, member, now);
      charge(id, member, now, reading);
    }
    status_.duration_seconds += static_cast<double>(base::now() - began) / base::kSecond;
  }

  void ended(uint64_t id, Instant now, model::Reading& reading) {
    const auto place = members_.find(id);
    if (place == members_.end()) return;
    charge(id, place->second, now, reading);
    leave(id, place->second);
    set_unseen(place->second, Unseen::No);
    members_.erase(place);
  }

  const model::CollectorStatus& status() const { return status_; }
  const std::vector<model::State>& states() const { return states_; }

 private:
  using ProcPath = std::array<char, 512>;

  ProcPath proc_path(pid_t pid, const char* file) const {
    ProcPath path;
    std::snprintf(path.data(), path.size(), "%s/%d/%s", roots_.proc.c_str(), static_cast<int>(pid), file);
    return path;
  }

  /// A number may belong to another process by now: only its cgroup says whose it is.
  bool belongs(pid_t pid, const Member& member) {
    if (!is_in_namespace(roots_.below)) return lists_process(roots_.cgroup, member.path, pid, buffer_);
    const base::FileText cgroup = base::read_file(AT_FDCWD, proc_path(pid, "cgroup").data(), buffer_);
    return cgroup.ok() && names_cgroup(cgroup.text, member.path, roots_.below);
  }

  static void show_none(NetworkScope scope, model::Reading& reading) {
    reading.network_scope = scope;
    reading.network.clear();
  }

  /// Finds out which namespace the container is in. When it has no process that can be asked, what was known stays.
  void look(uint64_t id, Member& member, Instant now) {
    member.next_look = now - member.started < kSettling ? now : now + kLookAgain;
    starved_ = false;
    member.found = now;
    if (member.pid != 0 && visit(id, member, member.pid)) return;
    if (member.told != 0 && member.told != member.pid && visit(id, member, member.told)) return;
    member.told = 0;
    const ProcessSearch found = first_process(roots_.cgroup, member.path, buffer_);
    const bool seen = found.pid != 0 && visit(id, member, found.pid);
    if (!seen) member.pid = 0;
    if (!seen) set_unseen(member, starved_ ? Unseen::Starved : found.hidden ? Unseen::Hidden : Unseen::No);
  }

  /// Takes `pid` for the container's and its namespace for the container's; false if it is not (or no more) in there.
  bool visit(uint64_t id, Member& member, pid_t pid) {
    const ProcPath path = proc_path(pid, "net/dev");
    struct stat now_in = {};
    if (::stat(path.data(), &now_in) != 0) return false;
    base::Fd fd;
    if (member.in != now_in.st_ino && now_in.st_ino != host_ && !namespaces_.contains(now_in.st_ino)) {
      if (namespaces_.size() < kept_fds_) fd.reset(::open(path.data(), O_RDONLY | O_CLOEXEC));
      starved_ = !fd && (namespaces_.size() >= kept_fds_ || errno == EMFILE || errno == ENFILE);
      if (!fd || ::fstat(fd.get(), &now_in) != 0) return false;
    }
    // Last, so that the process that was asked above is known to have been the container's.
    if (!belongs(pid, member)) return false;
    member.pid = pid;
    set_unseen(member, Unseen::No);
    if (member.in != now_in.st_ino) {
      settle(id, member);
      leave(id, member);
      join(id, member, now_in.st_ino, std::move(fd));
    }
    return true;
  }

  void join(uint64_t id, Member& member, NamespaceId in, base::Fd fd) {
    member.in = in;
    if (in == host_) return;
    Namespace& joined = namespaces_[in];
    if (!joined.net_dev) joined.net_dev = std::move(fd);
    joined.members.push_back(id);
  }

  /// The last charge for a namespace that the container is about to leave.
  void settle(uint64_t id, Member& member) {
    const auto place = member.in ? namespaces_.find(*member.in) : namespaces_.end();
    if (place != namespaces_.end() && place->second.owner == id) read_traffic(place->second, member.charged);
  }

  /// The namespace's last counters stay with it: whoever is charged next goes on from there.
  void leave(uint64_t id, Member& member) {
    const auto place = member.in ? namespaces_.find(*member.in) : namespaces_.end();
    member.in.reset();
    if (place == namespaces_.end()) return;
    Namespace& left = place->second;
    std::erase(left.members, id);
    if (left.members.empty())
      namespaces_.erase(place);
    else if (left.owner == id)
      left.owner = *std::min_element(left.members.begin(), left.members.end());
  }

  bool read_traffic(Namespace& from, std::vector<model::InterfaceTraffic>& charged) {
    const base::FileText text = base::read_fd_to_end(from.net_dev.get(), buffer_);
    status_.success &= text.ok();
    if (text.ok()) from.traffic.charge(text.text, charged, present_);
    return text.ok();
  }

  void charge(uint64_t id, Member& member, Instant now, model::Reading& reading) {
    if (!member.in) return show_none(NetworkScope::Unknown, reading);
    const auto place = namespaces_.find(*member.in);
    if (place == namespaces_.end()) {
      const bool believed = now - member.started >= kHostBelieved || (member.pid != 0 && member.told == member.pid);
      return show_none(believed ? NetworkScope::Host : NetworkScope::Unknown, reading);
    }
    Namespace& in = place->second;
    if (in.owner == 0) in.owner = *std::min_element(in.members.begin(), in.members.end());
    if (in.owner != id) return show_none(NetworkScope::Shared, reading);
    if (!read_traffic(in, member.charged)) return show_none(NetworkScope::Unknown, reading);
    reading.network_scope = NetworkScope::Own;
    reading.network.assign(present_.begin(), present_.end());
  }

  void set_unseen(Member& member, Unseen unseen) {
    if (member.unseen == unseen) return;
    member.unseen = unseen;
    states_.clear();
    const auto count = [this](Unseen why) {
      return std::count_if(members_.begin(), members_.end(),
                           [why](const auto& entry) { return entry.second.unseen == why; });
    };
    if (const auto hidden = count(Unseen::Hidden); hidden != 0) {
      states_.push_back(
          {.subject = "container processes",
           .found = std::to_string(hidden) + " containers' processes have no number in this pid namespace",
           .cost = "no network metrics for them",
           .cure = "run benchd on the host, or its container with --pid=host"});
    }
    if (const auto starved = count(Unseen::Starved); starved != 0) {
      states_.push_back({.subject = "network namespaces",
                         .found = "too many open files: none is left for " + std::to_string(starved) + " containers",
                         .cost = "no network metrics for them",
                         .cure = "LimitNOFILE=65536 in the service, or ulimit -n 65536"});
    }
  }

  NetworkRoots roots_;
  const size_t kept_fds_;
  std::optional<NamespaceId> host_;
  std::unordered_map<uint64_t, Member> members_;
  std::unordered_map<NamespaceId, Namespace> namespaces_;
  std::vector<model::InterfaceTraffic> present_;
  base::ReadBuffer buffer_;
  bool starved_ = false;  ///< the look under way found no fd for the namespace
  Instant turn_ = 0;      ///< `now` of the last read
  model::CollectorStatus status_{.collector = "network", .success = true};  ///< of the turn
  std::vector<model::State> states_;
};

NetworkCollector::NetworkCollector(NetworkRoots roots, size_t kept_fds)
    : namespaces_(std::make_unique<Namespaces>(std::move(roots), kept_fds)) {}

NetworkCollector::~NetworkCollector() = default;

void NetworkCollector::started(uint64_t cgroup_id, std::string_view path, base::Instant now) {
  namespaces_->started(cgroup_id, path, now);
}

void NetworkCollector::init_pid(uint64_t cgroup_id, pid_t pid) {
  namespaces_->init_pid(cgroup_id, pid);
}

void NetworkCollector::read(uint64_t cgroup_id, base::Instant now, model::Reading& reading,
                            std::optional<base::Instant> still_since) {
  namespaces_->read(cgroup_id, now, reading, still_since);
}

void NetworkCollector::ended(uint64_t cgroup_id, base::Instant now, model::Reading& reading) {
  namespaces_->ended(cgroup_id, now, reading);
}

const model::CollectorStatus& NetworkCollector::status() const {
  return namespaces_->status();
}

const std::vector<model::State>& NetworkCollector::states() const {
  return namespaces_->states();
}

}  // namespace benchd::network
