// Real network namespaces and cgroups: what the fixtures of network_collector_test only imitate.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "collectors/network/network_collector.h"

namespace benchd::network {
namespace {

using base::kSecond;
using model::NetworkScope;
namespace fs = std::filesystem;

std::string cgroup_mount() {
  for (const char* mount : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"})
    if (fs::exists(std::string(mount) + "/cgroup.procs")) return mount;
  return {};
}

/// A cgroup of this test's own, removed with it.
class Cgroup {
 public:
  explicit Cgroup(const std::string& name)
      : path_("/benchd-test-" + std::to_string(::getpid()) + '-' + name),
        made_(::mkdir(directory().c_str(), 0755) == 0) {}
  ~Cgroup() { ::rmdir(directory().c_str()); }
  Cgroup(const Cgroup&) = delete;
  Cgroup& operator=(const Cgroup&) = delete;

  bool made() const { return made_; }
  const std::string& path() const { return path_; }
  std::string directory() const { return cgroup_mount() + path_; }
  uint64_t id() const {
    struct stat status = {};
    ::stat(directory().c_str(), &status);
    return status.st_ino;
  }

 private:
  std::string path_;
  bool made_;
};

/// Sends `count` frames of 100 bytes out of `interface`, past the IP stack: nothing else is counted.
bool send_frames(const char* interface, int count) {
  const base::Fd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  sockaddr_ll to = {};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = static_cast<int>(::if_nametoindex(interface));
  char frame[100] =
      "\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x88\xb5";  // broadcast, ethertype "local experiment"
  for (int i = 0; i < count; ++i)
    if (::sendto(socket.get(), frame, sizeof frame, 0, reinterpret_cast<sockaddr*>(&to), sizeof to) !=
        static_cast<ssize_t>(sizeof frame))
      return false;
  return true;
}

/// A process that does what it is told: one order per call, answered when done. Ends with its Box.
class Box {
 public:
  Box() {
    int sockets[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) return;
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::close(sockets[0]);
      obey(sockets[1]);
    }
    ::close(sockets[1]);
    socket_.reset(sockets[0]);
  }
  ~Box() { end(); }
  Box(const Box&) = delete;
  Box& operator=(const Box&) = delete;

  void end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

  pid_t pid() const { return pid_; }
  bool enter(const Cgroup& cgroup) { return order("enter " + cgroup.directory()); }
  bool unshare() { return order("unshare"); }
  bool unshare_as_nobody() { return order("rootless"); }
  bool share(const Box& other) { return order("setns /proc/" + std::to_string(other.pid()) + "/ns/net"); }
  bool run(const std::string& command) { return order("run " + command); }
  bool send(int frames) { return order("send " + std::to_string(frames)); }

 private:
  bool order(const std::string& text) {
    char answer = 0;
    return ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()) &&
           ::recv(socket_.get(), &answer, 1, 0) == 1 && answer == 'y';
  }

  static bool execute(const std::string& order) {
    const std::string rest = order.substr(order.find(' ') + 1);
    if (order.starts_with("enter ")) return static_cast<bool>(std::ofstream(rest + "/cgroup.procs") << 0 << std::flush);
    if (order == "unshare") return ::unshare(CLONE_NEWNET) == 0;
    if (order == "rootless") return become_rootless();
    if (order.starts_with("setns ")) {
      const base::Fd ns(::open(rest.c_str(), O_RDONLY | O_CLOEXEC));
      return ::setns(ns.get(), CLONE_NEWNET) == 0;
    }
    if (order.starts_with("run ")) return std::system(("(" + rest + ") >/dev/null 2>&1").c_str()) == 0;
    if (order.starts_with("send ")) return send_frames("eth0", std::stoi(rest));
    return false;
  }

  /// As a rootless engine does: an ordinary user, root in a user namespace of its own.
  static bool become_rootless() {
    constexpr int kNobody = 65534;
    if (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) return false;
    ::prctl(PR_SET_DUMPABLE, 1);  // setuid took it away, and with it the right to write one's own uid_map
    return ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 &&
           static_cast<bool>(std::ofstream("/proc/self/uid_map") << "0 65534 1" << std::flush);
  }

  [[noreturn]] static void obey(int socket) {
    char text[512];
    for (;;) {
      const ssize_t got = ::recv(socket, text, sizeof text, 0);
      if (got <= 0) ::_exit(0);
      const char answer = execute(std::string(text, static_cast<size_t>(got))) ? 'y' : 'n';
      ::send(socket, &answer, 1, MSG_NOSIGNAL);
    }
  }

  pid_t pid_ = 0;
  base::Fd socket_;
};

/// eth0 with its other end in the same namespace, silent until told to send: no IPv6, so no router solicitations.
/// Until the kernel has noticed the carrier, a little later, frames sent vanish without a trace.
constexpr const char* kMakeEth0 =
    "sysctl -qw net.ipv6.conf.default.disable_ipv6=1 net.ipv6.conf.all.disable_ipv6=1;"
    "ip link add eth0 type veth peer name peer0 && ip link set eth0 up && ip link set peer0 up || exit 1;"
    "for i in $(seq 200); do ip link show eth0 | grep -q 'state UP' && exit 0; sleep 0.02; done; exit 1";

class NamespaceLive : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to make network namespaces and cgroups";
    if (cgroup_mount().empty()) GTEST_SKIP() << "no cgroup2 mount";
    if (!a_.made() || !b_.made()) GTEST_SKIP() << "cannot make cgroups below " << cgroup_mount();
    Box box;
    if (!box.unshare()) GTEST_SKIP() << "cannot make a network namespace";
    if (!box.run(kMakeEth0)) GTEST_SKIP() << "cannot make a veth pair (iproute2 and the veth driver are needed)";
  }

  const model::InterfaceTraffic* eth0() const {
    for (const auto& row : reading_.network)
      if (std::string_view(row.name.data()) == "eth0") return &row;
    return nullptr;
  }

  const Cgroup a_{"a"};
  const Cgroup b_{"b"};
  model::Reading reading_;
  NetworkCollector collector_{{.cgroup = cgroup_mount()}};
};

TEST_F(NamespaceLive, CountsExactlyTheFramesThatWereSent) {
  Box box;
  ASSERT_TRUE(box.enter(a_) && box.unshare() && box.run(kMakeEth0));
  collector_.started(a_.id(), a_.path(), 0);
  collector_.read(a_.id(), 0, reading_);
  ASSERT_EQ(reading_.network_scope, NetworkScope::Own);
  ASSERT_NE(eth0(), nullptr);
  const auto before = *eth0();
  ASSERT_TRUE(box.send(1234));
  collector_.read(a_.id(), kSecond, reading_);
  EXPECT_EQ(eth0()->transmit_packets - before.transmit_packets, 1234u);
  EXPECT_EQ(eth0()->transmit_bytes - before.transmit_bytes, 123'400u);
  EXPECT_EQ(eth0()->receive_packets, before.receive_packets);
}

TEST_F(NamespaceLive, KnowsTheHostsNamespaceAndFollowsAProcessOutOfIt) {
  Box box;
  ASSERT_TRUE(box.enter(a_));
  collector_.started(a_.id(), a_.path(), 0);
  collector_.read(a_.id(), 3 * kSecond, reading_);
  EXPECT_EQ(reading_.network_scope, NetworkScope::Host);
  ASSERT_TRUE(box.unshare() && box.run(kMakeEth0) && box.send(10));
  collector_.read(a_.id(), 4 * kSecond, reading_);
  EXPECT_EQ(reading_.network_scope, NetworkScope::Own);
  ASSERT_NE(eth0(), nullptr);
  EXPECT_EQ(eth0()->transmit_packets, 10u);
}

TEST_F(NamespaceLive, ChargesASharedNamespaceOnceAndGoesOnWhenTheFirstEnds) {
  Box box, other;
  ASSERT_TRUE(box.enter(a_) && box.unshare() && box.run(kMakeEth0));
  ASSERT_TRUE(other.enter(b_) && other.share(box));
  collector_.started(a_.id(), a_.path(), 0);
  collector_.started(b_.id(), b_.path(), 0);
  const uint64_t first = std::min(a_.id(), b_.id());
  const uint64_t second = std::max(a_.id(), b_.id());
  ASSERT_TRUE(box.send(100));
  collector_.read(second, 0, reading_);
  EXPECT_EQ(reading_.network_scope, NetworkScope::Shared);
  collector_.read(first, 0, reading_);
  ASSERT_NE(eth0(), nullptr);
  EXPECT_EQ(eth0()->transmit_packets, 100u);

  ASSERT_TRUE(other.send(11));
  collector_.ended(first, kSecond, reading_);
  EXPECT_EQ(eth0()->transmit_packets, 111u);
  collector_.read(second, kSecond, reading_);
  ASSERT_NE(eth0(), nullptr);
  EXPECT_EQ(eth0()->transmit_packets, 0u);
  ASSERT_TRUE(other.send(5));
  collector_.read(second, 2 * kSecond, reading_);
  EXPECT_EQ(eth0()->transmit_packets, 5u);
}

TEST_F(NamespaceLive, ReadsWhatADeadProcessSentLast) {
  Box box;
  ASSERT_TRUE(box.enter(a_) && box.unshare() && box.run(kMakeEth0));
  collector_.started(a_.id(), a_.path(), 0);
  collector_.read(a_.id(), 0, reading_);
  ASSERT_TRUE(box.send(77));
  box.end();
  collector_.ended(a_.id(), kSecond, reading_);
  ASSERT_NE(eth0(), nullptr);
  EXPECT_EQ(eth0()->transmit_packets, 77u);
}

TEST_F(NamespaceLive, GoesOnWhenAnInterfaceIsMadeAgain) {
  Box box;
  ASSERT_TRUE(box.enter(a_) && box.unshare() && box.run(kMakeEth0) && box.send(50));
  collector_.started(a_.id(), a_.path(), 0);
  collector_.read(a_.id(), 0, reading_);
  ASSERT_TRUE(box.run("ip link del eth0") && box.run(kMakeEth0) && box.send(3));
  collector_.read(a_.id(), kSecond, reading_);
  ASSERT_NE(eth0(), nullptr);
  EXPECT_EQ(eth0()->transmit_packets, 53u);
}

TEST_F(NamespaceLive, ReadsRootlessContainersWithoutAnyRight) {
  Box box;
  if (!box.enter(a_) || !box.unshare_as_nobody()) GTEST_SKIP() << "user namespaces are not allowed to nobody here";
  ASSERT_TRUE(box.run(kMakeEth0) && box.send(9));
  int answer[2];
  ASSERT_EQ(::pipe2(answer, O_CLOEXEC), 0);
  const pid_t reader = ::fork();
  if (reader == 0) {
    if (::setgid(65533) != 0 || ::setuid(65533) != 0) ::_exit(1);
    NetworkCollector collector({.cgroup = cgroup_mount()});
    collector.started(a_.id(), a_.path(), 0);
    collector.read(a_.id(), 0, reading_);
    const uint64_t packets = eth0() == nullptr ? 0 : eth0()->transmit_packets;
    ::_exit(::write(answer[1], &packets, sizeof packets) == sizeof packets ? 0 : 1);
  }
  ::close(answer[1]);
  const base::Fd from(answer[0]);
  uint64_t packets = 0;
  EXPECT_EQ(::read(from.get(), &packets, sizeof packets), static_cast<ssize_t>(sizeof packets));
  ::waitpid(reader, nullptr, 0);
  EXPECT_EQ(packets, 9u);
}

/// The kernel fact that all of it stands on.
TEST_F(NamespaceLive, InodeOfNetDevNamesTheNamespace) {
  const auto inode = [](const Box& box) {
    struct stat status = {};
    EXPECT_EQ(::stat(("/proc/" + std::to_string(box.pid()) + "/net/dev").c_str(), &status), 0);
    return status.st_ino;
  };
  Box one, same, another;
  ASSERT_TRUE(one.unshare() && same.share(one) && another.unshare());
  struct stat host = {};
  ASSERT_EQ(::stat("/proc/self/net/dev", &host), 0);
  EXPECT_EQ(inode(one), inode(same));
  EXPECT_NE(inode(one), inode(another));
  EXPECT_NE(inode(one), host.st_ino);
}

}  // namespace
}  // namespace benchd::network
