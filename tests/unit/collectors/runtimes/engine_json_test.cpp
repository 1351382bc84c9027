#include "collectors/runtimes/engine_json.h"

#include <fstream>
#include <sstream>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace benchd::runtimes {
namespace {

using base::Engine;
using What = EngineEvent::What;
using testing::ElementsAre;
using testing::Pair;

const LabelFilter kCompose({"com.docker.compose.*", "benchd.*"});

/// Recorded from Debian 12's docker.io 20.10.24 and podman 4.3.1.
std::string fixture(const std::string& name) {
  std::ifstream file(BENCHD_FIXTURES "/engine/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << name;
  return text.str();
}

std::vector<EngineEvent> events_in(const std::string& name) {
  std::vector<EngineEvent> events;
  std::istringstream lines(fixture(name));
  for (std::string line; std::getline(lines, line);) {
    const auto event = parse_event(line, kCompose);
    EXPECT_TRUE(event.ok()) << line;
    if (event.ok()) events.push_back(*event);
  }
  return events;
}

const EngineEvent* find(const std::vector<EngineEvent>& events, What what, const std::string& name) {
  for (const EngineEvent& event : events)
    if (event.what == what && event.name == name) return &event;
  return nullptr;
}

TEST(ParseEvent, ReadsDockersWords) {
  const auto events = events_in("docker-events.jsonl");
  const EngineEvent* start = find(events, What::Start, "web");
  ASSERT_NE(start, nullptr);
  EXPECT_EQ(start->id, "d4f29717d97cc8cc524edd790f0691bf9d66b87d7888405c6d72ce3e3f8e5d2c");
  EXPECT_EQ(start->image, "bench/box:1");
  EXPECT_EQ(start->wall_ns, 1795306534401041951);
  EXPECT_EQ(start->exit_code, std::nullopt);
  EXPECT_THAT(start->labels,
              ElementsAre(Pair("com.docker.compose.project", "shop"), Pair("com.docker.compose.service", "web")))
      << "the label `secret` goes no further";

  ASSERT_NE(find(events, What::Die, "short"), nullptr);
  EXPECT_EQ(find(events, What::Die, "short")->exit_code, 7);
  ASSERT_NE(find(events, What::Health, "web"), nullptr);
  EXPECT_EQ(find(events, What::Health, "web")->health, "healthy");
  EXPECT_NE(find(events, What::Rename, "web2"), nullptr) << "the new name";
  EXPECT_NE(find(events, What::Remove, "web2"), nullptr);
  EXPECT_NE(find(events, What::Oom, "boom"), nullptr);
  for (const EngineEvent& event : events) {
    if (event.what == What::Other) {
      EXPECT_EQ(event.exit_code, std::nullopt) << "exec_die is not the container's end";
    }
  }
}

TEST(ParseEvent, ReadsPodmansWords) {
  const auto events = events_in("podman-events.jsonl");
  const EngineEvent* start = find(events, What::Start, "web");
  ASSERT_NE(start, nullptr);
  EXPECT_EQ(start->image, "localhost/bench/box:1");
  EXPECT_EQ(start->exit_code, std::nullopt) << "containerExitCode 0 of a start means nothing";
  EXPECT_EQ(find(events, What::Die, "short")->exit_code, 7);
  EXPECT_EQ(find(events, What::Health, "web")->health, "starting");
  EXPECT_NE(find(events, What::Remove, "short"), nullptr);
}

TEST(ParseEvent, TakesThePlaceWhereOtherPodmansPutTheExitCode) {
  const auto event = parse_event(
      R"({"Action":"died","Actor":{"ID":"a","Attributes":{"containerExitCode":"3","name":"x"}},"timeNano":5})",
      kCompose);
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(event->what, What::Die);
  EXPECT_EQ(event->exit_code, 3);
}

TEST(ParseEvent, KeepsTheEnginesOwnAttributesOutOfTheLabels) {
  const auto event = parse_event(
      R"({"Action":"die","Actor":{"ID":"a","Attributes":{"exitCode":"0","image":"i","name":"n","mine":"1"}}})",
      LabelFilter({"*"}));
  ASSERT_TRUE(event.ok());
  EXPECT_THAT(event->labels, ElementsAre(Pair("mine", "1")));
}

TEST(ParseEvent, RemembersOnlySoMuch) {
  std::string attributes = "\"name\":\"" + std::string(5000, 'n') + "\"";
  for (int i = 0; i < 100; ++i) attributes += ",\"l" + std::to_string(i) + "\":\"v\"";
  const auto event =
      parse_event(R"({"Action":"start","Actor":{"ID":"a","Attributes":{)" + attributes + "}}}", LabelFilter({"*"}));
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(event->name, "");
  EXPECT_EQ(event->labels.size(), 64U);
}

TEST(ParseEvent, RefusesGarbage) {
  for (const char* line : {"", "{", "null", "[]", "\"text\"", "{}", "<html>", "{\"Actor\":5}", "{\"Actor\":{\"ID\":7}}",
                           "\xff\xfe", "{\"Actor\":{\"ID\":\"\"}}"})
    EXPECT_FALSE(parse_event(line, kCompose).ok()) << line;
  EXPECT_FALSE(parse_event(std::string(100'000, '['), kCompose).ok()) << "deeply nested";
  const auto odd = parse_event(R"({"Action":7,"Actor":{"ID":"a","Attributes":[1]},"timeNano":"soon"})", kCompose);
  ASSERT_TRUE(odd.ok()) << "members of a wrong type are as if absent";
  EXPECT_EQ(odd->what, What::Other);
}

TEST(ParseInspect, ReadsDockers) {
  const auto inspected = parse_inspect(fixture("docker-inspect.json"), Engine::Docker, kCompose);
  ASSERT_TRUE(inspected.ok());
  EXPECT_TRUE(inspected->running);
  EXPECT_FALSE(inspected->finished);
  const model::Metadata& it = inspected->metadata;
  EXPECT_EQ(it.name, "web");
  EXPECT_EQ(it.image, "bench/box:1");
  EXPECT_EQ(it.image_digest, "sha256:79a8072c0c8f654d2c8931e5dccf4fa95a406b4402cb938d30889c35f92b6cfd");
  EXPECT_EQ(it.labels.size(), 2U);
  EXPECT_NEAR(it.created.value(), 1795306534.038754, 1e-6);
  EXPECT_NEAR(it.started.value(), 1795306534.399094, 1e-6);
  EXPECT_EQ(it.finished, std::nullopt);
  EXPECT_EQ(it.exit_code, std::nullopt) << "the 0 of a running container is none";
  EXPECT_EQ(it.oom_killed, false);
  EXPECT_EQ(it.health, "healthy");
  EXPECT_EQ(it.restarts, 0U);
  EXPECT_DOUBLE_EQ(it.cpu_limit.value(), 0.5);
  EXPECT_EQ(it.memory_limit_bytes, 64U << 20);
  EXPECT_EQ(it.log_driver, "json-file");
  EXPECT_EQ(it.log_path,
            "/var/lib/docker/containers/d4f29717d97cc8cc524edd790f0691bf9d66b87d7888405c6d72ce3e3f8e5d2c/"
            "d4f29717d97cc8cc524edd790f0691bf9d66b87d7888405c6d72ce3e3f8e5d2c-json.log");
  EXPECT_EQ(it.init_pid, 24211);
}

TEST(ParseInspect, ReadsAFinishedContainer) {
  const auto inspected = parse_inspect(fixture("docker-inspect-oom.json"), Engine::Docker, kCompose);
  ASSERT_TRUE(inspected.ok());
  EXPECT_TRUE(inspected->finished);
  EXPECT_EQ(inspected->metadata.exit_code, 137);
  EXPECT_EQ(inspected->metadata.oom_killed, true);
  EXPECT_NEAR(inspected->metadata.finished.value(), 1795306570.534584, 1e-6);
  EXPECT_EQ(inspected->metadata.init_pid, std::nullopt);
  EXPECT_EQ(inspected->metadata.health, "");
  EXPECT_EQ(inspected->metadata.cpu_limit, std::nullopt) << "none asked for";
}

TEST(ParseInspect, ReadsPodmans) {
  const auto inspected = parse_inspect(fixture("podman-inspect.json"), Engine::Podman, kCompose);
  ASSERT_TRUE(inspected.ok());
  EXPECT_TRUE(inspected->running);
  EXPECT_EQ(inspected->metadata.name, "web");
  EXPECT_EQ(inspected->metadata.health, "healthy");
  EXPECT_DOUBLE_EQ(inspected->metadata.cpu_limit.value(), 0.5);
  EXPECT_EQ(inspected->metadata.log_driver, "k8s-file") << "podman's json-file is an alias";
  EXPECT_EQ(inspected->metadata.init_pid, 25461);
}

TEST(ParseInspect, ReadsDockerdsOwnFile) {
  const auto inspected = parse_inspect(fixture("docker-config.v2.json"), Engine::Docker, kCompose);
  ASSERT_TRUE(inspected.ok());
  EXPECT_TRUE(inspected->running);
  EXPECT_EQ(inspected->metadata.name, "web");
  EXPECT_EQ(inspected->metadata.image, "bench/box:1");
  EXPECT_EQ(inspected->metadata.labels.size(), 2U);
  EXPECT_TRUE(inspected->metadata.init_pid.has_value());
  EXPECT_EQ(inspected->metadata.memory_limit_bytes, std::nullopt) << "limits stand in another file";
}

TEST(ParseInspect, TakesNoContainerBetweenTwoRunsForFinished) {
  for (const char* status : {"stopping", "initialized", "created", "restarting"}) {
    const auto inspected = parse_inspect(R"({"State":{"Status":")" + std::string(status) +
                                             R"(","Running":false,"ExitCode":0,"StartedAt":"2026-11-22T00:15:34Z",
                                             "FinishedAt":"2026-11-22T00:15:35Z"},"Config":{}})",
                                         Engine::Podman, kCompose);
    ASSERT_TRUE(inspected.ok());
    EXPECT_FALSE(inspected->finished) << status;
    EXPECT_EQ(inspected->metadata.exit_code, std::nullopt) << status;
  }
}

TEST(ParseInspect, RefusesGarbage) {
  for (const char* text : {"", "[]", "{}", "{\"State\":{}}", "{\"State\":[],\"Config\":{}}", "{\"message\":\"no\"}"})
    EXPECT_FALSE(parse_inspect(text, Engine::Docker, kCompose).ok()) << text;
  const auto odd = parse_inspect(
      R"({"State":{"Pid":"x","ExitCode":1.5,"StartedAt":7},"Config":{"Labels":3},"HostConfig":{"Memory":-1,"NanoCpus":null}})",
      Engine::Docker, kCompose);
  ASSERT_TRUE(odd.ok());
  EXPECT_EQ(odd->metadata, model::Metadata{}) << "nothing is invented";
}

TEST(ParseList, HandsOutEachRunningContainer) {
  for (const char* name : {"docker-list.json", "podman-list.json"}) {
    std::vector<ListedContainer> listed;
    ASSERT_TRUE(parse_list(fixture(name), kCompose, [&](ListedContainer one) { listed.push_back(one); }).ok());
    ASSERT_EQ(listed.size(), 1U) << name;
    EXPECT_EQ(listed[0].id.size(), 64U);
    EXPECT_EQ(listed[0].name, "web");
    EXPECT_TRUE(listed[0].image.ends_with("bench/box:1"));
    EXPECT_EQ(listed[0].labels.at("com.docker.compose.project"), "shop");
    EXPECT_EQ(listed[0].labels.count("secret"), 0U);
  }
}

TEST(ParseList, TakesTenThousandAndAnEmptyList) {
  std::string text = "[";
  for (int i = 0; i < 10'000; ++i)
    text +=
        (i > 0 ? "," : "") + (R"({"Id":"id)" + std::to_string(i)) + R"(","Names":["/n"],"Labels":null,"Ports":[{}]})";
  int count = 0;
  EXPECT_TRUE(parse_list(text + "]", kCompose, [&](const ListedContainer&) { ++count; }).ok());
  EXPECT_EQ(count, 10'000);
  EXPECT_TRUE(parse_list("[]", kCompose, [&](const ListedContainer&) { FAIL(); }).ok());
}

TEST(ParseList, RefusesGarbage) {
  for (const char* text : {"", "{}", "[{\"Id\":\"a\"}", "[1,2", "null"})
    EXPECT_FALSE(parse_list(text, kCompose, [](const ListedContainer&) {}).ok()) << text;
  EXPECT_TRUE(parse_list("[1,\"a\",null,[],{\"Id\":7}]", kCompose, [](const ListedContainer&) { FAIL(); }).ok());
}

TEST(ParseOciBundle, NamesAPodsContainer) {
  // Annotations as containerd's CRI plugin sets them (pkg/cri/annotations).
  const auto it = parse_oci_bundle(R"({"annotations":{"io.kubernetes.cri.container-name":"coredns",
    "io.kubernetes.cri.container-type":"container","io.kubernetes.cri.image-name":"registry.k8s.io/coredns:v1.8.6",
    "io.kubernetes.cri.sandbox-name":"coredns-w4b72","io.kubernetes.cri.sandbox-namespace":"kube-system"},
    "linux":{"resources":{"cpu":{"quota":50000,"period":100000},"memory":{"limit":178257920}}}})",
                                   kCompose);
  ASSERT_TRUE(it.ok());
  EXPECT_EQ(it->name, "kube-system/coredns-w4b72/coredns");
  EXPECT_EQ(it->image, "registry.k8s.io/coredns:v1.8.6");
  EXPECT_DOUBLE_EQ(it->cpu_limit.value(), 0.5);
  EXPECT_EQ(it->memory_limit_bytes, 178257920U);
}

TEST(ParseOciBundle, NamesASandbox) {
  const auto it = parse_oci_bundle(R"({"annotations":{"io.kubernetes.cri.container-type":"sandbox",
    "io.kubernetes.cri.sandbox-name":"nginx","io.kubernetes.cri.sandbox-namespace":"default"}})",
                                   kCompose);
  ASSERT_TRUE(it.ok());
  EXPECT_EQ(it->name, "default/nginx/POD");
}

TEST(ParseOciBundle, ReadsCrios) {
  // Annotations as CRI-O sets them (pkg/annotations/internal.go).
  const auto it = parse_oci_bundle(R"({"annotations":{"io.container.manager":"cri-o",
    "io.kubernetes.container.name":"redis","io.kubernetes.pod.name":"web-1","io.kubernetes.pod.namespace":"shop",
    "io.kubernetes.cri-o.ContainerType":"container","io.kubernetes.cri-o.ImageName":"docker.io/library/redis:alpine",
    "io.kubernetes.cri-o.Created":"2020-05-11T15:41:33.580739286+08:00",
    "io.kubernetes.cri-o.LogPath":"/var/log/pods/shop_web-1_uid/redis/0.log",
    "io.kubernetes.cri-o.Labels":"{\"benchd.variant\":\"a\",\"tier\":\"backend\"}"}})",
                                   kCompose);
  ASSERT_TRUE(it.ok());
  EXPECT_EQ(it->name, "shop/web-1/redis");
  EXPECT_EQ(it->image, "docker.io/library/redis:alpine");
  EXPECT_NEAR(it->created.value(), 1589182893.580739, 1e-6);
  EXPECT_EQ(it->log_path, "/var/log/pods/shop_web-1_uid/redis/0.log");
  EXPECT_THAT(it->labels, ElementsAre(Pair("benchd.variant", "a")));
}

TEST(ParseOciBundle, ReadsNerdctlsNameAndSurvivesABareBundle) {
  EXPECT_EQ(
      parse_oci_bundle(R"({"annotations":{"nerdctl/name":"nginx","nerdctl/namespace":"default"}})", kCompose)->name,
      "nginx");
  EXPECT_EQ(*parse_oci_bundle("{}", kCompose), model::Metadata{});
  EXPECT_EQ(*parse_oci_bundle(R"({"annotations":[],"linux":{"resources":7}})", kCompose), model::Metadata{});
  EXPECT_FALSE(parse_oci_bundle("[", kCompose).ok());
}

TEST(ParseTime, ReadsWhatGoWrites) {
  EXPECT_DOUBLE_EQ(parse_time("1970-01-01T00:00:00Z").value(), 0);
  EXPECT_DOUBLE_EQ(parse_time("2024-02-29T12:00:00Z").value(), 1709208000);
  EXPECT_DOUBLE_EQ(parse_time("2024-06-14T12:01:04.5-07:00").value(), 1718391664.5);
  EXPECT_DOUBLE_EQ(parse_time("2024-06-14T12:01:04+05:30").value(), 1718346664);
  for (const char* text :
       {"", "0001-01-01T00:00:00Z", "2024-06-14", "2024-06-14T12:01:04", "2024-13-01T00:00:00Z",
        "2024-06-14T12:01:04.Z", "2024-06-14T12:01:04+0530", "2023-02-29T00:00:00Z", "yesterday at noon"})
    EXPECT_EQ(parse_time(text), std::nullopt) << text;
}

}  // namespace
}  // namespace benchd::runtimes
