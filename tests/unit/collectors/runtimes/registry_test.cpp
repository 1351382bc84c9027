#include "collectors/runtimes/registry.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "daemon/door/in_process_door.h"
#include "fake_engine.h"

namespace benchd::runtimes {
namespace {

using namespace std::chrono_literals;
using Connection = FakeEngine::Connection;
using model::Metadata;
using model::Runtime;

/// Turns of 10 ms until a test gives up; sanitizers on a busy machine are slow.
constexpr int kPatience = 6000;

std::string id_of(char digit) {
  return std::string(64, digit);
}

int64_t wall_now() {
  return base::now() + base::wall_offset();
}

std::string event_line(const std::string& action, const std::string& id, int64_t wall_ns,
                       const std::string& more = "") {
  return R"({"Type":"container","Action":")" + action + R"(","Actor":{"ID":")" + id +
         R"(","Attributes":{"image":"box:1","name":"n-)" + id.substr(0, 1) + "\"" + more + R"(}},"timeNano":)" +
         std::to_string(wall_ns) + "}\n";
}

std::string inspect_body(const std::string& id, const std::string& started = "2026-11-22T00:15:34Z") {
  return R"({"Id":")" + id + R"(","Name":"/n-)" + id.substr(0, 1) +
         R"(","Created":"2026-11-22T00:15:33Z","State":{"Running":true,"Pid":42,"StartedAt":")" + started +
         R"("},"Config":{"Image":"box:1","Labels":{"benchd.variant":"a","secret":"x"}},"HostConfig":{"Memory":1048576}})";
}

/// What stands between a registry and its door, to count what goes through and to break it.
class WatchedDoor : public base::Door {
 public:
  explicit WatchedDoor(base::Door& door) : door_(door) {}

  std::vector<base::EngineId> engines() override {
    ++looks_for_engines;
    if (is_broken) throw std::runtime_error("the door is broken");
    return door_.engines();
  }
  base::Result<base::Fd> engine_request(base::EngineId engine, std::string_view target) override {
    if (is_broken) throw std::runtime_error("the door is broken");
    return door_.engine_request(engine, target);
  }
  base::Result<base::Fd> open_bundle(base::Bundle bundle, std::string_view id) override {
    ++bundles;
    if (is_broken) throw std::runtime_error("the door is broken");
    return door_.open_bundle(bundle, id);
  }

  base::Result<base::KernelHandles> kernel() override { return door_.kernel(); }
  base::Result<base::Fd> open_log_folder(const base::LogFolder& folder) override {
    return door_.open_log_folder(folder);
  }
  base::Result<base::Fd> open_log(const base::LogFolder& folder, std::string_view file) override {
    return door_.open_log(folder, file);
  }
  std::vector<std::string> host_logs() override { return door_.host_logs(); }

  std::atomic<size_t> looks_for_engines = 0;
  std::atomic<size_t> bundles = 0;
  std::atomic<bool> is_broken = false;

 private:
  base::Door& door_;
};

/// A registry on a thread of its own, with whatever engines a test puts into its directory.
class RegistryTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "registry-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    door_.emplace(daemon::DoorPaths{.docker_sockets = {socket()},
                                    .podman_sockets = {root_ + "/podman.sock"},
                                    .users = root_ + "/users",
                                    .docker_roots = {root_ + "/docker"},
                                    .containerd_states = {root_ + "/containerd"},
                                    .container_storages = {root_ + "/storage"}});
    watched_.emplace(*door_);
  }

  void TearDown() override {
    io_.stop();
    if (thread_.joinable()) thread_.join();
    registry_.reset();
    std::filesystem::remove_all(root_);
  }

  std::string socket() const { return root_ + "/docker.sock"; }

  void start(std::chrono::nanoseconds timeout = 200ms) {
    registry_.emplace(io_, *watched_,
                      RegistryOptions{.first_pause = 10ms, .last_pause = 100ms, .request_timeout = timeout});
    thread_ = std::thread([this] { io_.run(); });
  }

  void want(uint64_t cgroup_id, const std::string& id, Runtime runtime = Runtime::Docker, uid_t owner = 0) {
    registry_->wanted({.cgroup_id = cgroup_id, .match = {runtime, id, {}}, .owner = owner, .first_seen = base::now()});
  }

  /// Waits until `fits` is true of the container's metadata, and gives it; null when that does not come in a minute.
  std::shared_ptr<const Metadata> await_update(uint64_t cgroup_id, const std::function<bool(const Metadata&)>& fits) {
    for (int turn = 0; turn < kPatience; ++turn) {
      if (const auto& latest = latest_[cgroup_id]; latest && fits(*latest)) return latest;
      pollfd ready{.fd = registry_->updates_fd(), .events = POLLIN};
      ::poll(&ready, 1, 10);
      std::vector<Update> updates;
      registry_->take_updates(updates);
      for (Update& update : updates) latest_[update.cgroup_id] = std::move(update.metadata);
    }
    return nullptr;
  }
  std::shared_ptr<const Metadata> await_pid(uint64_t cgroup_id) {
    return await_update(cgroup_id, [](const Metadata& it) { return it.init_pid.has_value(); });
  }

  static bool eventually(const std::function<bool()>& holds) {
    for (int turn = 0; turn < kPatience; ++turn) {
      if (holds()) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }
  bool has_state(const std::string& subject, const std::string& found) {
    for (const model::State& state : registry_->status().states)
      if (state.subject == subject && state.found.find(found) != std::string::npos) return true;
    return false;
  }
  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }

  /// A well-behaved engine: every container runs, no events.
  static void behave(const std::string& target, Connection& connection) {
    if (target.starts_with("/events")) {
      if (connection.send(FakeEngine::chunked_header())) connection.hang();
    } else if (target == "/containers/json") {
      connection.send(FakeEngine::with_length("[]"));
    } else if (target == "/version") {
      connection.send(FakeEngine::with_length("{}"));
    } else {
      const std::string id = target.substr(12, target.size() - 12 - 5);
      connection.send(FakeEngine::with_length(inspect_body(id)));
    }
  }

  std::string root_;
  std::optional<daemon::InProcessDoor> door_;
  std::optional<WatchedDoor> watched_;  ///< what the registry has for its door
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_ = boost::asio::make_work_guard(io_);
  std::optional<Registry> registry_;
  std::thread thread_;
  std::map<uint64_t, std::shared_ptr<const Metadata>> latest_;
};

TEST_F(RegistryTest, AnExceptionEndsNoneOfItsWorkAndIsSeen) {
  FakeEngine engine(socket(), behave);
  WatchedDoor& door = *watched_;
  start();
  want(1, id_of('a'));
  ASSERT_NE(await_pid(1), nullptr);
  door.is_broken = true;
  want(2, id_of('b'));
  want(3, id_of('c'), Runtime::Containerd);
  EXPECT_TRUE(eventually([&] { return has_state("runtimes", "the door is broken"); }));
  EXPECT_TRUE(eventually([&] { return door.bundles > 1; })) << "asked again";
  EXPECT_GT(registry_->status().errors, 0U);
  door.is_broken = false;
  EXPECT_NE(await_pid(2), nullptr);
  EXPECT_TRUE(eventually([&] { return !has_state("runtimes", ""); }));
}

TEST_F(RegistryTest, TenThousandContainersAreNoMoreWorkThanTenThousandTimesOne) {
  WatchedDoor& door = *watched_;
  start();
  constexpr size_t kContainers = 10'000;
  for (size_t i = 0; i < kContainers; ++i) want(i + 1, "c" + std::to_string(i));
  EXPECT_TRUE(eventually([&] { return door.bundles >= kContainers; }));
  // Once a turn of the housekeeping, however many containers are asked about.
  EXPECT_LT(door.looks_for_engines, kContainers / 10);
  EXPECT_TRUE(eventually([&] { return has_state("docker containers", "no docker engine answers"); }));
}

TEST_F(RegistryTest, InspectsAContainerThatIsWanted) {
  FakeEngine engine(socket(), behave);
  start();
  want(1, id_of('a'));
  const auto it = await_pid(1);
  ASSERT_NE(it, nullptr);
  EXPECT_EQ(it->name, "n-a");
  EXPECT_EQ(it->labels, (std::map<std::string, std::string>{{"benchd.variant", "a"}}));
  EXPECT_EQ(it->memory_limit_bytes, 1048576U);
  EXPECT_TRUE(eventually([&] { return registry_->status().collector.success; }));
  EXPECT_EQ(engine.count("/containers/" + id_of('a')), 1U) << "one inspect per start";
}

TEST_F(RegistryTest, KnowsTheEndOfAContainerThatIsGoneBeforeAnyInspect) {
  FakeEngine engine(socket(), [](const std::string& target, Connection& connection) {
    if (!target.starts_with("/events")) {
      const bool is_list = target == "/containers/json";
      connection.send(
          FakeEngine::with_length(is_list ? "[]" : R"({"message":"gone"})", is_list ? "200 OK" : "404 Not Found"));
      return;
    }
    const int64_t now = wall_now();
    connection.send(FakeEngine::chunked_header());
    connection.send_chunk(event_line("create", id_of('a'), now) + event_line("start", id_of('a'), now + 1));
    connection.send_chunk(event_line("die", id_of('a'), now + 2, R"(,"exitCode":"7")"));
    connection.send_chunk(event_line("destroy", id_of('a'), now + 3));
    connection.hang();
  });
  start();
  ASSERT_TRUE(eventually([&] { return registry_->status().events == 4; })) << "heard before anybody asks";
  want(1, id_of('a'));
  const auto it = await_update(1, [](const Metadata& metadata) { return metadata.exit_code.has_value(); });
  ASSERT_NE(it, nullptr);
  EXPECT_EQ(it->exit_code, 7);
  EXPECT_EQ(it->name, "n-a");
  EXPECT_EQ(it->image, "box:1");
}

TEST_F(RegistryTest, ReadsEventsInAnyPieces) {
  const std::string text = event_line("start", id_of('a'), 5'000'000'000) +
                           event_line("die", id_of('a'), 6'000'000'000, R"(,"exitCode":"3")");
  FakeEngine engine(socket(), [&](const std::string& target, Connection& connection) {
    if (!target.starts_with("/events")) return behave(target, connection);
    connection.send(FakeEngine::chunked_header());
    for (const char byte : text) connection.send_chunk(std::string(1, byte));
    connection.hang();
  });
  start();
  EXPECT_TRUE(eventually([&] { return registry_->status().events == 2; }));
  EXPECT_EQ(registry_->status().errors, 0U);
}

TEST_F(RegistryTest, ResumesACutStreamWithoutAGapAndWithoutDoubles) {
  const int64_t now = wall_now() + 10'000'000'000;  // newer than where the first stream begins
  std::atomic<int> streams = 0;
  FakeEngine engine(socket(), [&](const std::string& target, Connection& connection) {
    if (!target.starts_with("/events")) return behave(target, connection);
    connection.send(FakeEngine::chunked_header());
    const int stream = streams++;
    connection.send_chunk(event_line("create", id_of('a'), now));  // again, when replayed
    if (stream == 0) {
      connection.send("40\r\n{\"Type\":\"contai");  // cut in the middle of an event
      return;
    }
    connection.send_chunk(event_line("create", id_of('b'), now + 1));
    connection.hang();
  });
  start();
  ASSERT_TRUE(eventually([&] { return registry_->status().events == 2; }));
  EXPECT_EQ(streams, 2);
  std::vector<std::string> streams_asked;
  for (const std::string& target : engine.targets())
    if (target.starts_with("/events")) streams_asked.push_back(target);
  const int64_t replay_from = now - 1'000'000'000;
  const std::string fraction = std::to_string(replay_from % 1'000'000'000);
  EXPECT_TRUE(streams_asked.at(1).starts_with("/events?since=" + std::to_string(replay_from / 1'000'000'000) + "." +
                                              std::string(9 - fraction.size(), '0') + fraction + "&"))
      << streams_asked.at(1);
  EXPECT_EQ(engine.count("/containers/json"), 2U) << "listed again";
  EXPECT_TRUE(eventually([&] { return registry_->status().states.empty(); }));
}

TEST_F(RegistryTest, FindsAnEngineThatComesLater) {
  start();
  want(1, id_of('a'));
  EXPECT_TRUE(eventually([&] { return has_state("docker containers", "no docker engine answers"); }));
  FakeEngine engine(socket(), behave);
  ASSERT_NE(await_pid(1), nullptr);
  EXPECT_TRUE(eventually([&] { return registry_->status().states.empty(); }));
}

TEST_F(RegistryTest, SurvivesAnEngineThatHangsAndAsksAgainWhenItWakes) {
  std::atomic<bool> hangs = true;
  FakeEngine engine(socket(), [&](const std::string& target, Connection& connection) {
    if (hangs) return connection.hang();
    behave(target, connection);
  });
  start(50ms);
  want(1, id_of('a'));
  EXPECT_TRUE(eventually([&] { return has_state("docker engine", "hangs"); }));
  hangs = false;
  ASSERT_NE(await_pid(1), nullptr);
  EXPECT_TRUE(eventually([&] { return registry_->status().states.empty(); }));
}

TEST_F(RegistryTest, SurvivesAnEngineThatHangsInTheMiddleOfAnAnswer) {
  std::atomic<bool> hangs = true;
  FakeEngine engine(socket(), [&](const std::string& target, Connection& connection) {
    if (hangs && target.starts_with("/containers/a")) {
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"Id\":");
      return connection.hang();
    }
    if (hangs && target == "/version") return connection.hang();
    behave(target, connection);
  });
  start(50ms);
  want(1, id_of('a'));
  EXPECT_TRUE(eventually([&] { return has_state("docker engine", "hangs"); }));
  want(2, id_of('b'));
  hangs = false;
  ASSERT_NE(await_pid(1), nullptr);
  ASSERT_NE(await_pid(2), nullptr);
  EXPECT_TRUE(eventually([&] { return registry_->status().states.empty(); })) << "the stream stood all the time";
}

TEST_F(RegistryTest, DoesNotLetOneEngineKeepTheOtherWaiting) {
  FakeEngine docker(socket(), [](const std::string&, Connection& connection) { connection.hang(); });
  FakeEngine podman(root_ + "/podman.sock", behave);
  start(1h);
  want(1, id_of('a'));
  want(2, id_of('b'), Runtime::Podman);
  EXPECT_NE(await_pid(2), nullptr);
}

TEST_F(RegistryTest, AnswersGarbageWithPauses) {
  for (const std::string& garbage :
       {std::string("SSH-2.0-OpenSSH\r\n"), FakeEngine::with_length("no", "500 Internal Server Error"),
        FakeEngine::with_length("<html>"), FakeEngine::chunked_header() + "zz\r\n",
        FakeEngine::chunked_header() + "9\r\n{\"a\":1}\n\n\r\n",
        std::string("HTTP/1.1 200 OK\r\n") + std::string(100'000, 'h')}) {
    boost::asio::io_context io;
    FakeEngine engine(socket(), [&](const std::string& target, Connection& connection) {
      if (!target.starts_with("/events")) return behave(target, connection);
      connection.send(garbage);
    });
    Registry registry(io, *door_, {.first_pause = 10ms, .last_pause = 1h, .request_timeout = 200ms});
    for (int turn = 0; turn < kPatience && registry.status().states.empty(); ++turn) io.run_for(10ms);
    ASSERT_EQ(registry.status().states.size(), 1U) << garbage.substr(0, 60);
    EXPECT_EQ(registry.status().states[0].subject, "docker engine");
    EXPECT_FALSE(registry.status().states[0].cost.empty());
    io.run_for(300ms);
    EXPECT_LE(engine.count("/events"), 8U) << "the pauses double: 10, 20, 40, 80, 160, 320 ms";
  }
}

TEST_F(RegistryTest, GivesUpOnALineWithoutEnd) {
  std::atomic<size_t> sent = 0;
  std::atomic<int> streams = 0;
  FakeEngine engine(socket(), [&](const std::string& target, Connection& connection) {
    if (!target.starts_with("/events")) return behave(target, connection);
    connection.send(FakeEngine::chunked_header());
    if (streams++ > 0) return connection.hang();
    const std::string piece(100'000, 'x');
    while (sent < 100'000'000 && connection.send_chunk(piece)) sent += piece.size();
  });
  start();
  ASSERT_TRUE(eventually([&] { return streams == 2; }));
  EXPECT_LT(sent, 5'000'000U) << "100 MB were there to be read";
  EXPECT_TRUE(eventually([&] { return registry_->status().states.empty(); }));
  EXPECT_EQ(registry_->status().errors, 1U);
}

TEST_F(RegistryTest, GivesUpOnAnAnswerWithoutEnd) {
  std::atomic<size_t> sent = 0;
  FakeEngine engine(socket(), [&](const std::string& target, Connection& connection) {
    if (target != "/containers/" + id_of('a') + "/json") return behave(target, connection);
    connection.send("HTTP/1.1 200 OK\r\n\r\n");
    const std::string piece(100'000, ' ');
    while (sent < 100'000'000 && connection.send(piece)) sent += piece.size();
  });
  start();
  want(1, id_of('a'));
  ASSERT_TRUE(eventually([&] { return registry_->status().errors > 0; }));
  want(2, id_of('b'));
  EXPECT_NE(await_pid(2), nullptr) << "the others have their answers";
  EXPECT_LT(sent, 50'000'000U);
}

TEST_F(RegistryTest, TakesTenThousandContainersAndNamesThoseThatAreWanted) {
  std::string list = "[";
  for (int i = 0; i < 10'000; ++i) {
    std::string id = std::to_string(i);
    id.insert(0, 64 - id.size(), '0');
    list += (i > 0 ? "," : "") + (R"({"Id":")" + id) + R"(","Names":["/c)" + std::to_string(i) +
            R"("],"Image":"box:1","Labels":{"com.docker.compose.service":"s","filler":")" + std::string(500, 'f') +
            "\"}}";
  }
  list += "]";
  FakeEngine engine(socket(), [&](const std::string& target, Connection& connection) {
    if (target == "/containers/json") {
      connection.send(FakeEngine::with_length(list));
    } else if (target.starts_with("/events")) {
      behave(target, connection);
    } else {
      connection.hang();
    }
  });
  start(1h);
  std::string last = "9999";
  last.insert(0, 64 - last.size(), '0');
  want(1, last);
  const auto it = await_update(1, [](const Metadata& metadata) { return !metadata.name.empty(); });
  ASSERT_NE(it, nullptr) << "the list names it, though no inspect is answered";
  EXPECT_EQ(it->name, "c9999");
  EXPECT_EQ(it->labels.at("com.docker.compose.service"), "s");
  EXPECT_EQ(engine.count("/containers/0"), 1U) << "only what is wanted is inspected";
  EXPECT_EQ(registry_->status().dropped, 0U);
}

TEST_F(RegistryTest, ReadsDockersFilesWhereNoSocketIs) {
  write(
      "/docker/containers/" + id_of('a') + "/config.v2.json",
      R"({"State":{"Running":true,"Pid":7,"StartedAt":"2026-11-22T00:15:34Z"},"Config":{"Image":"box:1"},"Name":"/quiet"})");
  start();
  want(1, id_of('a'));
  const auto it = await_pid(1);
  ASSERT_NE(it, nullptr);
  EXPECT_EQ(it->name, "quiet");
  EXPECT_TRUE(eventually([&] { return registry_->status().states.empty(); })) << "nothing is missing";
}

TEST_F(RegistryTest, ReadsBundlesOfContainerdAndCrio) {
  write("/containerd/io.containerd.runtime.v2.task/k8s.io/" + id_of('a') + "/config.json",
        R"({"annotations":{"io.kubernetes.cri.container-name":"c","io.kubernetes.cri.sandbox-name":"p",
           "io.kubernetes.cri.sandbox-namespace":"s"}})");
  write("/storage/overlay-containers/" + id_of('b') + "/userdata/config.json",
        R"({"annotations":{"io.kubernetes.container.name":"c","io.kubernetes.pod.name":"q",
           "io.kubernetes.pod.namespace":"s"}})");
  write("/containerd/io.containerd.runtime.v2.task/default/redis/config.json", "{}");
  start();
  want(1, id_of('a'), Runtime::Containerd);
  want(2, id_of('b'), Runtime::Crio);
  want(3, id_of('b'), Runtime::Kubernetes);
  want(4, "redis", Runtime::Containerd);
  const auto named = [](const Metadata& it) { return !it.name.empty(); };
  EXPECT_EQ(await_update(1, named)->name, "s/p/c");
  EXPECT_EQ(await_update(2, named)->name, "s/q/c");
  EXPECT_EQ(await_update(3, named)->name, "s/q/c");
  EXPECT_EQ(await_update(4, named)->name, "redis");
}

TEST_F(RegistryTest, WaitsForABundleThatComesLate) {
  start();
  want(1, id_of('a'), Runtime::Crio);
  EXPECT_TRUE(eventually([&] { return has_state("crio containers", "bundle"); }));
  write("/storage/overlay-containers/" + id_of('a') + "/userdata/config.json",
        R"({"annotations":{"io.kubernetes.container.name":"late"}})");
  const auto it = await_update(1, [](const Metadata& metadata) { return !metadata.name.empty(); });
  ASSERT_NE(it, nullptr);
  EXPECT_EQ(it->name, "late");
}

TEST_F(RegistryTest, SurvivesABundleThatIsTooLargeOrNoJson) {
  write("/storage/overlay-containers/" + id_of('a') + "/userdata/config.json", std::string(5U << 20, ' '));
  write("/storage/overlay-containers/" + id_of('b') + "/userdata/config.json", "{\"annotations\":");
  start();
  want(1, id_of('a'), Runtime::Crio);
  want(2, id_of('b'), Runtime::Crio);
  EXPECT_TRUE(eventually([&] { return registry_->status().errors >= 2; }));
  EXPECT_TRUE(has_state("crio containers", "bundle"));
}

TEST_F(RegistryTest, NamesMachinesByTheirPath) {
  start();
  want(1, "box", Runtime::Lxc);
  const auto it = await_update(1, [](const Metadata& metadata) { return !metadata.name.empty(); });
  ASSERT_NE(it, nullptr);
  EXPECT_EQ(it->name, "box");
}

TEST_F(RegistryTest, BelievesAUsersEngineAboutThatUsersContainersOnly) {
  std::filesystem::create_directories(root_ + "/users/1234");
  FakeEngine engine(root_ + "/users/1234/docker.sock", [](const std::string& target, Connection& connection) {
    if (!target.starts_with("/events")) return behave(target, connection);
    if (!connection.send(FakeEngine::chunked_header())) return;
    for (const char digit : {'a', 'b', 'c'}) connection.send_chunk(event_line("start", id_of(digit), wall_now()));
    connection.hang();
  });
  start();
  want(1, id_of('a'));
  want(2, id_of('b'), Runtime::Docker, 1234);
  // A cgroup that the user made up, named after root's container.
  want(3, id_of('c'));
  want(4, id_of('c'), Runtime::Docker, 1234);
  ASSERT_NE(await_pid(2), nullptr);
  EXPECT_TRUE(eventually([&] { return registry_->status().events >= 3; }));
  EXPECT_EQ(latest_.count(1), 0U);
  EXPECT_EQ(latest_.count(3), 0U);
  EXPECT_EQ(latest_.count(4), 0U);
  EXPECT_EQ(engine.count("/containers/" + id_of('a')), 0U);
  EXPECT_EQ(engine.count("/containers/" + id_of('c')), 0U);
}

TEST_F(RegistryTest, SendsNothingAboutWhatWasForgotten) {
  FakeEngine engine(socket(), behave);
  start();
  want(1, id_of('a'));
  registry_->forget(1);
  want(2, id_of('b'));
  ASSERT_NE(await_pid(2), nullptr);
  EXPECT_EQ(latest_.count(1), 0U);
  EXPECT_EQ(engine.count("/containers/" + id_of('a')), 0U);
}

}  // namespace
}  // namespace benchd::runtimes
