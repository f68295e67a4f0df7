// confine.h: what this process gives up before it hears from the first stranger.

#pragma once

#include <cstddef>
#include <string_view>

namespace gk::tls {

/// Allows this process the descriptors of `max_connections` clients and no more. Returns for how
/// many clients there are some: fewer when the system allows less.
std::size_t limit_descriptors(std::size_t max_connections);

/// No new privileges, no core, killed with its parent, small limits, and a list of the few system
/// calls that are left: sockets it has or is handed, memory, time. No file can be opened, no socket
/// connected, no program run; any other call ends the process. Returns what holds, kConfined or
/// less. Requires: certificate and key are read, and OpenSSL has been used once.
std::string_view confine(std::size_t max_connections);

}  // namespace gk::tls
