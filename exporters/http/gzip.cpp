#include "exporters/http/gzip.h"

#include <libdeflate.h>

namespace benchd::http {

void Gzip::Free::operator()(libdeflate_compressor* compressor) const {
  libdeflate_free_compressor(compressor);
}

Gzip::Gzip(int level) : compressor_(libdeflate_alloc_compressor(level)) {}

std::optional<std::string> Gzip::compress(std::string_view text) {
  if (!compressor_) return std::nullopt;
  const size_t bound = libdeflate_gzip_compress_bound(compressor_.get(), text.size());
  if (room_.size() < bound) room_.resize(bound);
  const size_t size = libdeflate_gzip_compress(compressor_.get(), text.data(), text.size(), room_.data(), room_.size());
  if (size == 0) return std::nullopt;
  return std::string(room_.data(), size);
}

}  // namespace benchd::http
