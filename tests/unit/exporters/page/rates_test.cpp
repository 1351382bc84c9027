#include "exporters/page/rates.h"

#include <gtest/gtest.h>

namespace benchd::page {
namespace {

using model::CpuMode;
using model::Field;

model::ContainerSnapshot container(uint64_t cgroup_id, base::Instant at) {
  model::ContainerSnapshot made;
  made.container = std::make_shared<model::Container>(model::Container{.cgroup_id = cgroup_id, .path = "/a"});
  made.reading.at = at;
  return made;
}

model::HostCpu cpu(uint32_t number, uint64_t user, uint64_t idle, uint64_t steal) {
  model::HostCpu made{.cpu = number};
  made.time_ns[static_cast<size_t>(CpuMode::User)] = user;
  made.time_ns[static_cast<size_t>(CpuMode::Idle)] = idle;
  made.time_ns[static_cast<size_t>(CpuMode::Steal)] = steal;
  return made;
}

TEST(Rates, AreTakenOverTheContainersOwnInstants) {
  auto before = container(1, 10 * base::kSecond);
  before.reading.values.set(Field::CpuUsage, 1'000'000);
  before.reading.values.set(Field::CpuPeriods, 100);
  before.reading.values.set(Field::CpuThrottledPeriods, 10);
  before.reading.io = {{.device = {8, 0}, .read_bytes = 1000, .written_bytes = 0}};
  before.reading.network = {{.receive_bytes = 500, .transmit_bytes = 50}};
  auto now = container(1, 12 * base::kSecond);
  now.reading.values.set(Field::CpuUsage, 4'000'000);
  now.reading.values.set(Field::CpuPeriods, 120);
  now.reading.values.set(Field::CpuThrottledPeriods, 15);
  now.reading.io = {{.device = {8, 0}, .read_bytes = 2000, .written_bytes = 100},
                    {.device = {8, 16}, .read_bytes = 3000, .written_bytes = 100}};
  now.reading.network = {{.receive_bytes = 1500, .transmit_bytes = 50}};

  const auto rates = Baseline({.taken = 11 * base::kSecond, .containers = {before}}).rates(now);
  EXPECT_DOUBLE_EQ(rates.cpus.value(), 1.5);
  EXPECT_DOUBLE_EQ(rates.throttled.value(), 0.25);
  EXPECT_DOUBLE_EQ(rates.read_bytes.value(), 2000);
  EXPECT_DOUBLE_EQ(rates.written_bytes.value(), 100);
  EXPECT_DOUBLE_EQ(rates.received_bytes.value(), 500);
  EXPECT_DOUBLE_EQ(rates.transmitted_bytes.value(), 0);
}

TEST(Rates, AreAbsentForWhatIsNotKnownTwice) {
  auto before = container(1, base::kSecond);
  before.reading.values.set(Field::CpuUsage, 1000);
  const Baseline baseline({.containers = {before}});

  // The same path, made anew: another container.
  auto other = container(2, 2 * base::kSecond);
  other.reading.values.set(Field::CpuUsage, 5000);
  EXPECT_FALSE(baseline.rates(other).cpus);

  auto fallen = container(1, 2 * base::kSecond);
  fallen.reading.values.set(Field::CpuUsage, 999);
  EXPECT_FALSE(baseline.rates(fallen).cpus);

  EXPECT_FALSE(baseline.rates(container(1, 2 * base::kSecond)).cpus);
  EXPECT_FALSE(baseline.rates(before).cpus);  // no time went by
}

TEST(Rates, NoQuotaIsNotUnthrottled) {
  auto before = container(1, base::kSecond);
  before.reading.values.set(Field::CpuPeriods, 0);
  before.reading.values.set(Field::CpuThrottledPeriods, 0);
  auto now = before;
  now.reading.at = 2 * base::kSecond;
  EXPECT_FALSE(Baseline({.containers = {before}}).rates(now).throttled);
}

TEST(HostRates, ShareTheTimeThatTheKernelAccounted) {
  model::Snapshot before;
  before.host.cpus = {cpu(0, 0, 0, 0), cpu(1, 5, 5, 0)};
  before.host.at = base::kSecond;
  before.host.values.set(model::HostField::IoPressureSome, 0);
  model::HostReading now;
  now.at = 3 * base::kSecond;
  now.cpus = {cpu(0, 30, 60, 10), cpu(1, 5, 5, 0), cpu(2, 100, 0, 0)};
  now.values.set(model::HostField::IoPressureSome, 500'000);
  now.values.set(model::HostField::CpuPressureSome, 500'000);

  const auto rates = Baseline(before).rates(now);
  ASSERT_EQ(rates.cpus.size(), 1U);  // cpu 1 stood still, cpu 2 came only now
  EXPECT_EQ(rates.cpus[0].cpu, 0U);
  EXPECT_DOUBLE_EQ(rates.cpus[0].busy, 0.3);
  EXPECT_DOUBLE_EQ(rates.cpus[0].steal, 0.1);
  EXPECT_DOUBLE_EQ(rates.io_pressure.value(), 0.25);
  EXPECT_FALSE(rates.cpu_pressure);
}

}  // namespace
}  // namespace benchd::page
