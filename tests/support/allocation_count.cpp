#include "support/allocation_count.h"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

std::atomic<uint64_t> g_count{0};

void* allocate_or_null(size_t bytes, size_t alignment) {
  g_count.fetch_add(1, std::memory_order_relaxed);
  const size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  return std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
}

void* allocate(size_t bytes, size_t alignment) {
  void* memory = allocate_or_null(bytes, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// The other forms of new and delete call these.
void* operator new(size_t bytes) {
  return allocate(bytes, alignof(std::max_align_t));
}
void* operator new(size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<size_t>(alignment));
}
// A sanitizer has its own for this one, which would not fit the delete below. std::stable_sort uses it.
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  return allocate_or_null(bytes, alignof(std::max_align_t));
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, size_t, std::align_val_t) noexcept {
  std::free(memory);
}

// What C libraries and std::filesystem's readdir take. glibc lets a program define these and has its own under __libc_
// names (glibc manual, "Replacing malloc"); aligned_alloc, which operator new uses above, stays glibc's, so nothing
// counts twice.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
extern "C" {
void* __libc_malloc(size_t bytes);               // NOLINT(bugprone-reserved-identifier): glibc's name
void* __libc_calloc(size_t count, size_t size);  // NOLINT(bugprone-reserved-identifier): glibc's name
void* __libc_realloc(void* old, size_t bytes);   // NOLINT(bugprone-reserved-identifier): glibc's name

void* malloc(size_t bytes) {
  g_count.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(bytes);
}
void* calloc(size_t count, size_t size) {
  g_count.fetch_add(1, std::memory_order_relaxed);
  return __libc_calloc(count, size);
}
void* realloc(void* old, size_t bytes) {
  g_count.fetch_add(1, std::memory_order_relaxed);
  return __libc_realloc(old, bytes);
}
}
#endif

uint64_t benchd::test::allocation_count() {
  return g_count.load(std::memory_order_relaxed);
}
