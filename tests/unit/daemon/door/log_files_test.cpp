#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "daemon/door/in_process_door.h"
#include "support/temporary_directory.h"

namespace benchd::daemon {
namespace {

namespace fs = std::filesystem;
using base::LogFolder;
using base::LogHome;

const std::string kId(64, 'a');

class LogDoor : public testing::Test {
 protected:
  std::string path(const std::string& below = "") const { return directory_.path() + below; }
  void write(const std::string& below, const std::string& text = "text") const {
    fs::create_directories(fs::path(path(below)).parent_path());
    std::ofstream(path(below)) << text;
  }
  static std::string read(const base::Result<base::Fd>& fd) {
    if (!fd.ok()) return "errno " + std::to_string(fd.error().code);
    char bytes[64];
    const ssize_t got = ::read(fd->get(), bytes, sizeof bytes);
    return got < 0 ? "cannot be read" : std::string(bytes, static_cast<size_t>(got));
  }
  static std::string error(int code) { return "errno " + std::to_string(code); }

  /// A process 7 of the container /c, and what it sees as its root.
  void make_container(const std::string& cgroup = "0::/c\n") const {
    write("/proc/7/cgroup", cgroup);
    fs::create_directories(path("/root"));
    fs::create_directory_symlink(path("/root"), path("/proc/7/root"));
  }
  static LogFolder inside(const std::string& folder) {
    return {.home = LogHome::Container, .name = folder, .pid = 7, .cgroup = "/c"};
  }

  InProcessDoor door(std::vector<std::string> log_files = {}) const {
    return InProcessDoor({.docker_roots = {path("/docker")},
                          .container_storages = {path("/storage")},
                          .pods = path("/pods"),
                          .nerdctl = path("/nerdctl"),
                          .proc = path("/proc"),
                          .log_files = std::move(log_files)});
  }

 private:
  TemporaryDirectory directory_;
};

TEST_F(LogDoor, OpensDockersLogsAndNothingElseOfAContainer) {
  write("/docker/containers/" + kId + "/" + kId + "-json.log", "log");
  write("/docker/containers/" + kId + "/" + kId + "-json.log.1", "older");
  write("/docker/containers/" + kId + "/config.v2.json", "secrets");
  auto door = this->door();
  const LogFolder folder{.home = LogHome::Docker, .name = kId};
  EXPECT_EQ(read(door.open_log(folder, kId + "-json.log")), "log");
  EXPECT_EQ(read(door.open_log(folder, kId + "-json.log.1")), "older");
  EXPECT_EQ(read(door.open_log(folder, "config.v2.json")), error(EINVAL));
  EXPECT_TRUE(door.open_log_folder(folder).ok());
  EXPECT_TRUE(door.open_log_folder({.home = LogHome::Docker, .name = ""}).ok());
  for (const std::string& name : {std::string("../containers"), kId.substr(1), kId + "/..", std::string(64, 'A')})
    EXPECT_EQ(door.open_log_folder({.home = LogHome::Docker, .name = name}).error().code, EINVAL) << name;
  for (const std::string& file : {"../" + kId + "/" + kId + "-json.log", std::string(".."), std::string()})
    EXPECT_EQ(read(door.open_log(folder, file)), error(EINVAL)) << file;
}

TEST_F(LogDoor, OpensThePodsAndPodmansLogs) {
  write("/pods/ns_pod_uid/app/0.log", "pod");
  write("/storage/overlay-containers/" + kId + "/userdata/ctr.log", "podman");
  write("/storage/overlay-containers/" + kId + "/userdata/config.json", "secrets");
  auto door = this->door();
  EXPECT_EQ(read(door.open_log({.home = LogHome::Pod, .name = "ns_pod_uid/app"}, "0.log")), "pod");
  EXPECT_EQ(read(door.open_log({.home = LogHome::Storage, .name = kId}, "ctr.log")), "podman");
  EXPECT_EQ(read(door.open_log({.home = LogHome::Storage, .name = kId}, "config.json")), error(EINVAL));
  for (const char* name : {"ns_pod_uid", "ns_pod_uid/..", "../ns_pod_uid", "ns_pod_uid/app/x", "/app"})
    EXPECT_EQ(read(door.open_log({.home = LogHome::Pod, .name = name}, "0.log")), error(EINVAL)) << name;
}

TEST_F(LogDoor, OpensNerdctlsLogsInAnyNamespace) {
  write("/nerdctl/1935db59/containers/default/" + kId + "/" + kId + "-json.log", "nerdctl");
  auto door = this->door();
  EXPECT_EQ(read(door.open_log({.home = LogHome::Nerdctl, .name = kId}, kId + "-json.log")), "nerdctl");
  EXPECT_EQ(read(door.open_log({.home = LogHome::Nerdctl, .name = "*"}, "*-json.log")), error(EINVAL));
  EXPECT_EQ(door.open_log_folder({.home = LogHome::Nerdctl, .name = std::string(64, 'b')}).error().code, ENOENT);
}

TEST_F(LogDoor, NamesTheHostsFilesThatAreConfigured) {
  write("/srv/a/1.log");
  write("/srv/b/2.log");
  write("/srv/b/2.txt");
  EXPECT_EQ(door({path("/srv/*/*.log"), path("/srv/b/*.log"), path("/none/*")}).host_logs(),
            (std::vector<std::string>{path("/srv/a/1.log"), path("/srv/b/2.log")}));
}

TEST_F(LogDoor, OpensOnlyTheHostsFilesThatAreConfigured) {
  write("/srv/app/log/a.log", "a");
  write("/srv/app/other/b.log", "b");
  auto door = this->door({path("/srv/*/log/*.log")});
  EXPECT_EQ(read(door.open_log({.name = path("/srv/app/log")}, "a.log")), "a");
  EXPECT_EQ(read(door.open_log({.name = path("/srv/app/other")}, "b.log")), error(EPERM));
  EXPECT_EQ(read(door.open_log({.name = path("/srv/app/log/../other")}, "b.log")), error(EINVAL));
  EXPECT_EQ(read(door.open_log({.name = "/etc"}, "passwd")), error(EPERM));
  EXPECT_EQ(read(this->door().open_log({.name = path("/srv/app/log")}, "a.log")), error(EPERM));
}

TEST_F(LogDoor, FollowsOnlyTheAdministratorsLinks) {
  write("/data/app/log/a.log", "a");
  write("/secret/log/a.log", "secret");
  fs::create_directory_symlink(path("/data"), path("/srv"));
  fs::create_directory_symlink(path("/secret"), path("/data/evil"));
  auto door = this->door({path("/srv/*/log/*.log")});
  EXPECT_EQ(read(door.open_log({.name = path("/srv/app/log")}, "a.log")), "a");
  EXPECT_EQ(read(door.open_log({.name = path("/srv/evil/log")}, "a.log")), error(ELOOP));
}

TEST_F(LogDoor, OpensNeitherLinkNorFifoNorDeviceNorFolder) {
  write("/secret");
  fs::create_directories(path("/srv/log/folder.log"));
  fs::create_symlink(path("/secret"), path("/srv/log/link.log"));
  ASSERT_EQ(::mkfifo(path("/srv/log/fifo.log").c_str(), 0600), 0);
  auto door = this->door({path("/srv/log/*.log")});
  const LogFolder folder{.name = path("/srv/log")};
  EXPECT_EQ(read(door.open_log(folder, "link.log")), error(ELOOP));
  EXPECT_EQ(read(door.open_log(folder, "fifo.log")), error(EINVAL)) << "and does not wait for a writer";
  EXPECT_EQ(read(door.open_log(folder, "folder.log")), error(EINVAL));
  if (::mknod(path("/srv/log/device.log").c_str(), S_IFCHR | 0600, makedev(1, 5)) != 0)
    GTEST_SKIP() << "mknod needs a right that this process lacks";
  EXPECT_EQ(read(door.open_log(folder, "device.log")), error(EINVAL));
}

TEST_F(LogDoor, ResolvesAContainersLinksWithinTheContainer) {
  make_container();
  write("/root/var/log/app.log", "inside");
  write("/secret.log", "outside");
  fs::create_symlink("/var/log/app.log", path("/root/var/log/absolute.log"));
  fs::create_symlink("../../../../../../../../../../../.." + path("/secret.log"), path("/root/var/log/up.log"));
  fs::create_symlink(path("/secret.log"), path("/root/var/log/out.log"));
  auto door = this->door();
  EXPECT_EQ(read(door.open_log(inside("/var/log"), "app.log")), "inside");
  EXPECT_EQ(read(door.open_log(inside("/var/log"), "absolute.log")), "inside");
  EXPECT_EQ(read(door.open_log(inside("/var/log"), "up.log")), error(ENOENT));
  EXPECT_EQ(read(door.open_log(inside("/var/log"), "out.log")), error(ENOENT));
  EXPECT_EQ(read(door.open_log(inside("/var/log/../../.."), "secret.log")), error(ENOENT));
}

TEST_F(LogDoor, LeavesNoWayOutOfAContainerThroughProc) {
  make_container();
  fs::remove(path("/proc/7/root"));
  fs::create_directory_symlink("/", path("/proc/7/root"));
  auto door = this->door();
  const std::string self = "/proc/" + std::to_string(::getpid());
  EXPECT_EQ(door.open_log_folder(inside(self + "/root/etc")).error().code, ELOOP);
  EXPECT_EQ(door.open_log_folder(inside(self + "/cwd")).error().code, ELOOP);
  EXPECT_EQ(read(door.open_log(inside(self), "status")), error(ENOTSUP)) << "a regular file, as /proc/kmsg is one";
  EXPECT_EQ(read(door.open_log(inside("/sys/kernel"), "profiling")), error(ENOTSUP));
}

TEST_F(LogDoor, OpensNothingOfAProcessThatIsAnotherContainersByNow) {
  make_container("0::/other\n");
  write("/root/var/log/app.log", "the other's");
  auto door = this->door();
  EXPECT_EQ(read(door.open_log(inside("/var/log"), "app.log")), error(ENOENT));
  write("/proc/7/cgroup", "0::/c2\n");
  EXPECT_EQ(read(door.open_log(inside("/var/log"), "app.log")), error(ENOENT)) << "/c2 is not below /c";
  write("/proc/7/cgroup", "12:cpu:/x\n0::/c/below\n");
  EXPECT_EQ(read(door.open_log(inside("/var/log"), "app.log")), "the other's");
  LogFolder gone = inside("/var/log");
  gone.pid = 8;
  EXPECT_EQ(read(door.open_log(gone, "app.log")), error(ENOENT));
}

TEST_F(LogDoor, DoesNotWaitForALeaseOnAContainersFile) {
  make_container();
  write("/root/app.log");
  const base::Fd holder(::open(path("/root/app.log").c_str(), O_RDWR | O_CLOEXEC));
  if (::fcntl(holder.get(), F_SETLEASE, F_WRLCK) != 0) GTEST_SKIP() << "no leases on this file system";
  ::signal(SIGIO, SIG_IGN);
  auto door = this->door();
  EXPECT_EQ(read(door.open_log(inside("/"), "app.log")), error(EWOULDBLOCK));
}

}  // namespace
}  // namespace benchd::daemon
