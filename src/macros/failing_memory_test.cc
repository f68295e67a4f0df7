#include "macros/failing_memory_test.h"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace gk::macros {
namespace {
[[maybe_unused]] thread_local bool memory_is_gone = false;
}  // namespace
void set_memory_is_gone(bool is_gone) { memory_is_gone = is_gone; }
}  // namespace gk::macros

#ifndef GK_SANITIZED  // A sanitizer's allocator cannot be replaced: there memory is never gone.
namespace gk::macros {
static bool has_memory() { return !memory_is_gone; }
}  // namespace gk::macros

// Replaces the allocator of this test program.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return gk::macros::has_memory() ? std::malloc(size == 0 ? 1 : size) : nullptr;
}
void* operator new(std::size_t size) {
  void* memory = operator new(size, std::nothrow);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif
