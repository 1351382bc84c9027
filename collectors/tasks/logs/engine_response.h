#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace benchd::logs {

/// An HTTP/1.1 response that is fed as it arrives.
class EngineResponse {
 public:
  EngineResponse();
  EngineResponse(EngineResponse&&) noexcept;
  EngineResponse& operator=(EngineResponse&&) noexcept;
  EngineResponse(const EngineResponse&) = delete;
  EngineResponse& operator=(const EngineResponse&) = delete;
  ~EngineResponse();

  /// Gives the parts of the body that `bytes` hold. EPROTO for what is no HTTP; true when the body is complete.
  base::Result<bool> take(std::string_view bytes, const std::function<void(std::string_view)>& body);

  /// 0 until the header is there.
  unsigned status() const;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace benchd::logs
