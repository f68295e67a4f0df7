// service_sockets.h: the WebSockets that send binary frames. For service*.cc only.

#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "referee/service/service.h"

namespace gk::referee {

struct RefereeService::Sockets {
  struct Entry {
    std::shared_ptr<net::WebSocket> socket;  // Shared with the connection.
    std::string session;
    std::size_t waiting_bytes = 0;  // Of frames that the judge has not taken.
  };
  std::unordered_map<std::uint64_t, Entry> entries;
  std::uint64_t last = 0;
};

}  // namespace gk::referee
