#pragma once

#include <cstddef>
#include <utility>

#include <sys/mman.h>

namespace benchd::kernel {

/// The memory of a BPF array map, shared with the kernel. Its elements are 8 bytes aligned (array_map_alloc,
/// kernel/bpf/arraymap.c).
class Mapping {
 public:
  Mapping() = default;
  Mapping(Mapping&& other) noexcept
      : address_(std::exchange(other.address_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(address_, other.address_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (address_ != nullptr) ::munmap(address_, bytes_);
  }

  /// PROT_READ or with PROT_WRITE; false with errno. Once.
  bool open(int map, size_t bytes, int protection) {
    void* const address = ::mmap(nullptr, bytes, protection, MAP_SHARED, map, 0);
    if (address == MAP_FAILED) return false;
    address_ = address;
    bytes_ = bytes;
    return true;
  }

  /// Undefined before open().
  char* at(size_t offset) const { return static_cast<char*>(address_) + offset; }

 private:
  void* address_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace benchd::kernel
