#include "collectors/tasks/logs/siblings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace benchd::logs {
namespace {

using testing::ElementsAre;

std::vector<std::string> names_of(std::string_view log, const std::vector<std::string>& names) {
  std::vector<std::string> found;
  for (const Sibling& sibling : siblings_of(log, names)) found.push_back(sibling.name);
  return found;
}

TEST(Siblings, OfDockerAreNumberedBackwards) {
  EXPECT_THAT(names_of("c-json.log", {".", "..", "c-json.log.2.gz", "c-json.log", "c-json.log.10.gz", "c-json.log.1",
                                      "config.v2.json", "local-logs"}),
              ElementsAre("c-json.log.10.gz", "c-json.log.2.gz", "c-json.log.1", "c-json.log"));
}

TEST(Siblings, OfTheKubeletAreDated) {
  EXPECT_THAT(names_of("0.log", {"0.log", "0.log.20250102-030405", "0.log.20250101-120000.gz", "1.log",
                                 "0.log.20250103-000000.tmp"}),
              ElementsAre("0.log.20250101-120000.gz", "0.log.20250102-030405", "0.log"));
}

TEST(Siblings, OfLogrotateMayHaveTheDateInTheMiddle) {
  EXPECT_THAT(names_of("app.log", {"app.log", "app-20250102.log", "app-20250101.log.gz", "app.log-20241231",
                                   "app.2.log", "apple.log", "app.log.bak", "app.logs", "app-x.log", "app-2.log"}),
              ElementsAre("app.log-20241231", "app-20250101.log.gz", "app-20250102.log", "app.2.log", "app.log"));
}

TEST(Siblings, CountAFileThatIsBeingCompressedOnce) {
  EXPECT_THAT(names_of("l", {"l", "l.1", "l.1.gz", "l.2.gz"}), ElementsAre("l.2.gz", "l.1", "l"));
}

TEST(Siblings, KnowCompressedOnes) {
  const auto found = siblings_of("l", {"l", "l.1.gz"});
  ASSERT_EQ(found.size(), 2);
  EXPECT_TRUE(found[0].compressed);
  EXPECT_FALSE(found[1].compressed);
}

TEST(Siblings, MayBeWithoutTheLogItself) {
  EXPECT_THAT(names_of("l", {"l.1", "other"}), ElementsAre("l.1"));
}

}  // namespace
}  // namespace benchd::logs
