// forwarded.h: who a proxy speaks for. Only for requests of proxies that we trust: everybody else
// can write any header.

#pragma once

#include <optional>
#include <string>

#include "net/http.h"

namespace gk::net {

/// The address of the client that the proxy saw: the last entry of the last X-Forwarded-For, which
/// is the one that the nearest proxy wrote; what stands before it is the client's own claim.
/// nullopt when there is none, or when it is no IP address. As text in the kernel's form.
std::optional<std::string> forwarded_address(const Headers& headers);

}  // namespace gk::net
