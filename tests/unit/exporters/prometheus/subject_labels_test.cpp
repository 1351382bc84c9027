#include <gmock/gmock.h>

#include "exporters/prometheus/catalogue.h"

namespace benchd::exposition {
namespace {

using testing::ElementsAre;

std::vector<std::string> labels(Subject subject, const model::Metadata* metadata = nullptr) {
  model::ContainerSnapshot it;
  it.container = std::make_shared<model::Container>(
      model::Container{.path = "/a", .match = {.runtime = model::Runtime::Podman, .runtime_id = "1f"}});
  if (metadata != nullptr) it.metadata = std::make_shared<model::Metadata>(*metadata);
  std::vector<std::string> out;
  for (const SubjectLabel& label : subject_labels(subject, it)) out.push_back(label.name + "=" + label.value);
  return out;
}

TEST(SubjectLabels, AContainerWithoutANameHasEmptyLabels) {
  EXPECT_THAT(labels(Subject::Host), ElementsAre());
  EXPECT_THAT(labels(Subject::Container), ElementsAre("id=/a", "name="));
  EXPECT_THAT(labels(Subject::DropIn), ElementsAre("id=/a", "name=", "image="));
  EXPECT_THAT(labels(Subject::Info), ElementsAre("id=/a", "name=", "image=", "image_digest=", "runtime=podman",
                                                 "runtime_id=1f", "pod_uid=", "log_driver="));
}

TEST(SubjectLabels, AWorkloadOutsideOfExperimentsHasEmptyLabels) {
  std::vector<std::string> out;
  for (const SubjectLabel& label : subject_labels(model::Workload{.name = "shop/web"}))
    out.push_back(label.name + "=" + label.value);
  EXPECT_THAT(out, ElementsAre("workload=shop/web", "experiment=", "variant="));
}

TEST(SubjectLabels, DashboardsFindComposeLabelsUnderCadvisorsNames) {
  model::Metadata metadata;
  metadata.name = "web-1";
  metadata.image = "nginx:1";
  metadata.labels = {{"com.docker.compose.project", "shop"}, {"benchd.task.match", "task {id} done"}};
  EXPECT_THAT(labels(Subject::DropIn, &metadata),
              ElementsAre("id=/a", "name=web-1", "image=nginx:1", "container_label_com_docker_compose_project=shop"));
  EXPECT_THAT(labels(Subject::Container, &metadata), ElementsAre("id=/a", "name=web-1"));
  EXPECT_EQ(labels(Subject::Info, &metadata).back(), "label_com_docker_compose_project=shop");
}

TEST(SubjectLabels, TellsKeysApartThatBecomeTheSameName) {
  model::Metadata metadata;
  metadata.labels = {{"a-b", "1"}, {"a.b", "2"}, {"a_b", "3"}, {"a_b_2", "4"}};
  EXPECT_THAT(labels(Subject::DropIn, &metadata),
              ElementsAre("id=/a", "name=", "image=", "container_label_a_b=1", "container_label_a_b_2=2",
                          "container_label_a_b_3=3", "container_label_a_b_2_2=4"));
}

}  // namespace
}  // namespace benchd::exposition
