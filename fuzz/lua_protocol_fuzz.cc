// What a script's worker sends: any bytes, in any pieces.
#include <cstddef>
#include <cstdint>

#include "macros/scripts/lua_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  gk::macros::lua::Reader reader;
  const std::size_t piece = size > 0 ? 1 + data[0] % 7U : 1;
  for (std::size_t at = 0; at < size; at += piece) {
    reader.append(bytes.substr(at, piece));
    for (;;) {
      const auto message = reader.next();
      if (!message) return 0;
      if (!*message) break;
    }
  }
  return 0;
}
