#include "tls/rules/expiry.h"

#include "base/clock.h"

namespace gk::tls {

std::string expiry_date(std::int64_t unix_s) {
  return rfc3339(WallTime(Seconds(unix_s))).substr(0, 10);
}

}  // namespace gk::tls
