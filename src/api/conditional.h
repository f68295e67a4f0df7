// conditional.h: ETag, If-None-Match and If-Match for resources that clients change, so that nobody
// overwrites what they have not seen. The router applies it to routes that say so
// (Route::versions).

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/http.h"

namespace gk::api {

/// How writes to a resource treat If-Match.
enum class Versions : std::uint8_t {
  none,      ///< The resource has no ETag.
  optional,  ///< A write with If-Match is refused (412) unless it names the present ETag.
  required,  ///< As optional, and a write without If-Match is refused (428).
  own,       ///< As optional, but the handlers of the writes compare: the GET answers later.
};

/// The ETag that `response` carries, or one made of its body: equal bodies have equal tags.
std::string etag_of(const net::Response& response);

/// True when `header` ("*", or a list of tags) names `etag`. Weak tags count in If-None-Match only.
bool names_etag(std::string_view header, std::string_view etag);

/// Which resources are being written at this moment. A write that was started and is not answered
/// yet may change what a later If-Match is compared with.
/// Thread: loop, but for the end of a token, which may be anywhere.
class WritesInFlight {
 public:
  using Token = std::shared_ptr<const char>;  // shared: with each copy of a Respond
  /// True when a write to `resource` has no answer yet.
  bool busy(const std::string& resource);
  /// A write begins; it has ended when all copies of the token are gone.
  Token begin(const std::string& resource);
  std::size_t size() const { return running_.size(); }

 private:
  std::unordered_map<std::string, std::vector<std::weak_ptr<const char>>> running_;
};

}  // namespace gk::api
