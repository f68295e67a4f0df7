// Any bytes as JSON: read or refused with a reason; what is read obeys the limits, and what is
// written of it reads back the same.
//
// Seeds: fuzz/json_seeds.txt. With GK_FUZZ_PLANTED the writer forgets the second backslash of a
// pair: a fuzzer that does not find that in its time would find nothing else either.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/utf8.h"

namespace {

using gk::JsonValue;

/// Checks what the reader promises of `value`; returns the depth.
std::size_t check(const JsonValue& value) {
  std::size_t deepest = 0;
  if (value.is_string()) {
    GK_ASSERT(gk::is_utf8(value.as_string()));
  } else if (value.is_array()) {
    for (const JsonValue& item : value.as_array()) deepest = std::max(deepest, check(item));
    ++deepest;
  } else if (value.is_object()) {
    std::set<std::string_view> keys;
    for (const auto& [key, item] : value.as_object()) {
      GK_ASSERT(gk::is_utf8(key) && keys.insert(key).second);
      GK_ASSERT(key != "__proto__" && key != "constructor" && key != "prototype");
      deepest = std::max(deepest, check(item));
    }
    ++deepest;
  }
  return deepest;
}

/// Equal, but that a whole number may come back as an integer.
bool same(const JsonValue& a, const JsonValue& b) {
  if (a.is_number() && b.is_number()) return a.as_number() == b.as_number();
  if (a.is_array() && b.is_array()) {
    return std::ranges::equal(a.as_array(), b.as_array(), same);
  }
  if (a.is_object() && b.is_object()) {
    return std::ranges::equal(a.as_object(), b.as_object(), [](const auto& x, const auto& y) {
      return x.first == y.first && same(x.second, y.second);
    });
  }
  return a == b;
}

std::string written(const JsonValue& value) {
  std::string out;
  gk::JsonWriter(out).value(value);
#ifdef GK_FUZZ_PLANTED
  if (const auto at = out.find(R"(\\)"); at != std::string::npos) out.erase(at, 1);
#endif
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = gk::parse_json(text);
  if (!value) {
    GK_ASSERT(!value.error().message.empty() && gk::is_utf8(value.error().message));
    return 0;
  }
  GK_ASSERT(check(*value) <= gk::JsonLimits{}.max_depth);
  const std::string again = written(*value);
  const auto back = gk::parse_json(again);
  GK_ASSERT(back && same(*back, *value));
  return 0;
}
