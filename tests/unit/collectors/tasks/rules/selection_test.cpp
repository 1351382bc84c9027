#include "collectors/tasks/rules/selection.h"

#include <gmock/gmock.h>

namespace benchd::rules {
namespace {

const model::Metadata kContainer{
    .name = "local-pro-7", .image = "python:3.12-slim", .labels = {{"team", "core"}, {"tier", ""}}};

bool matches(Rule rule) {
  return is_for(rule, kContainer);
}

TEST(IsFor, ARuleThatSaysNothingIsForEveryContainer) {
  EXPECT_TRUE(matches({}));
}

TEST(IsFor, AllThatItSaysMustMatch) {
  EXPECT_TRUE(matches({.containers = "local-*", .image = "python:*", .label = "team=c*"}));
  EXPECT_FALSE(matches({.containers = "local-?", .image = "python:*", .label = "team=c*"}));
  EXPECT_FALSE(matches({.containers = "local-*", .image = "pypy:*", .label = "team=c*"}));
  EXPECT_FALSE(matches({.containers = "local-*", .image = "python:*", .label = "team=web"}));
}

TEST(IsFor, ALabelWithoutAValueMustBeThere) {
  EXPECT_TRUE(matches({.label = "tier"}));
  EXPECT_TRUE(matches({.label = "tier="}));
  EXPECT_TRUE(matches({.label = "team"}));
  EXPECT_FALSE(matches({.label = "team="}));
  EXPECT_FALSE(matches({.label = "shop"}));
}

TEST(IsFor, FilesOfTheHostAreNoContainers) {
  EXPECT_FALSE(matches({.files = {"/srv/*.log"}}));
}

TEST(IsForFile, AsTheShellsGlobsSay) {
  const Rule rule{.files = {"/srv/app/*.log", "/var/log/[ab].txt"}};
  EXPECT_TRUE(is_for_file(rule, "/srv/app/x.log"));
  EXPECT_TRUE(is_for_file(rule, "/var/log/b.txt"));
  EXPECT_FALSE(is_for_file(rule, "/srv/app/old/x.log")) << "a star does not cross a slash";
  EXPECT_FALSE(is_for_file(rule, "/srv/app/.x.log")) << "nor does it stand for a leading dot";
  EXPECT_FALSE(is_for_file(rule, "/srv/app/x.log.1"));
  EXPECT_FALSE(is_for_file({}, "/srv/app/x.log"));
}

}  // namespace
}  // namespace benchd::rules
