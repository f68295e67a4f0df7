// confine.h: what this process gives up before it hears from the first stranger.

#pragma once

#include <cstddef>
#include <string>

namespace gk::tls {

/// No new privileges, no core, killed with its parent, small limits, and a list of the few system
/// calls that are left: sockets it has or is handed, memory, time. No file can be opened, no socket
/// connected, no program run; any other call ends the process. Returns what holds, for people.
/// Requires: certificate and key are read, and OpenSSL has been used once.
std::string confine(std::size_t max_connections);

}  // namespace gk::tls
