#pragma once

#include <optional>
#include <string>

#include "exporters/page/rates.h"
#include "model/snapshot.h"

namespace benchd::page {

/// To be sent with the page as Content-Security-Policy: nothing is loaded, only the page's own script runs, known by
/// its hash (a test keeps that true).
inline constexpr const char* kContentSecurityPolicy =
    "default-src 'none'; style-src 'unsafe-inline'; "
    "script-src 'sha256-x3yTCg+qUqL0R5YrKrUcinG6jMNyjaLv/ww6JBxUXH8='; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
inline constexpr const char* kContentType = "text/html; charset=utf-8";

/// The page at `/`: host and containers at a glance, one HTML document that needs nothing else. It fetches itself anew
/// every two seconds and swaps its content; without scripts it reloads. For one thread (the web thread).
///
/// Rates are over the time between this snapshot and one shown at least kMinWindow before: the first view has none.
class Page {
 public:
  static constexpr base::Instant kMinWindow = 900 * base::kMillisecond;
  static constexpr base::Instant kMaxWindow = 150 * base::kSecond;  ///< covers two of the longest --interval
  /// Rows beyond this are only counted: browsers are slow with very long tables.
  static constexpr size_t kMaxRows = 1000;

  Page(std::string host_name, std::string version);

  std::string render(const model::Snapshot& snapshot);

 private:
  const std::string host_name_;
  const std::string version_;
  std::optional<Baseline> older_;  ///< what rates are made against
  std::optional<Baseline> newer_;  ///< becomes that as soon as it is kMinWindow old
};

}  // namespace benchd::page
