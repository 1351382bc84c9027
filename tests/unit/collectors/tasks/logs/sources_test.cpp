#include "collectors/tasks/logs/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/door/in_process_door.h"
#include "followed_logs.h"

namespace benchd::logs {
namespace {

using base::LogHome;
using model::Runtime;
using testing::ElementsAre;

const std::string kId(64, 'a');

class OutputLogTest : public testing::Test {
 protected:
  OutputLog find(Runtime runtime, const std::string& driver, uid_t owner = 0) {
    container.match.runtime = runtime;
    container.match.runtime_id = kId;
    container.owner = owner;
    metadata.log_driver = driver;
    return output_log(door, container, metadata);
  }
  model::Container container{.path = "/system.slice/x.scope"};
  model::Metadata metadata;
  TemporaryDirectory directory;
  daemon::InProcessDoor door{{.docker_roots = {directory.path()},
                              .container_storages = {directory.path()},
                              .pods = directory.path() + "/pods",
                              .nerdctl = directory.path() + "/nerdctl"}};
};

TEST_F(OutputLogTest, OfDockerIsItsFile) {
  std::filesystem::create_directories(directory.path() + "/containers/" + kId);
  const auto spec = find(Runtime::Docker, "json-file").spec;
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->kind, LogKind::JsonFile);
  EXPECT_EQ(spec->folder.home, LogHome::Docker);
  EXPECT_EQ(spec->file, kId + "-json.log");
  EXPECT_EQ(spec->log, docker_log(kId).log) << "the same log as before its metadata came";
}

TEST_F(OutputLogTest, WithoutAFileOfItsOwnIsAskedOfTheEngine) {
  for (const char* driver : {"local", "fluentd", "awslogs"})
    EXPECT_EQ(find(Runtime::Docker, driver).spec->kind, LogKind::EngineStream) << driver;
  const auto rootless = find(Runtime::Docker, "json-file", 1000).spec;
  EXPECT_EQ(rootless->kind, LogKind::EngineStream) << "a user can put anything where his engine has its files";
  EXPECT_EQ(rootless->engine, (base::EngineId{base::Engine::Docker, 1000}));
  EXPECT_EQ(rootless->why_no_file, "") << "nobody can mend that";
}

TEST_F(OutputLogTest, IsInTheJournal) {
  EXPECT_EQ(find(Runtime::Docker, "journald").spec->kind, LogKind::Journal);
  EXPECT_EQ(find(Runtime::Podman, "journald").spec->container, kId);
}

TEST_F(OutputLogTest, OutOfReachIsAskedOfTheEngine) {
  const auto elsewhere = find(Runtime::Docker, "json-file").spec;
  EXPECT_EQ(elsewhere->kind, LogKind::EngineStream) << "its data are elsewhere";
  EXPECT_NE(elsewhere->why_no_file, "");
  metadata.finished = 1;
  EXPECT_EQ(find(Runtime::Docker, "json-file").spec->kind, LogKind::JsonFile) << "its folder is removed already";
}

TEST_F(OutputLogTest, OfPodmanIsItsFileIfThatLiesWherePodmanPutsIt) {
  std::filesystem::create_directories(directory.path() + "/overlay-containers/" + kId + "/userdata");
  metadata.log_path = "/var/lib/containers/storage/overlay-containers/" + kId + "/userdata/ctr.log";
  const auto spec = find(Runtime::Podman, "k8s-file").spec;
  EXPECT_EQ(spec->kind, LogKind::Cri);
  EXPECT_EQ(spec->folder, (base::LogFolder{.home = LogHome::Storage, .name = kId}));
  metadata.log_path = "/home/somebody/ctr.log";
  EXPECT_EQ(find(Runtime::Podman, "k8s-file").spec->kind, LogKind::EngineStream);
}

TEST_F(OutputLogTest, OfAPodIsTheNewestRestarts) {
  const std::string folder = directory.path() + "/pods/shop_web-1_0a-1b/nginx";
  std::filesystem::create_directories(folder);
  for (const char* name : {"0.log", "2.log", "10.log", "10.log.20250101-000000", "11.log.gz", "x.log"})
    std::ofstream(folder + "/" + name) << "";
  metadata.name = "shop/web-1/nginx";
  container.match.pod_uid = "0a_1b";
  const auto spec = find(Runtime::Kubernetes, "").spec;
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->kind, LogKind::Cri);
  EXPECT_EQ(spec->folder.name, "shop_web-1_0a-1b/nginx");
  EXPECT_EQ(spec->file, "10.log");
}

TEST_F(OutputLogTest, OfNerdctlIsItsJsonFile) {
  EXPECT_FALSE(find(Runtime::Containerd, "").spec);
  std::filesystem::create_directories(directory.path() + "/nerdctl/1935db59/containers/default/" + kId);
  const auto spec = find(Runtime::Containerd, "").spec;
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->kind, LogKind::JsonFile);
  EXPECT_EQ(spec->file, kId + "-json.log");
}

TEST_F(OutputLogTest, IsNotThereWhereNobodyKeepsIt) {
  for (const char* driver : {"none", ""}) {
    const OutputLog log = find(Runtime::Docker, driver);
    EXPECT_FALSE(log.spec) << driver;
    EXPECT_NE(log.why_not, "");
  }
  EXPECT_FALSE(find(Runtime::Podman, "passthrough").spec);
  EXPECT_FALSE(find(Runtime::Nspawn, "").spec);
}

TEST(FileInContainer, IsALogOfItsOwnOfTheContainer) {
  model::Container container{.path = "/c", .match = {.runtime = Runtime::Docker, .runtime_id = kId}};
  const LogSpec spec = file_in_container(container, 7, "/var/log/app.log");
  EXPECT_EQ(spec.log, "docker:" + kId + ":/var/log/app.log");
  EXPECT_EQ(spec.folder, (base::LogFolder{.home = LogHome::Container, .name = "/var/log", .pid = 7, .cgroup = "/c"}));
  EXPECT_EQ(spec.file, "app.log");
  EXPECT_EQ(file_in_container(container, 7, "/app.log").folder.name, "/");
}

TEST(LogName, TellsWhoseLogItIs) {
  EXPECT_EQ(docker_id(docker_log("abc").log), "abc");
  EXPECT_EQ(docker_id("docker:abc:/var/log/app.log"), std::nullopt) << "a file within the container";
  EXPECT_EQ(docker_id("podman:abc"), std::nullopt);
  EXPECT_EQ(host_path(file_on_host("/srv/app.log").log), "/srv/app.log");
  EXPECT_EQ(host_path("docker:abc"), std::nullopt);
  EXPECT_EQ(folder_of_container("docker:abc:/var/log/app.log"), docker_log("abc").folder);
  EXPECT_EQ(folder_of_container("podman:abc"), (base::LogFolder{.home = LogHome::Storage, .name = "abc"}));
  EXPECT_EQ(folder_of_container("file:/srv/app.log"), std::nullopt);
}

TEST(WithoutRotated, LeavesOnlyWhatIsWrittenNow) {
  EXPECT_THAT(without_rotated({"/a/app-20250101.log", "/a/app.log", "/a/other.log", "/a/worker-2.log", "/a/worker.log",
                               "/b/app-20250101.log"}),
              ElementsAre("/a/app.log", "/a/other.log", "/a/worker-2.log", "/a/worker.log", "/b/app-20250101.log"));
}

}  // namespace
}  // namespace benchd::logs
