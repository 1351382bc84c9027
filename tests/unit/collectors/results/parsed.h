#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "collectors/results/results.h"

namespace benchd::results {

/// What `text` holds as the content of a file of that name, which it must.
inline Results good_in(const char* name, std::string_view text) {
  auto results = parse(text, name);
  EXPECT_TRUE(results.ok()) << (results.ok() ? "" : results.error().message());
  return results.ok() ? *results : Results{};
}

/// Why it is refused, which it must be.
inline std::string refused_in(const char* name, std::string_view text) {
  const auto results = parse(text, name);
  EXPECT_FALSE(results.ok()) << text;
  return results.ok() ? "" : results.error().message();
}

}  // namespace benchd::results
