#include "daemon/doctor.h"

#include <gmock/gmock.h>

namespace benchd::daemon {
namespace {

using testing::HasSubstr;

TEST(Doctor, ARuleThatTakesLinesIsNoFinding) {
  EXPECT_FALSE(finding_of({.rule = "render", .origin = "benchd.yml:3", .logs_ever = 1, .lines = 1}));
}

TEST(Doctor, ARuleThatIsForNoLogMayBeMisspelt) {
  const auto finding = finding_of({.rule = "render", .origin = "benchd.yml:3"});
  ASSERT_TRUE(finding);
  EXPECT_FALSE(finding->good);
  EXPECT_THAT(finding->found, HasSubstr("benchd.yml:3"));
  EXPECT_THAT(finding->cure, HasSubstr("containers"));
}

TEST(Doctor, ARuleThatTakesNoLineIsToBeTried) {
  const auto finding = finding_of({.rule = "render", .origin = "benchd.yml:3", .logs_ever = 2});
  ASSERT_TRUE(finding);
  EXPECT_THAT(finding->found, HasSubstr("no line of the 2 logs"));
  EXPECT_THAT(finding->cure, HasSubstr("rules test"));
}

TEST(Doctor, WithoutARunningBenchdThatIsAFinding) {
  Options options;
  options.web_listen_address = "127.0.0.1:1";  // tcpmux: nobody's
  Diagnosis diagnosis;
  ask_running(options, diagnosis);
  ASSERT_EQ(diagnosis.findings.size(), 1U);
  EXPECT_FALSE(diagnosis.findings[0].good);
  EXPECT_THAT(diagnosis.findings[0].found, HasSubstr("127.0.0.1:1"));
  EXPECT_FALSE(diagnosis.findings[0].cost.empty());
}

}  // namespace
}  // namespace benchd::daemon
