#include "exporters/prometheus/renderer.h"

#include <regex>

#include <gmock/gmock.h>
#include <prometheus/counter.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "base/text.h"
#include "exporters/prometheus/catalogue.h"
#include "support/allocation_count.h"
#include "support/sample_snapshot.h"

namespace benchd::exposition {
namespace {

using ::prometheus::ClientMetric;
using ::prometheus::MetricFamily;
using ::prometheus::MetricType;
using testing::HasSubstr;
using testing::Not;

/// Makes prometheus-cpp's metrics of a family's samples.
class ReferenceSink final : public SampleSink {
 public:
  ReferenceSink(MetricFamily& family, const std::vector<SubjectLabel>& labels) : family_(family) {
    for (const SubjectLabel& it : labels) subject_.push_back({it.name, base::to_utf8(it.value)});
  }

  using SampleSink::add;
  void add(std::string_view suffix, Number value, std::span<const Label> labels) override {
    if (suffix == "_sum") {
      family_.metric.back().histogram.sample_sum = value.value();
      return;
    }
    if (suffix == "_bucket") {
      family_.metric.back().histogram.bucket.push_back(
          {static_cast<uint64_t>(value.value()), std::stod(std::string(labels.back().value))});
      return;
    }
    ClientMetric& metric = family_.metric.emplace_back();
    metric.label = subject_;
    for (const Label& it : labels) metric.label.push_back({std::string(it.name), base::to_utf8(it.value)});
    metric.counter.value = metric.gauge.value = metric.untyped.value = value.value();
    metric.histogram.sample_count = static_cast<uint64_t>(value.value());
  }

 private:
  MetricFamily& family_;
  std::vector<ClientMetric::Label> subject_;
};

std::vector<MetricFamily> reference_families(const model::Snapshot& snapshot, base::Instant now) {
  std::vector<MetricFamily> families;
  for (const Family& it : catalogue()) {
    MetricFamily family{it.name, it.help,
                        it.type == Type::Counter     ? MetricType::Counter
                        : it.type == Type::Gauge     ? MetricType::Gauge
                        : it.type == Type::Histogram ? MetricType::Histogram
                                                     : MetricType::Untyped};
    if (it.subject == Subject::Host) {
      ReferenceSink sink(family, {});
      collect(it, HostView{snapshot, now, 0}, sink);
    }
    for (const model::WorkloadSnapshot& workload : snapshot.workloads) {
      if (it.subject != Subject::Workload) break;
      ReferenceSink sink(family, subject_labels(*workload.workload));
      collect(it, WorkloadView{workload, snapshot}, sink);
    }
    if (it.subject == Subject::Container && std::holds_alternative<TaskSamples>(it.samples)) {
      ReferenceSink sink(family, {{"id", "/"}, {"name", ""}});
      collect(it, HostView{snapshot, now, 0}, sink);
    }
    for (const model::ContainerSnapshot& container : snapshot.containers) {
      if (it.subject == Subject::Host || it.subject == Subject::Workload) break;
      ReferenceSink sink(family, subject_labels(it.subject, container));
      collect(it, ContainerView{container, snapshot}, sink);
    }
    if (!family.metric.empty()) families.push_back(std::move(family));
  }
  return families;
}

std::string render(Renderer& renderer, const model::Snapshot& snapshot, Format format = Format::Text) {
  std::string out;
  renderer.render(snapshot, snapshot.taken, {}, format, out);
  return out;
}

TEST(Renderer, WritesWhatPrometheusCppWritesByteForByte) {
  std::mt19937_64 random(3);
  Renderer renderer;
  std::string out;
  for (int round = 0; round < 60; ++round) {
    const model::Snapshot snapshot = test::random_snapshot(random, random() % 12);
    const base::Instant now = snapshot.taken + static_cast<int64_t>(random() % base::kSecond);
    const std::string expected = ::prometheus::TextSerializer().Serialize(reference_families(snapshot, now));
    renderer.render(snapshot, now, {}, Format::Text, out);
    ASSERT_EQ(out, expected) << "round " << round;
  }
}

TEST(Renderer, ShowsNewValuesNamesAndEndsOfContainersItKnows) {
  std::mt19937_64 random(4);
  Renderer renderer;
  model::Snapshot snapshot = test::full_snapshot(5);
  std::string out;
  for (int round = 0; round < 30; ++round) {
    test::advance(snapshot, random, 0.3);
    model::ContainerSnapshot& it = snapshot.containers[random() % snapshot.containers.size()];
    if (round % 3 == 0) {
      auto metadata = std::make_shared<model::Metadata>(*it.metadata);
      metadata->name += "x";
      it.metadata = metadata;
    }
    if (round % 5 == 0) it.ended = snapshot.taken;
    if (round % 7 == 0) std::swap(snapshot.containers.front(), snapshot.containers.back());
    renderer.render(snapshot, snapshot.taken, {}, Format::Text, out);
    ASSERT_EQ(out, ::prometheus::TextSerializer().Serialize(reference_families(snapshot, snapshot.taken)));
  }
}

TEST(Renderer, AllocatesNothingWhileContainersStay) {
  std::mt19937_64 random(6);
  Renderer renderer;
  model::Snapshot snapshot = test::full_snapshot(20);
  std::string out;
  // Values grow while time passes; so does the text, and what it is written to.
  for (int round = 0; round < 5; ++round) renderer.render(snapshot, snapshot.taken, {}, Format::Text, out);
  out.reserve(out.size() * 2);
  const uint64_t before = test::allocation_count();
  for (int round = 0; round < 20; ++round) {
    test::advance(snapshot, random, 0.5);
    renderer.render(snapshot, snapshot.taken, {}, round % 2 == 0 ? Format::Text : Format::OpenMetrics, out);
  }
  EXPECT_EQ(test::allocation_count() - before, 0U);
}

TEST(Renderer, AnEmptyHostGivesOnlyWhatBenchdKnowsOfItself) {
  Renderer renderer;
  const std::string out = render(renderer, model::Snapshot());
  EXPECT_THAT(out, HasSubstr("\nbenchd_containers_hidden 0\n"));
  EXPECT_THAT(out, Not(HasSubstr("container_cpu")));
}

TEST(Renderer, TheLivingOwnsTheLabelsThatAFinishedOneOfTheSamePathHas) {
  Renderer renderer;
  model::Snapshot snapshot = test::full_snapshot(1);
  model::ContainerSnapshot finished = snapshot.containers.front();
  finished.ended = snapshot.taken;
  finished.reading.values.set(model::Field::CpuUsage, 99'000'000);
  snapshot.containers.insert(snapshot.containers.begin(), finished);
  const std::string out = render(renderer, snapshot);
  EXPECT_THAT(out, Not(HasSubstr(" 99\n")));
  EXPECT_THAT(out, Not(HasSubstr("benchd_container_finished_timestamp_seconds")));
  EXPECT_THAT(out, HasSubstr("\nbenchd_containers_hidden 1\n"));
}

TEST(Renderer, OfTwoFinishedOnesOfOnePathTheLaterIsShown) {
  Renderer renderer;
  model::Snapshot snapshot = test::full_snapshot(1);
  snapshot.containers.push_back(snapshot.containers.front());
  auto later = std::make_shared<model::Container>(*snapshot.containers.front().container);
  later->first_seen += 1;
  snapshot.containers[1].container = later;
  snapshot.containers[1].reading.values.set(model::Field::CpuUsage, 99'000'000);
  for (model::ContainerSnapshot& it : snapshot.containers) it.ended = snapshot.taken;
  EXPECT_THAT(render(renderer, snapshot), HasSubstr("cpu=\"total\"} 99\n"));
}

TEST(Renderer, PathsThatDifferOnlyInBytesThatAreNoTextAreOneSeries) {
  Renderer renderer;
  model::Snapshot snapshot = test::full_snapshot(2);
  for (size_t i = 0; i < 2; ++i) {
    auto container = std::make_shared<model::Container>(*snapshot.containers[i].container);
    container->path = i == 0 ? "/a\xfe" : "/a\xff";
    snapshot.containers[i].container = container;
  }
  EXPECT_THAT(render(renderer, snapshot), HasSubstr("\nbenchd_containers_hidden 1\n"));
}

TEST(Renderer, AddsTheRegistrysFamiliesInBothFormats) {
  ::prometheus::Registry registry;
  ::prometheus::BuildCounter().Name("benchd_x_total").Help("h").Register(registry).Add({}).Increment();
  Renderer renderer;
  std::string out;
  renderer.render({}, 0, registry.Collect(), Format::Text, out);
  EXPECT_TRUE(out.ends_with("# HELP benchd_x_total h\n# TYPE benchd_x_total counter\nbenchd_x_total 1\n"));
  renderer.render({}, 0, registry.Collect(), Format::OpenMetrics, out);
  EXPECT_TRUE(out.ends_with("# HELP benchd_x h\n# TYPE benchd_x counter\nbenchd_x_total 1\n# EOF\n"));
}

TEST(Renderer, OpenMetricsHasTheSameSeries) {
  const auto series = [](const std::string& text) {
    std::string out;
    std::string_view rest = text;
    while (!rest.empty())
      if (const std::string_view line = base::cut(rest, '\n'); !line.starts_with('#')) out.append(line) += '\n';
    return out;
  };
  Renderer renderer;
  const model::Snapshot snapshot = test::full_snapshot(3);
  const std::string text = render(renderer, snapshot);
  const std::string open_metrics = render(renderer, snapshot, Format::OpenMetrics);
  // One with its bounds in the other's words.
  EXPECT_THAT(open_metrics, HasSubstr(R"(le="1.0")"));
  EXPECT_EQ(std::regex_replace(series(open_metrics), std::regex(R"(le="1\.0")"), R"(le="1")"), series(text));
  EXPECT_THAT(open_metrics, HasSubstr("# TYPE container_cpu_usage_seconds counter\n"));
  EXPECT_TRUE(open_metrics.ends_with("\n# EOF\n"));
}

}  // namespace
}  // namespace benchd::exposition
