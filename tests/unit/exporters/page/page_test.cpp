#include "exporters/page/page.h"

#include <array>
#include <cstdio>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporters/page/assets.h"
#include "support/temporary_directory.h"

namespace benchd::page {
namespace {

using model::Field;
using testing::HasSubstr;
using testing::Not;

model::ContainerSnapshot container(uint64_t cgroup_id, const std::string& path, const std::string& name) {
  model::ContainerSnapshot made;
  made.container = std::make_shared<model::Container>(
      model::Container{.cgroup_id = cgroup_id, .path = path, .match = {.runtime = model::Runtime::Docker}});
  if (!name.empty())
    made.metadata = std::make_shared<model::Metadata>(model::Metadata{.name = name, .image = "python:3.12"});
  return made;
}

std::string once(const model::Snapshot& snapshot) {
  return Page("bench1", "0.1.0").render(snapshot);
}

TEST(Page, EscapesHostileNames) {
  const std::string hostile = "</bdi><script>alert(1)</script>\"'&\xff";
  model::Snapshot snapshot;
  snapshot.containers = {container(1, "/" + hostile, hostile)};
  auto metadata = std::make_shared<model::Metadata>(*snapshot.containers[0].metadata);
  metadata->image = hostile;
  snapshot.containers[0].metadata = metadata;
  snapshot.states = {{.subject = hostile, .found = hostile, .cost = hostile, .cure = hostile}};
  const std::string html = Page(hostile, hostile).render(snapshot);
  EXPECT_THAT(html, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(html, Not(HasSubstr("\xff")));
  EXPECT_THAT(html, HasSubstr("&lt;/bdi&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\xef\xbf\xbd"));
  // Its own script and nothing else.
  EXPECT_EQ(html.find("<script>"), html.rfind("<script>"));
}

TEST(Page, LoadsNothingFromElsewhere) {
  model::Snapshot snapshot;
  snapshot.containers = {container(1, "/a", "a")};
  const std::string html = once(snapshot);
  EXPECT_THAT(html, Not(HasSubstr("http://")));
  EXPECT_THAT(html, Not(HasSubstr("https://")));
  EXPECT_THAT(html, Not(HasSubstr("src=")));
}

TEST(Page, ShowsRatesFromTheSecondViewOn) {
  Page page("bench1", "0.1.0");
  model::Snapshot snapshot;
  snapshot.taken = 10 * base::kSecond;
  snapshot.containers = {container(1, "/a", "a")};
  model::Reading& reading = snapshot.containers[0].reading;
  reading.at = snapshot.taken;
  reading.values.set(Field::CpuUsage, 1'000'000);
  EXPECT_THAT(page.render(snapshot), HasSubstr("Rates with the next view."));

  snapshot.taken = reading.at = 12 * base::kSecond;
  reading.values.set(Field::CpuUsage, 2'500'000);
  const std::string second = page.render(snapshot);
  EXPECT_THAT(second, HasSubstr("Rates over the last 2.0 s."));
  EXPECT_THAT(second, HasSubstr(">75 %<"));
  EXPECT_THAT(second, HasSubstr(">2.50 s<"));

  // Another viewer at the same instant sees the same, not a window of nothing.
  EXPECT_EQ(page.render(snapshot), second);

  // A view an hour later is no rate of now.
  snapshot.taken = reading.at = 3600 * base::kSecond;
  EXPECT_THAT(page.render(snapshot), HasSubstr("Rates with the next view."));
}

TEST(Page, ShowsAbsentAsAbsent) {
  model::Snapshot snapshot;
  snapshot.containers = {container(1, "/a", "a")};
  const std::string html = once(snapshot);
  EXPECT_THAT(html, HasSubstr("<td>–</td>"));
  EXPECT_THAT(html, Not(HasSubstr("0 B")));
  EXPECT_THAT(html, Not(HasSubstr("Memory used")));
}

TEST(Page, CountsProcessesWhereThereIsNoPidsController) {
  model::Snapshot snapshot;
  snapshot.containers = {container(1, "/a", "a")};
  model::FieldValues& values = snapshot.containers[0].reading.values;
  values.set(Field::Processes, 123);
  EXPECT_THAT(once(snapshot), HasSubstr("threads are not counted here\">123<"));
  values.set(Field::PidsCurrent, 456);
  EXPECT_THAT(once(snapshot), HasSubstr("<td>456</td>"));
  EXPECT_THAT(once(snapshot), Not(HasSubstr("123")));
}

TEST(Page, TellsLimitsFromUnlimited) {
  model::Snapshot snapshot;
  snapshot.containers = {container(1, "/a", "a"), container(2, "/b", "b")};
  snapshot.containers[0].reading.values.set(Field::MemoryMax, model::kUnlimited);
  EXPECT_THAT(once(snapshot), Not(HasSubstr("limit ")));
  snapshot.containers[1].reading.values.set(Field::MemoryMax, 64 << 20);
  EXPECT_THAT(once(snapshot), HasSubstr("limit 64 MiB"));
}

TEST(Page, NamesAContainerByItsPathUntilTheRuntimeTells) {
  model::Snapshot snapshot;
  snapshot.containers = {container(1, "/docker/x", "")};
  EXPECT_THAT(once(snapshot), HasSubstr("<bdi title=\"/docker/x\">x</bdi>"));
  auto known = std::make_shared<model::Container>(*snapshot.containers[0].container);
  known->match.runtime_id = std::string(64, 'f');
  snapshot.containers[0].container = known;
  EXPECT_THAT(once(snapshot), HasSubstr("<bdi title=\"/docker/x\">ffffffffffff</bdi>"));
}

TEST(Page, ShowsHowAContainerEnded) {
  model::Snapshot snapshot;
  snapshot.taken = 10 * base::kSecond;
  snapshot.containers = {container(1, "/a", "a")};
  snapshot.containers[0].ended = 7 * base::kSecond;
  auto metadata = std::make_shared<model::Metadata>(*snapshot.containers[0].metadata);
  metadata->exit_code = 137;
  metadata->oom_killed = true;
  snapshot.containers[0].metadata = metadata;
  const std::string html = once(snapshot);
  EXPECT_THAT(html, HasSubstr("ended 3 s ago<small>exit 137, OOM-killed<"));
  EXPECT_THAT(html, HasSubstr("0 running, 1 ended"));
}

TEST(Page, KeepsRunningContainersByNameAndEndedOnesLast) {
  model::Snapshot snapshot;
  snapshot.containers = {container(1, "/1", "zebra"), container(2, "/2", "ape"), container(3, "/3", "bear")};
  snapshot.containers[1].ended = 0;
  const std::string html = once(snapshot);
  EXPECT_LT(html.find(">bear<"), html.find(">zebra<"));
  EXPECT_LT(html.find(">zebra<"), html.find(">ape<"));
}

TEST(Page, SaysWhatToDoWhenThereIsNothing) {
  EXPECT_THAT(once({}), HasSubstr("No container yet."));
}

TEST(Page, ListsWhatIsMissing) {
  model::Snapshot snapshot;
  snapshot.collectors = {{.collector = "cgroup", .success = true}, {.collector = "runtimes", .success = false}};
  snapshot.states = {
      {.subject = "memory controller", .found = "not enabled", .cost = "No memory metrics.", .cure = "echo +memory"}};
  const std::string html = once(snapshot);
  EXPECT_THAT(html, HasSubstr("Collectors without success:</b> runtimes<"));
  EXPECT_THAT(html, HasSubstr("memory controller:</b> not enabled."));
  EXPECT_THAT(html, HasSubstr("<code>echo +memory</code>"));
  EXPECT_THAT(html, HasSubstr("href=\"#missing\">what is missing here (1)"));
}

TEST(Page, CountsWhatItDoesNotList) {
  model::Snapshot snapshot;
  for (size_t i = 0; i < Page::kMaxRows + 5; ++i)
    snapshot.containers.push_back(container(i + 1, "/" + std::to_string(i), ""));
  const std::string html = once(snapshot);
  EXPECT_THAT(html, HasSubstr("1005 running"));
  EXPECT_THAT(html, HasSubstr("5 more:"));
}

/// The first word that `command` prints for `text`.
std::string output_of(const std::string& command, std::string_view text) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/script";
  std::ofstream(path, std::ios::binary) << text;
  FILE* pipe = ::popen((command + " " + path).c_str(), "r");
  std::array<char, 65> word{};
  EXPECT_EQ(std::fscanf(pipe, "%64s", word.data()), 1);
  ::pclose(pipe);
  return word.data();
}

TEST(ContentSecurityPolicy, AllowsThePagesOwnScript) {
  const std::string hash = output_of("sha256sum", kScript);
  std::string bytes;
  for (size_t i = 0; i < hash.size(); i += 2) bytes += static_cast<char>(std::stoi(hash.substr(i, 2), nullptr, 16));
  EXPECT_THAT(kContentSecurityPolicy, HasSubstr("'sha256-" + output_of("base64 -w0", bytes) + "'"));
}

}  // namespace
}  // namespace benchd::page
