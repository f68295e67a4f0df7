// The fast trace reader must agree with the strict one whenever it takes a line.
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "referee/offline/trace.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gk::referee;
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  TraceEvent fast;
  if (!scan_trace_line(line, fast)) return 0;
  TraceEvent strict;
  const auto parsed = parse_trace_line_strictly(line, strict);
  if (!parsed) {
    // Both read the line; only the check of needed keys may refuse, and it is the same for both.
    GK_ASSERT(!parse_trace_line(line, fast));
    return 0;
  }
  GK_ASSERT(fast.kind == strict.kind);
  GK_ASSERT(fast.has_numbers == strict.has_numbers);
  GK_ASSERT(fast.numbers == strict.numbers);
  GK_ASSERT(fast.texts == strict.texts);
  return 0;
}
