// Override files come from people and other programs: whatever the bytes, a file is either read or
// refused with a line that exists in it, and a file alone never loosens a protection.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "macros/rules/override_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gk::macros;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto lines = 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  if (json_line_of(text, "dance.thresholds.fps_min") > lines) std::abort();
  const auto file = parse_override_file(text, "fuzz.safe.json");
  if (!file) return 0;
  const OverrideSplit split = split_overrides(*file, false);
  for (const auto& [macro_id, patch] : split.effective) {
    const auto before = resolve_profile(macro_id, nullptr, nullptr);
    const auto after = resolve_profile(macro_id, nullptr, &patch);
    if (after.safety_level < before.safety_level || after.max_duration_s > before.max_duration_s ||
        after.thresholds.cpu_usage_max > before.thresholds.cpu_usage_max ||
        after.thresholds.fps_min < before.thresholds.fps_min ||
        (before.auto_cancel_enabled && !after.auto_cancel_enabled) || after.dry_run ||
        std::any_of(
            after.windows.begin(), after.windows.end(),
            [&](const auto& window) { return loosens(window, before); })) {
      std::abort();
    }
  }
  return 0;
}
