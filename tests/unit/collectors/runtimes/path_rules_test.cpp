#include "collectors/runtimes/path_rules.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace benchd::runtimes {
namespace {

/// One line of tests/fixtures/paths/*.txt: PATH RUNTIME ID POD-UID, blanks between, "-" for none.
struct Recorded {
  std::string place;  // file:line
  std::string path, runtime, id, pod_uid;
};

std::vector<Recorded> recorded_paths() {
  std::vector<Recorded> all;
  for (const auto& file : std::filesystem::directory_iterator(BENCHD_FIXTURES "/paths")) {
    std::ifstream lines(file.path());
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
      if (line.empty() || line.starts_with('#')) continue;
      Recorded one{.place = file.path().filename().string() + ":" + std::to_string(number)};
      std::istringstream(line) >> one.path >> one.runtime >> one.id >> one.pod_uid;
      all.push_back(one);
    }
  }
  return all;
}

std::string described(const std::optional<model::PathMatch>& match) {
  if (!match) return "- - -";
  return std::string(model::name_of(match->runtime)) + " " + match->runtime_id + " " +
         (match->pod_uid.empty() ? "-" : match->pod_uid);
}

TEST(MatchPath, KnowsEveryRecordedPath) {
  const auto paths = recorded_paths();
  ASSERT_GT(paths.size(), 40U);
  for (const Recorded& one : paths)
    EXPECT_EQ(described(match_path(one.path)), one.runtime + " " + one.id + " " + one.pod_uid)
        << one.place << " " << one.path;
}

TEST(MatchPath, TakesNothingBelowAContainerForAContainer) {
  for (const Recorded& one : recorded_paths()) {
    if (one.runtime == "-") continue;
    for (const char* child : {"/init.scope", "/system.slice", "/system.slice/ssh.service", "/container", "/ns",
                              "/payload", "/supervisor", "/user.slice/user-0.slice/session-1.scope", "/worker-1"})
      EXPECT_EQ(match_path(one.path + child), std::nullopt) << one.place << " " << one.path << child;
  }
}

TEST(MatchPath, TakesTheIdRepeatedBelowAContainerForTheSameContainer) {
  const std::string id(64, 'a');
  EXPECT_TRUE(match_path("/docker/" + id).has_value());
  EXPECT_EQ(match_path("/docker/" + id + "/" + id), std::nullopt);
}

TEST(MatchPath, SeesAContainerInAContainer) {
  const std::string outer(64, 'a');
  const std::string inner(64, 'b');
  for (const std::string& path :
       {"/docker/" + outer + "/docker/" + inner, "/system.slice/docker-" + outer + ".scope/docker/" + inner,
        "/lxc.payload.box/system.slice/docker-" + inner + ".scope"}) {
    const auto match = match_path(path);
    ASSERT_TRUE(match.has_value()) << path;
    EXPECT_EQ(match->runtime_id, inner);
  }
}

TEST(MatchPath, WantsAWholeId) {
  EXPECT_EQ(match_path("/docker/" + std::string(63, 'a')), std::nullopt);
  EXPECT_EQ(match_path("/docker/" + std::string(65, 'a')), std::nullopt);
  EXPECT_EQ(match_path("/docker/" + std::string(64, 'g')), std::nullopt);
  EXPECT_EQ(match_path("/system.slice/docker-" + std::string(64, 'a') + ".scope.d"), std::nullopt);
}

TEST(MatchPath, AnswersForAnyText) {
  for (const char* path : {"", "/", "//", "docker", "/lxc/", "/lxc.payload.", "/machine.slice/machine-.scope",
                           "/machine.slice/systemd-nspawn@.service", "/default/", "/x.slice::", "/x.slice:docker:"})
    EXPECT_EQ(match_path(path), std::nullopt) << path;
}

TEST(MatchPath, DecodesAMachineName) {
  EXPECT_EQ(match_path("/machine.slice/machine-my\\x2dbox.scope")->runtime_id, "my-box");
  EXPECT_EQ(match_path("/machine.slice/systemd-nspawn@a\\x2db.service")->runtime_id, "a-b");
  EXPECT_EQ(match_path("/machine.slice/machine-odd\\x2.scope")->runtime_id, "odd\\x2") << "a cut escape stays as it is";
}

}  // namespace
}  // namespace benchd::runtimes
