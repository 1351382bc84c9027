#include "exporters/http/gzip.h"

#include <gtest/gtest.h>
#include <libdeflate.h>

namespace benchd::http {
namespace {

std::string decompress(const std::string& gzip, size_t size) {
  std::string text(size, '\0');
  libdeflate_decompressor* decompressor = libdeflate_alloc_decompressor();
  // Without room for the actual size, anything but exactly `size` bytes is an error.
  EXPECT_EQ(libdeflate_gzip_decompress(decompressor, gzip.data(), gzip.size(), text.data(), text.size(), nullptr),
            LIBDEFLATE_SUCCESS);
  libdeflate_free_decompressor(decompressor);
  return text;
}

std::string metrics(size_t series) {
  std::string text;
  for (size_t i = 0; i < series; ++i)
    text += "container_cpu_usage_seconds_total{id=\"/system.slice/" + std::to_string(i) + "\"} " +
            std::to_string(i * 7919) + "\n";
  return text;
}

TEST(Gzip, GivesBackWhatWentIn) {
  Gzip gzip;
  // Large, small, empty, large: the room for the output is reused and must not leak from one text into the next.
  for (const std::string& text :
       {metrics(10'000), metrics(1), std::string(), metrics(5'000), std::string("\0\xff", 2)}) {
    const auto compressed = gzip.compress(text);
    ASSERT_TRUE(compressed);
    EXPECT_EQ(decompress(*compressed, text.size()), text);
  }
}

TEST(Gzip, ShrinksMetricsToLessThanAQuarter) {
  const std::string text = metrics(10'000);
  const auto compressed = Gzip().compress(text);
  ASSERT_TRUE(compressed);
  EXPECT_LT(compressed->size(), text.size() / 4);
}

TEST(Gzip, IsFoundInvalidWhenItsLevelIsNone) {
  EXPECT_FALSE(Gzip(99).compress("text"));
}

}  // namespace
}  // namespace benchd::http
