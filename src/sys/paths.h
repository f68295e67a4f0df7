// paths.h: where the daemon keeps its data unless told otherwise.

#pragma once

#include <string>

namespace gk::sys {

/// $STATE_DIRECTORY (set by systemd), else $XDG_DATA_HOME/gamekeeper, else
/// ~/.local/share/gamekeeper, else /var/lib/gamekeeper.
std::string default_data_dir();

/// The folder of the running program; its helpers lie beside it.
std::string program_dir();

/// A helper program: beside the running one (a build), else in ../lib/gamekeeper (a package).
std::string helper_path(const std::string& name);

/// The data folder that a client means: `own`, or the service's when only that has a socket, or
/// when neither has one and only the service's has data: root restores a stopped service.
std::string client_data_dir(const std::string& own,
                            const std::string& service = "/var/lib/gamekeeper");

/// The daemon's Unix socket in its data folder.
std::string socket_path(const std::string& data_dir);

/// The socket of lanes (packets) in the data folder.
std::string lanes_socket_path(const std::string& data_dir);

/// The socket of frame tickers (packets) in the data folder.
std::string frames_socket_path(const std::string& data_dir);

}  // namespace gk::sys
