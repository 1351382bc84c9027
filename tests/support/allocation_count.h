#pragma once

#include <cstdint>

namespace benchd::test {

/// Calls of malloc, calloc, realloc and operator new (every form) so far, on all threads; without the first three under
/// a sanitizer, which has replaced them. Links replacements into the test.
uint64_t allocation_count();

}  // namespace benchd::test
