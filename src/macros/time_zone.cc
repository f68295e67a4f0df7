#include "macros/time_zone.h"

#include <date/tz.h>

#include <cstdlib>
#include <stdexcept>

namespace gk::macros {

Result<Zone> load_zone(const std::string& name) {
  if (name == "UTC") return Zone{};
  try {
    const date::time_zone* zone = date::locate_zone(name);
    Zone out{name, {}};
    date::sys_seconds at{date::sys_days{date::year{2000} / 1 / 1}};
    const date::sys_seconds end{date::sys_days{date::year{2100} / 1 / 1}};
    while (at < end) {
      const date::sys_info info = zone->get_info(at);
      out.changes.push_back({WallTime(std::max(at, info.begin).time_since_epoch()), info.offset});
      if (info.end >= end) break;
      at = info.end;
    }
    return out;
  } catch (const std::runtime_error& failed) {
    const std::string why = failed.what();
    const bool unknown = why.find("not found") != std::string::npos;
    return Error{unknown ? Errc::invalid_argument : Errc::unavailable,
                 "time_zone: " + (unknown ? "no zone " + name + " on this system" : why)};
  }
}

std::string local_zone_name() {
  const char* wanted = std::getenv("TZ");
  try {
    if (wanted == nullptr || *wanted == '\0') return date::current_zone()->name();
    // As libc takes it: a colon may come first.
    return date::locate_zone(*wanted == ':' ? wanted + 1 : wanted)->name();
  } catch (const std::runtime_error&) {
    return "UTC";
  }
}

}  // namespace gk::macros
