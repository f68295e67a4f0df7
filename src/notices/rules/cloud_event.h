// cloud_event.h: a notice for a webhook: CloudEvents 1.0 in structured JSON, signed.

#pragma once

#include <string>
#include <string_view>

#include "notices/rules/notice.h"

namespace gk::notices {

/// The JSON body: {specversion, id, source, type, subject, time, datacontenttype, data}. The id is
/// the notice's: a receiver that gets it twice drops the second.
/// Source: CloudEvents 1.0.2, JSON event format.
std::string cloud_event(const Notice& notice, std::string_view source);

/// Source: CloudEvents 1.0.2, HTTP binding, structured mode.
inline constexpr std::string_view kCloudEventType = "application/cloudevents+json; charset=utf-8";

/// "t=SECONDS,v1=HEX": HMAC-SHA256 over "SECONDS.BODY". The receiver refuses an old t, so that a
/// message that somebody recorded is worth nothing later.
std::string signature(std::string_view secret, std::int64_t unix_seconds, std::string_view body);

/// HMAC-SHA256 as lower-case hex. Source: RFC 2104, checked with the vectors of RFC 4231.
std::string hmac_sha256(std::string_view secret, std::string_view message);

}  // namespace gk::notices
