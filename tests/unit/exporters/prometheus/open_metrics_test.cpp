#include "exporters/prometheus/open_metrics.h"

#include <gtest/gtest.h>

namespace benchd::exposition {
namespace {

TEST(OpenMetrics, NamesTheUnitThatTheNameEndsWith) {
  const auto header = [](std::string_view name) {
    for (const Family& it : catalogue())
      if (it.name == name) return open_metrics_header(it);
    return std::string();
  };
  EXPECT_TRUE(header("container_cpu_user_seconds_total").ends_with("# UNIT container_cpu_user_seconds seconds\n"));
  EXPECT_TRUE(header("container_memory_usage_bytes").ends_with("# UNIT container_memory_usage_bytes bytes\n"));
  EXPECT_TRUE(header("container_memory_failcnt").ends_with("# TYPE container_memory_failcnt unknown\n"));
  EXPECT_TRUE(header("container_memory_pgscan_total").ends_with("# TYPE container_memory_pgscan counter\n"));
}

}  // namespace
}  // namespace benchd::exposition
