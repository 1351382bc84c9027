#include "support/sample_snapshot.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace benchd::test {
namespace {

using model::Field;
using model::Kind;

constexpr base::Instant kTaken = 90'061 * base::kSecond + 123'456'789;
constexpr int64_t kWallOffset = 1'760'000'000 * base::kSecond + 7;

bool chance(std::mt19937_64& random, double probability) {
  return std::bernoulli_distribution(probability)(random);
}

/// Each number of digits as likely as the next.
uint64_t any_size(std::mt19937_64& random) {
  return random() >> (random() % 64);
}

template <size_t N>
std::array<char, N> char_array(std::string_view text) {
  std::array<char, N> out{};
  std::copy_n(text.data(), std::min(text.size(), N - 1), out.begin());
  return out;
}

model::InterfaceTraffic traffic(std::string_view name, uint64_t scale) {
  model::InterfaceTraffic it;
  it.name = char_array<16>(name);
  it.receive_bytes = 1'000'003 * scale;
  it.receive_packets = 1'003 * scale;
  it.transmit_bytes = 500'009 * scale;
  it.transmit_packets = 907 * scale;
  return it;
}

model::HostCpu full_cpu(uint32_t number) {
  model::HostCpu cpu;
  cpu.cpu = number;
  for (size_t i = 0; i < model::kCpuModeCount; ++i) cpu.time_ns[i] = 10'000'000ULL * (number + 1) * (i + 1) * 977;
  cpu.frequency_hz = 2'400'000'000;
  cpu.core = number / 2;
  cpu.package = 0;
  cpu.throttle = {3, 4'000'000, 5, 6'000'000};
  cpu.interrupts.emplace().fill(100 + number);
  cpu.softirqs.emplace().fill(200 + number);
  return cpu;
}

model::HostReading full_host() {
  model::HostReading host;
  host.at = kTaken;
  for (const model::HostFieldSpec& it : model::kHostFields)
    host.values.set(it.field, 4096 * (1 + static_cast<uint64_t>(it.field)));
  host.load = model::LoadAverages{0.52, 1.25, 3};
  host.topology = {4, 2, 1, true};
  for (uint32_t cpu = 0; cpu < 4; ++cpu) host.cpus.push_back(full_cpu(cpu));
  model::HostDisk disk;
  disk.device = {254, 0};
  disk.name = char_array<32>("vda");
  disk.reads = 12'345;
  disk.read_bytes = 50'565'120;
  disk.read_ns = 7'013'000'000;
  disk.discards = model::HostDisk::Discards{};
  disk.flushes = model::HostDisk::Flushes{};
  host.disks.push_back(disk);
  host.interfaces = {traffic("lo", 1), traffic("eth0", 17)};
  host.filesystems.push_back(
      {{254, 1}, "/", "/dev/vda1", "ext4", false, 1ULL << 34, 1ULL << 33, 1ULL << 32, 1 << 20, 1 << 19});
  host.nodes.push_back({0, 1ULL << 33, 1ULL << 30, 1, 2, 3, 4, 5, 6});
  return host;
}

const std::vector<int64_t> kBounds = {base::kMillisecond, 2'500'000, base::kSecond};

model::TaskFigures task_figures(model::TaskKey key, uint64_t scale) {
  return {.key = std::move(key),
          .totals = {.tasks = 7 * scale,
                     .timed = 6 * scale,
                     .duration_ns = 1'000'003 * scale,
                     .buckets = {scale, 0, 3 * scale, 2 * scale},
                     .cost = {.tasks = 5 * scale,
                              .apportioned = scale,
                              .task_ns = 900'001 * scale,
                              .used = {.cpu_ns = 800'003 * scale,
                                       .on_cpu_ns = 800'007 * scale,
                                       .runnable_ns = 10'009 * scale,
                                       .blocked_ns = 77 * scale,
                                       .io_read_bytes = 4'096 * scale,
                                       .io_written_bytes = 512 * scale}}}};
}

std::shared_ptr<const model::ContainerTasks> container_tasks(std::vector<model::TaskKey> keys, std::string log,
                                                             uint64_t scale) {
  auto made = std::make_shared<model::ContainerTasks>();
  for (model::TaskKey& key : keys) made->tasks.push_back(task_figures(std::move(key), scale));
  made->residual = {.cpu_ns = 33 * scale};
  made->logs.push_back({.log = std::move(log),
                        .counts = {.bytes = 100 * scale, .matched = scale, .unmatched = 2 * scale, .malformed = 1},
                        .lag_bytes = scale,
                        .last_stamp = kTaken + kWallOffset - 1'500'000'000});
  return made;
}

model::WorkloadSnapshot workload(model::Workload key, uint64_t scale) {
  return {.workload = std::make_shared<const model::Workload>(std::move(key)),
          .totals = {.runs = scale,
                     .failures = scale / 7,
                     .cpu_usec = scale * 1'003,
                     .on_cpu_ns = scale * 1'000'003,
                     .runnable_ns = scale * 1'009,
                     .blocked_ns = scale * 9'000'017,
                     .io_read_bytes = scale * 4'096,
                     .io_written_bytes = scale * 512,
                     .unobserved_ns = scale},
          .has_threads = true,
          .has_io = true,
          .tasks = std::make_shared<const std::vector<model::TaskFigures>>(
              std::vector{task_figures({.task = "render", .outcome = "ok"}, scale)})};
}

/// One with a verdict, and one without, of which failures left no end in sight.
std::shared_ptr<const std::vector<model::ComparisonSet>> comparisons(const std::string& name) {
  model::ComparisonSet set;
  set.experiment.name = "builds";
  set.comparisons.resize(2);
  set.comparisons[0].variant.name = "lto";
  set.comparisons[0].ratio = {0.95, model::Bounds{0.94, 0.96}};
  set.comparisons[0].verdict = model::Verdict::Faster;
  set.comparisons[1].variant.name = name;
  set.comparisons[1].ratio = {1.5, model::Bounds{1.1, std::numeric_limits<double>::infinity()}};
  return std::make_shared<const std::vector<model::ComparisonSet>>(std::vector{set});
}

}  // namespace

std::string hostile_text(std::mt19937_64& random) {
  static constexpr std::string_view kPieces[] = {"web", "-1", "\"", "\\", "\n", "\xff", "\xc3\xa9",    "\xe2\x82",
                                                 "{}",  ",",  " ",  "\r", "\t", "\\n",  "\xed\xa0\x80"};
  std::string text;
  for (size_t n = random() % 6; n > 0; --n) text += kPieces[random() % std::size(kPieces)];
  return text;
}

model::Snapshot random_snapshot(std::mt19937_64& random, size_t containers) {
  model::Snapshot snapshot;
  snapshot.taken = kTaken;
  snapshot.wall_offset = kWallOffset;
  snapshot.duration_bounds = std::make_shared<const std::vector<int64_t>>(kBounds);
  if (chance(random, 0.5)) snapshot.host_tasks = container_tasks({{"nightly", "ok"}}, "file:/srv/a.log", 3);
  for (size_t i = 0; i < containers; ++i) {
    auto container = std::make_shared<model::Container>();
    container->cgroup_id = i;
    container->path = "/" + std::to_string(i) + hostile_text(random);
    container->match.runtime = static_cast<model::Runtime>(random() % 8);
    container->match.runtime_id = hostile_text(random);
    model::ContainerSnapshot& it = snapshot.containers.emplace_back();
    it.container = container;
    if (chance(random, 0.7)) {
      auto metadata = std::make_shared<model::Metadata>();
      metadata->name = hostile_text(random);
      metadata->image = hostile_text(random);
      for (size_t n = random() % 4; n > 0; --n) metadata->labels["l." + hostile_text(random)] = hostile_text(random);
      if (chance(random, 0.5)) metadata->started = static_cast<double>(random() % 4'000'000'000'000) / 1e3;
      if (chance(random, 0.5)) metadata->exit_code = static_cast<int>(random() % 512) - 256;
      if (chance(random, 0.5)) metadata->oom_killed = chance(random, 0.5);
      if (chance(random, 0.5)) metadata->health = chance(random, 0.5) ? "healthy" : "starting";
      if (chance(random, 0.5)) metadata->cpu_limit = static_cast<double>(random() % 1000) / 7;
      it.metadata = metadata;
    }
    it.reading.at = kTaken - static_cast<int64_t>(random() % base::kSecond);
    for (const model::FieldSpec& field : model::kFields)
      if (chance(random, 0.8))
        it.reading.values.set(field.field,
                              field.kind == Kind::Limit && chance(random, 0.3) ? model::kUnlimited : any_size(random));
    for (uint32_t n = 0; n < random() % 3; ++n)
      it.reading.io.push_back({{8, n}, any_size(random), any_size(random), any_size(random), 4, 5, 6});
    it.reading.network_scope = static_cast<model::NetworkScope>(random() % 4);
    if (it.reading.network_scope == model::NetworkScope::Own)
      it.reading.network.push_back(traffic("e\"\\\xff", any_size(random) >> 24));
    for (uint32_t cpu = 0; cpu < random() % 4; ++cpu) it.reading.cpus.push_back({cpu, any_size(random) >> 8});
    if (chance(random, 0.5)) it.reading.cpu_spread = {.effective_cpus = 1.0 / 3, .imbalance = 7};
    if (chance(random, 0.5)) it.reading.threads = {.on_cpu = any_size(random) >> 8, .blocked = any_size(random) >> 8};
    it.reading.threads_estimated = chance(random, 0.3);
    if (chance(random, 0.3)) {
      it.tasks = container_tasks({{hostile_text(random), "ok"}, {hostile_text(random), hostile_text(random) + "!"}},
                                 hostile_text(random), any_size(random) >> 34);
    }
    if (chance(random, 0.2)) it.ended = kTaken - 5 * base::kSecond;
  }
  for (size_t n = random() % 4; n > 0; --n) {
    auto& it = snapshot.workloads.emplace_back(
        workload({.name = hostile_text(random), .experiment = hostile_text(random), .variant = hostile_text(random)},
                 any_size(random) >> 24));
    it.has_threads = chance(random, 0.5);
    it.has_io = chance(random, 0.5);
  }
  if (chance(random, 0.7)) snapshot.host = full_host();
  if (chance(random, 0.7)) snapshot.comparisons = comparisons(hostile_text(random));
  snapshot.collectors = {{"cgroup", true, 0.000123}, {"network", chance(random, 0.5), 1.5e-5}};
  return snapshot;
}

model::Snapshot full_snapshot(size_t containers) {
  model::Snapshot snapshot;
  snapshot.taken = kTaken;
  snapshot.wall_offset = kWallOffset;
  snapshot.duration_bounds = std::make_shared<const std::vector<int64_t>>(kBounds);
  snapshot.boot_id = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
  snapshot.host = full_host();
  snapshot.workloads = {workload({.name = "bench/app"}, 77), workload({"builds/lto", "builds", "lto"}, 1'234)};
  snapshot.comparisons = comparisons("plain");
  snapshot.collectors = {{"cgroup", true, 0.000123}, {"network", true, 0.000045}, {"host", true, 0.0021}};
  for (size_t i = 0; i < containers; ++i) {
    std::string id(64, 'a');
    const std::string number = std::to_string(i);
    id.replace(0, number.size(), number);
    auto container = std::make_shared<model::Container>();
    container->cgroup_id = 1000 + i;
    container->path = "/system.slice/docker-" + id + ".scope";
    container->match = {model::Runtime::Docker, id, ""};
    auto metadata = std::make_shared<model::Metadata>();
    metadata->name = "bench-app-" + number;
    metadata->image = "python:3.12.11-slim-bookworm";
    metadata->image_digest = "sha256:" + std::string(64, 'c');
    metadata->labels = {{"com.docker.compose.project", "bench"}, {"com.docker.compose.service", "app"}};
    metadata->created = 1'760'000'000.25;
    metadata->started = 1'760'000'001.5;
    metadata->exit_code = 0;
    metadata->oom_killed = false;
    metadata->restarts = 2;
    metadata->cpu_limit = 1.5;
    metadata->memory_limit_bytes = 2'147'483'648;
    metadata->log_driver = "json-file";
    model::ContainerSnapshot& it = snapshot.containers.emplace_back();
    it.container = container;
    it.metadata = metadata;
    it.reading.at = kTaken;
    for (const model::FieldSpec& field : model::kFields)
      it.reading.values.set(field.field, 1'234'567 * (i + 1) + 977 * static_cast<uint64_t>(field.field));
    it.reading.values.set(Field::MemoryMax, 2'147'483'648);
    it.reading.values.set(Field::MemoryHigh, model::kUnlimited);
    it.reading.values.set(Field::CpuWeight, 100);
    it.reading.values.set(Field::CgroupPopulated, 1);
    it.reading.values.set(Field::CgroupFrozen, 0);
    it.reading.values.set(Field::CpusEffective, 4);
    it.reading.cpus_effective = 0xF;
    it.reading.io = {{{254, 0}, 4096 * i, 8192 * i, 0, i, 2 * i, 0}};
    it.reading.network_scope = model::NetworkScope::Own;
    it.reading.network = {traffic("eth0", i + 1)};
    for (uint32_t cpu = 0; cpu < 4; ++cpu) it.reading.cpus.push_back({cpu, 1'234'567'891 * (i + 1) + cpu});
    it.reading.cpu_spread = {.effective_cpus = 3.5, .imbalance = 1.25};
    it.reading.threads = {.on_cpu = 4'938'271'570 * (i + 1),
                          .runnable = 123'456'789,
                          .blocked = 987'654'321'000,
                          .blocked_on_disk = 1'000,
                          .voluntary_switches = 12,
                          .involuntary_switches = 3,
                          .migrations = 2,
                          .alive = 5};
    it.tasks = container_tasks({{"render", "ok"}, {"render", "failed"}}, "docker:" + id, i + 1);
  }
  return snapshot;
}

void advance(model::Snapshot& snapshot, std::mt19937_64& random, double share) {
  for (model::ContainerSnapshot& it : snapshot.containers)
    for (const model::FieldSpec& field : model::kFields)
      if (field.kind != Kind::Limit && chance(random, share))
        if (const auto value = it.reading.values.get(field.field))
          it.reading.values.set(field.field, *value + random() % 1'000'000);
}

}  // namespace benchd::test
