// lane_identity.h: what a program asks for lanes with, in a form that two requests can share.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/principal.h"
#include "net/http.h"

namespace gk::arbiter {

/// Of one process for ever; empty when there is none of that pid.
std::string process_identity(int pid);
std::string process_identity(int pid, std::uint64_t start_ticks);

/// Of an access or API token, by its id.
std::string token_identity(const std::string& id);

/// Of an HTTP caller: its token, or its process on the Unix socket. Nothing for a browser, which is
/// a person and not a program.
std::vector<std::string> identities_of(const api::Principal& principal, const net::Peer& peer);

}  // namespace gk::arbiter
