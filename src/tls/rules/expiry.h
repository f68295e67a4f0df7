// expiry.h: when a certificate ends, for people.

#pragma once

#include <cstdint>
#include <string>

namespace gk::tls {

/// "2026-11-20", UTC, of a Unix time.
std::string expiry_date(std::int64_t unix_s);

}  // namespace gk::tls
