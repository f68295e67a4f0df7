// detect.h: which of this machine's programs and ports look like game servers, and what one says
// that is. Pure: the tables of /proc and the bytes of a probe come in as text.
//
// A probe never logs in: a wrong password could be counted, and punished by a ban.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gk::games {

/// A socket that other programs of this machine can reach on 127.0.0.1.
struct Listening {
  bool udp = false;
  std::uint16_t port = 0;
  std::uint64_t inode = 0;
  friend bool operator==(const Listening&, const Listening&) = default;
};

/// Reads /proc/net/tcp, tcp6, udp or udp6: listening sockets bound to loopback or to every address.
/// Lines that cannot be read are passed over.
std::vector<Listening> read_listening(std::string_view table, bool udp);

/// The kind of game server that a program is, by its name (/proc/PID/comm: 15 bytes) and its
/// command line with NULs between the words. Empty: none that is known.
std::string_view kind_of_program(std::string_view comm, std::string_view command_line);

/// The world folder of a Luanti server's command line; empty: it names none.
std::string world_of(std::string_view command_line);

/// Whether a server of that kind shows itself before a log-in.
bool can_probe(std::string_view kind);
/// What is sent once the connection stands; empty: the server speaks first.
std::string probe_of(std::string_view kind);
/// Nothing: too little has come to tell.
std::optional<bool> answers_as(std::string_view kind, std::string_view bytes);
/// Whether a server of that kind ends the connection at the probe without a word. Others may do so
/// too: it says something of a program that is known by its name only.
bool closes_at_probe(std::string_view kind);

}  // namespace gk::games
