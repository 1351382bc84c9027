#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct libdeflate_compressor;

namespace benchd::http {

/// Compresses whole texts into gzip's format (RFC 1952). Keeps its working memory and the room for its output between
/// calls, about the size of the largest text. For one thread at a time.
class Gzip {
 public:
  /// libdeflate's levels are 1 to 12. Metrics shrink to about a tenth already at 1; more costs time and gains little.
  static constexpr int kLevel = 1;

  explicit Gzip(int level = kLevel);

  /// Nothing when there was no memory for it: then send the text as it is.
  std::optional<std::string> compress(std::string_view text);

 private:
  struct Free {
    void operator()(libdeflate_compressor* compressor) const;
  };
  std::unique_ptr<libdeflate_compressor, Free> compressor_;
  std::vector<char> room_;
};

}  // namespace benchd::http
