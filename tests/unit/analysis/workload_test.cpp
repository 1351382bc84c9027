#include "analysis/workload.h"

#include <gtest/gtest.h>

namespace benchd::analysis {
namespace {

using model::Workload;

model::Container container(model::Runtime runtime = model::Runtime::Docker) {
  model::Container it;
  it.path = "/x/y.service";
  it.match = {runtime, "id-or-name", ""};
  return it;
}

model::Metadata metadata(std::map<std::string, std::string> labels, std::string image = "shop:1.2") {
  model::Metadata it;
  it.name = "shop-web-1";
  it.image = std::move(image);
  it.labels = std::move(labels);
  return it;
}

Workload of(const model::Metadata& metadata) {
  return workload_of(container(), &metadata).value_or(Workload{.name = "(none)"});
}

TEST(WorkloadOf, LabelsOfAnExperimentComeFirst) {
  const auto labels = metadata({{"benchd.experiment", "builds"},
                                {"benchd.variant", "lto"},
                                {"com.docker.compose.project", "shop"},
                                {"com.docker.compose.service", "web"}});
  EXPECT_EQ(of(labels), (Workload{"builds/lto", "builds", "lto"}));
}

TEST(WorkloadOf, ANameByLabelHoldsWithAndWithoutAnExperiment) {
  EXPECT_EQ(of(metadata({{"benchd.workload", "w"}})), (Workload{"w", "", ""}));
  EXPECT_EQ(of(metadata({{"benchd.workload", "w"}, {"benchd.experiment", "e"}, {"benchd.variant", "v"}})),
            (Workload{"w", "e", "v"}));
}

TEST(WorkloadOf, HalfAnExperimentOrHalfACompositionIsNone) {
  EXPECT_EQ(of(metadata({{"benchd.experiment", "builds"}})), (Workload{"shop:1.2", "", ""}));
  EXPECT_EQ(of(metadata({{"com.docker.compose.project", "shop"}})), (Workload{"shop:1.2", "", ""}));
  EXPECT_EQ(of(metadata({{"benchd.experiment", "e"}, {"benchd.variant", ""}})), (Workload{"shop:1.2", "", ""}));
}

TEST(WorkloadOf, ComposeServicesOfDockerAndPodmanAreProjectAndService) {
  EXPECT_EQ(of(metadata({{"com.docker.compose.project", "shop"}, {"com.docker.compose.service", "web"}})),
            (Workload{"shop/web", "", ""}));
  EXPECT_EQ(of(metadata({{"io.podman.compose.project", "shop"}, {"com.docker.compose.service", "web"}})),
            (Workload{"shop/web", "", ""}));
}

TEST(WorkloadOf, WithoutLabelsItIsTheImageAsGiven) {
  EXPECT_EQ(of(metadata({}, "docker.io/library/python:3.12@sha256:ab")),
            (Workload{"docker.io/library/python:3.12@sha256:ab", "", ""}));
}

TEST(WorkloadOf, IsNotKnownBeforeTheRuntimeTold) {
  EXPECT_FALSE(workload_of(container(), nullptr));
  const auto nameless = metadata({}, "");
  EXPECT_FALSE(workload_of(container(), &nameless));
}

TEST(WorkloadOf, WhereNobodyWillTellItIsThePathOrTheMachine) {
  EXPECT_EQ(workload_of(container(model::Runtime::None), nullptr)->name, "/x/y.service");
  EXPECT_EQ(workload_of(container(model::Runtime::Nspawn), nullptr)->name, "id-or-name");
  EXPECT_EQ(workload_of(container(model::Runtime::Lxc), nullptr)->name, "id-or-name");
}

TEST(WorkloadOf, BytesThatAreNoTextDoNotMakeTwoOfOneLabel) {
  EXPECT_EQ(of(metadata({}, "image\xff")), of(metadata({}, "image\xfe")));
}

TEST(DeclaredWorkload, IsTheOneThatLabelsOrAnImageWillGive) {
  EXPECT_EQ(*declared_workload("python:3.12"), of(metadata({}, "python:3.12")));
  EXPECT_EQ(*declared_workload("experiment=builds,variant=lto"),
            of(metadata({{"benchd.experiment", "builds"}, {"benchd.variant", "lto"}})));
}

TEST(DeclaredWorkload, RefusesWhatIsNeither) {
  for (const char* text :
       {"", "experiment=e", "experiment=,variant=v", "experiment=e,variant=", "experiment=e,other=v"})
    EXPECT_FALSE(declared_workload(text).ok()) << text;
}

}  // namespace
}  // namespace benchd::analysis
