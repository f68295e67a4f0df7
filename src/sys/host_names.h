// host_names.h: the names and addresses by which this machine is reached.

#pragma once

#include <string>
#include <vector>

namespace gk::sys {

/// "localhost", the loopback addresses, the host name, the host name with ".local", and every
/// address of a network interface. Without ports, brackets or zones.
std::vector<std::string> own_host_names();

}  // namespace gk::sys
