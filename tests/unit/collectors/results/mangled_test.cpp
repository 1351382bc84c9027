// Files as they may come: thousands of mangled ones. Each gives runs that a comparison can stand on, or an error; under
// the sanitizers this finds what a fuzzer would find first.
#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "collectors/results/results.h"

namespace benchd::results {
namespace {

const std::vector<std::string> kSeeds = {
    "variant,block,value\na,1,2.5\nb,1,3\na,2,2.25\n\"b\"\"\n\",2,1e3\n",
    "a,1.5\r\nb,2\r\n",
    "block,duration,variant,outcome,excluded,host,memory_peak\n1,2.5,a,ok,busy,h,9\n1,,b,failed,,h,\n",
    R"({"results":[{"command":"x","times":[1.5,2],"exit_codes":[0,null],"memory_usage_byte":[1,2]}]})",
    R"({"schema_version":2,"results":[{"name":"x","measurements":[{"time_wall_clock":{"value":1},"exit_code":0}]}]})",
    R"({"metadata":{"unit":"second"},"benchmarks":[{"metadata":{"name":"t"},"runs":[{"warmups":[[1,2]]},{"values":[1,2]}]}]})",
};
const std::vector<std::string> kPieces = {",",
                                          "\"",
                                          "\n",
                                          "\r",
                                          "{",
                                          "}",
                                          "[",
                                          "]",
                                          ":",
                                          "-",
                                          "1e999",
                                          "nan",
                                          "inf",
                                          "null",
                                          "variant",
                                          "block",
                                          "\xff",
                                          std::string(1, '\0'),
                                          "\x1b[2J",
                                          "99999999999999999999",
                                          "[[[[[[[[[[",
                                          "true",
                                          "\"results\":",
                                          "\"benchmarks\":",
                                          "e",
                                          "."};

std::string mangled(std::mt19937_64& engine) {
  const auto below = [&engine](size_t bound) { return static_cast<size_t>(engine() % bound); };
  std::string text = kSeeds[below(kSeeds.size())];
  for (size_t edits = 1 + below(4); edits > 0; --edits) {
    const size_t at = below(text.size() + 1);
    switch (below(5)) {
      case 0:
        text.erase(at, 1 + below(8));
        break;
      case 1:
        text.insert(at, kPieces[below(kPieces.size())]);
        break;
      case 2:
        if (at < text.size()) text[at] = static_cast<char>(below(256));
        break;
      case 3:
        text.resize(at);
        break;
      default:
        text.insert(at, text.substr(below(text.size() + 1), below(40)));
    }
  }
  return text;
}

TEST(MangledFiles, GiveSoundRunsOrAnError) {
  std::mt19937_64 engine(2025);
  size_t good = 0, refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = mangled(engine);
    const auto results = parse(text, "f");
    if (!results.ok()) {
      ++refused;
      EXPECT_TRUE(results.error().message().starts_with("f:")) << results.error().message();
      continue;
    }
    ++good;
    EXPECT_FALSE(results->runs.empty()) << text;
    EXPECT_FALSE(results->measures.empty()) << text;
    for (const model::Run& run : results->runs) {
      EXPECT_LT(run.variant, results->variants.size()) << text;
      for (const model::MeasureEntry& entry : model::kMeasures) {
        const auto value = run.values[entry.measure];
        EXPECT_TRUE(!value || (std::isfinite(*value) && *value >= 0)) << text;
      }
    }
  }
  // Both must occur, else this looks at nothing.
  EXPECT_GT(good, 1000);
  EXPECT_GT(refused, 2000);
}

TEST(MangledFiles, DeepNestingIsAnErrorNotAStackOverflow) {
  EXPECT_FALSE(parse(std::string(1'000'000, '['), "f").ok());
  EXPECT_FALSE(parse("{\"results\":" + std::string(200'000, '[') + std::string(200'000, ']') + "}", "f").ok());
}

}  // namespace
}  // namespace benchd::results
