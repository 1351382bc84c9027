#include "daemon/door/in_process_door.h"

#include <cstring>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/file.h"

namespace benchd::daemon {
namespace {

using base::Bundle;
using base::Engine;

TEST(Target, LetsOnlyQuestionsThrough) {
  for (const char* target : {"/version", "/info", "/events",
                             "/events?since=1795306534.068847778&filters=%7B%22type%22%3A%5B%22container%22%5D%7D",
                             "/containers/json", "/containers/json?all=1", "/containers/ab_c.d-1/json",
                             "/containers/0123/logs?follow=1&stdout=1&timestamps=1&since=1735787045.123456789"})
    EXPECT_TRUE(is_allowed_target(target)) << target;
  for (const char* target : {"",
                             "/",
                             "/_ping",
                             "version",
                             "/containers/prune",
                             "/containers/x/start",
                             "/containers/x/archive?path=/etc",
                             "/containers/x/json?size=1",
                             "/containers//json",
                             "/containers/../json",
                             "/containers/a/b/json",
                             "/containers/x/export",
                             "/containers//logs?follow=1",
                             "/containers/../logs",
                             "/containers/a/b/logs",
                             "/images/json",
                             "/version HTTP/1.1\r\nX: y",
                             "/events?since=1 HTTP/1.1",
                             "/events?a=b\r\n\r\nPOST /containers/x/stop",
                             "/containers/x%2fy/json",
                             "/v1.41/version"})
    EXPECT_FALSE(is_allowed_target(target)) << target;
  EXPECT_FALSE(is_allowed_target("/events?" + std::string(5000, 'a')));
}

TEST(Target, IsCheckedBeforeAnybodyIsAsked) {
  InProcessDoor door({.docker_sockets = {"/nonexistent/docker.sock"}});
  EXPECT_EQ(door.engine_request({Engine::Docker}, "/containers/x/kill").error().code, EPERM);
  EXPECT_EQ(door.engine_request({Engine::Docker}, "/version").error().code, ENOENT);
}

TEST(Id, IsOnePathComponent) {
  for (const char* id : {"redis", "0123abcd", "a.b", "..a", "A_b-c"}) EXPECT_TRUE(is_safe_id(id)) << id;
  for (const char* id : {"", ".", "..", "...", "a/b", "/", "a b", "a\n", "é"}) EXPECT_FALSE(is_safe_id(id)) << id;
  EXPECT_FALSE(is_safe_id(std::string(300, 'a')));
}

class DoorTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "door-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }

  /// A socket that listens and never accepts.
  base::Fd listen_at(const std::string& path, int queue) {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    base::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{.sun_family = AF_UNIX};
    std::strncpy(address.sun_path, (root_ + path).c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0) << std::strerror(errno);
    EXPECT_EQ(::listen(fd.get(), queue), 0);
    return fd;
  }

  std::string root_;
};

TEST_F(DoorTest, SendsOneRequestAndHandsOverANonBlockingDescriptor) {
  const base::Fd listener = listen_at("/docker.sock", 8);
  InProcessDoor door({.docker_sockets = {root_ + "/docker.sock"}});
  const auto fd = door.engine_request({Engine::Docker}, "/version");
  ASSERT_TRUE(fd.ok()) << fd.error().message();
  EXPECT_NE(::fcntl(fd->get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC, 0);

  const base::Fd peer(::accept(listener.get(), nullptr, nullptr));
  char request[1024];
  const ssize_t got = ::recv(peer.get(), request, sizeof request, 0);
  const std::string text(request, got > 0 ? static_cast<size_t>(got) : 0);
  EXPECT_TRUE(text.starts_with("GET /version HTTP/1.1\r\n")) << text;
  EXPECT_NE(text.find("\r\nConnection: close\r\n"), std::string::npos) << "the engine must answer nothing more";
  EXPECT_TRUE(text.ends_with("\r\n\r\n"));
}

TEST_F(DoorTest, DoesNotWaitForAnEngineWhoseQueueIsFull) {
  const base::Fd listener = listen_at("/docker.sock", 0);
  InProcessDoor door({.docker_sockets = {root_ + "/docker.sock"}});
  std::vector<base::Fd> waiting;
  for (int i = 0; i < 64; ++i) {
    auto fd = door.engine_request({Engine::Docker}, "/version");
    if (!fd.ok()) {
      EXPECT_EQ(fd.error().code, EAGAIN);
      return;
    }
    waiting.push_back(std::move(*fd));
  }
  FAIL() << "a queue of 0 took 64 connections";
}

TEST_F(DoorTest, TellsAnEngineThatIsGoneFromOneThatNeverWas) {
  listen_at("/docker.sock", 1);  // closed at once, the file stays
  InProcessDoor door({.docker_sockets = {root_ + "/docker.sock"}, .podman_sockets = {root_ + "/podman.sock"}});
  EXPECT_EQ(door.engine_request({Engine::Docker}, "/info").error().code, ECONNREFUSED);
  EXPECT_EQ(door.engine_request({Engine::Podman}, "/info").error().code, ENOENT);
}

TEST_F(DoorTest, FindsRootfulAndRootlessEngines) {
  const base::Fd docker = listen_at("/run/docker.sock", 1);
  const base::Fd rootless = listen_at("/run/user/1000/podman/podman.sock", 1);
  write("/run/user/1001/docker.sock", "no socket");
  InProcessDoor door({.docker_sockets = {root_ + "/nothing", root_ + "/run/docker.sock"},
                      .podman_sockets = {root_ + "/run/podman.sock"},
                      .users = root_ + "/run/user"});
  EXPECT_EQ(door.engines(), (std::vector<base::EngineId>{{Engine::Docker, 0}, {Engine::Podman, 1000}}));
  EXPECT_TRUE(door.engine_request({Engine::Podman, 1000}, "/info").ok());
}

TEST_F(DoorTest, OpensBundlesOfEveryKind) {
  write("/docker/containers/abc/config.v2.json", "d");
  write("/containerd/io.containerd.runtime.v2.task/k8s.io/abc/config.json", "c");
  write("/storage/overlay-containers/abc/userdata/config.json", "o");
  InProcessDoor door({.docker_roots = {root_ + "/docker"},
                      .containerd_states = {root_ + "/containerd"},
                      .container_storages = {root_ + "/none", root_ + "/storage"}});
  base::ReadBuffer buffer;
  for (const auto& [kind, text] :
       {std::pair{Bundle::Docker, "d"}, std::pair{Bundle::Containerd, "c"}, std::pair{Bundle::Crio, "o"}}) {
    const auto fd = door.open_bundle(kind, "abc");
    ASSERT_TRUE(fd.ok()) << fd.error().message();
    EXPECT_EQ(base::read_fd_to_end(fd->get(), buffer).text, text);
    EXPECT_EQ(door.open_bundle(kind, "abd").error().code, ENOENT);
    EXPECT_EQ(door.open_bundle(kind, "../abc").error().code, EINVAL);
  }
}

TEST_F(DoorTest, FollowsNoLinkToABundle) {
  write("/secret", "s");
  std::filesystem::create_directories(root_ + "/docker/containers/abc");
  std::filesystem::create_symlink(root_ + "/secret", root_ + "/docker/containers/abc/config.v2.json");
  InProcessDoor door({.docker_roots = {root_ + "/docker"}});
  EXPECT_EQ(door.open_bundle(Bundle::Docker, "abc").error().code, ELOOP);
}

}  // namespace
}  // namespace benchd::daemon
