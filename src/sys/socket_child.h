// socket_child.h: starts a helper program that talks to us over one socket.
//
// For our own helpers; programs of others go through spawn.h, which confines them. The helper
// confines itself. It ends when the socket is closed, and with this process.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gamekeeper/result.h"
#include "sys/process.h"

namespace gk::sys {

/// A started helper. It has the other end of `socket` as descriptor 3.
struct SocketChild {
  ProcessHandle process;
  Fd socket;  ///< Non-blocking.
};

/// What `socket` is.
enum class ChildSocket : std::uint8_t {
  stream,
  packets,  ///< For descriptors beside the words (packet_socket.h).
};

/// Starts `command` ([0] is its path) with nothing but descriptor 3 open besides /dev/null, and
/// with `environment` alone.
/// Errors: not_found, permission_denied, resource_exhausted, unavailable.
/// Thread: safe.     Cost: blocks for about a millisecond (vfork and exec).
Result<SocketChild> spawn_socket_child(const std::vector<std::string>& command,
                                       const std::vector<std::string>& environment,
                                       ChildSocket kind = ChildSocket::stream);

}  // namespace gk::sys
