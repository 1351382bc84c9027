/// What /metrics costs for 100,000 series, beside its floor: a loop that does nothing but copy each line's text and
/// format its number. Interleaved repetitions, medians; exit 1 if rendering takes more than twice the floor.

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <prometheus/text_serializer.h>

#include "base/text.h"
#include "exporters/prometheus/catalogue.h"
#include "exporters/prometheus/renderer.h"
#include "interleaved.h"
#include "support/sample_snapshot.h"

namespace benchd {
namespace {

using exposition::Format;

constexpr size_t kContainers = 720;  // 140 series each
constexpr size_t kSeries = 100'000;
constexpr double kAllowed = 2;
constexpr size_t kScrapes = 4;  // different snapshots, in turn

/// Successive snapshots; `share` of all values changes from one to the next.
std::vector<model::Snapshot> make_scrapes(double share) {
  std::mt19937_64 random(1);
  std::vector<model::Snapshot> scrapes = {test::full_snapshot(kContainers)};
  while (scrapes.size() < kScrapes) {
    scrapes.push_back(scrapes.back());
    test::advance(scrapes.back(), random, share);
  }
  return scrapes;
}

const std::vector<model::Snapshot>& all_changed() {
  static const std::vector<model::Snapshot> scrapes = make_scrapes(1);
  return scrapes;
}

const std::vector<model::Snapshot>& few_changed() {
  static const std::vector<model::Snapshot> scrapes = make_scrapes(0.1);
  return scrapes;
}

/// A page taken apart: the text up to each value, and the value as whole number or double.
struct Line {
  std::string_view text;
  uint64_t whole = 0;
  double real = 0;
  enum class Kind : uint8_t { Text, Whole, Real } kind = Kind::Text;
};

struct Page {
  std::string text;
  std::vector<Line> lines;
};

Page take_apart(const model::Snapshot& snapshot) {
  Page page;
  exposition::Renderer().render(snapshot, snapshot.taken, {}, Format::Text, page.text);
  std::string_view rest = page.text;
  while (!rest.empty()) {
    const char* start = rest.data();
    const std::string_view line = base::cut(rest, '\n');
    if (line.starts_with('#')) {
      page.lines.push_back({.text = {start, line.size() + 1}});
      continue;
    }
    const size_t space = line.rfind(' ') + 1;
    const std::string_view value = line.substr(space);
    Line it{.text = line.substr(0, space)};
    if (const auto whole = base::parse_integer(value)) {
      it.whole = *whole;
      it.kind = Line::Kind::Whole;
    } else {
      it.kind = Line::Kind::Real;
      std::from_chars(value.data(), value.data() + value.size(), it.real);
    }
    page.lines.push_back(it);
  }
  return page;
}

const std::vector<Page>& pages() {
  static const std::vector<Page> pages = [] {
    std::vector<Page> out;
    for (const model::Snapshot& it : all_changed()) out.push_back(take_apart(it));
    return out;
  }();
  return pages;
}

void floor(benchmark::State& state) {
  std::string out(pages()[0].text.size() * 2, '\0');
  size_t turn = 0;
  for (auto _ : state) {
    char* cursor = out.data();
    char* const end = out.data() + out.size();
    for (const Line& line : pages()[turn++ % kScrapes].lines) {
      std::memcpy(cursor, line.text.data(), line.text.size());
      cursor += line.text.size();
      if (line.kind == Line::Kind::Text) continue;
      cursor = line.kind == Line::Kind::Whole
                   ? std::to_chars(cursor, end, line.whole).ptr
                   : std::to_chars(cursor, end, line.real, std::chars_format::general, 16).ptr;
      *cursor++ = '\n';
    }
    benchmark::DoNotOptimize(cursor);
  }
}

void render(benchmark::State& state, const std::vector<model::Snapshot>& scrapes) {
  exposition::Renderer renderer;
  std::string out;
  size_t turn = 0;
  for (const model::Snapshot& it : scrapes) renderer.render(it, it.taken, {}, Format::Text, out);
  for (auto _ : state) {
    const model::Snapshot& snapshot = scrapes[turn++ % kScrapes];
    renderer.render(snapshot, snapshot.taken, {}, Format::Text, out);
    benchmark::DoNotOptimize(out.data());
  }
}

/// The families as prometheus-cpp wants them; making them is not timed.
class Collected final : public exposition::SampleSink {
 public:
  Collected(::prometheus::MetricFamily& family, const std::vector<exposition::SubjectLabel>& subject)
      : family_(family), subject_(subject) {}

  using SampleSink::add;
  void add(std::string_view, exposition::Number value, std::span<const exposition::Label> labels) override {
    ::prometheus::ClientMetric& metric = family_.metric.emplace_back();
    for (const exposition::SubjectLabel& it : subject_) metric.label.push_back({it.name, it.value});
    for (const exposition::Label& it : labels) metric.label.push_back({std::string(it.name), std::string(it.value)});
    metric.gauge.value = value.value();
  }

 private:
  ::prometheus::MetricFamily& family_;
  const std::vector<exposition::SubjectLabel>& subject_;
};

void prometheus_cpp(benchmark::State& state) {
  const model::Snapshot& snapshot = all_changed()[0];
  std::vector<::prometheus::MetricFamily> families;
  for (const exposition::Family& family : exposition::catalogue()) {
    families.push_back({family.name, family.help, ::prometheus::MetricType::Gauge, {}});
    for (const model::ContainerSnapshot& it : snapshot.containers) {
      const auto subject = exposition::subject_labels(family.subject, it);
      Collected sink(families.back(), subject);
      collect(family, exposition::ContainerView{it, snapshot}, sink);
    }
  }
  for (auto _ : state) benchmark::DoNotOptimize(::prometheus::TextSerializer().Serialize(families));
}

int run(int argc, char** argv) {
  Interleaved times(argc, argv);

  const size_t series =
      static_cast<size_t>(std::count_if(pages()[0].lines.begin(), pages()[0].lines.end(),
                                        [](const Line& line) { return line.kind != Line::Kind::Text; }));
  std::printf("%zu series, %zu bytes\n", series, pages()[0].text.size());
  if (series < kSeries) return 1;

  constexpr const char* kNames[] = {"floor", "render_all_changed", "render_tenth_changed", "prometheus_cpp"};
  const auto bench = [](const char* name, auto&& function) {
    return benchmark::RegisterBenchmark(name, function)->Unit(benchmark::kMillisecond);
  };
  bench("floor", floor);
  bench("render_all_changed", [](benchmark::State& state) { render(state, all_changed()); });
  bench("render_tenth_changed", [](benchmark::State& state) { render(state, few_changed()); });
  bench("prometheus_cpp", prometheus_cpp)->Iterations(1);
  times.run();

  for (const char* name : kNames)
    std::printf("%-22s %7.2f ms of cpu, %6.2f times the floor\n", name, times.median(name),
                times.median(name) / times.median("floor"));
  const double worst = std::max(times.median("render_all_changed"), times.median("render_tenth_changed"));
  return worst <= kAllowed * times.median("floor") ? 0 : 1;
}

}  // namespace
}  // namespace benchd

int main(int argc, char** argv) {
  return benchd::run(argc, argv);
}
