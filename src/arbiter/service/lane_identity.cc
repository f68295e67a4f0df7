#include "arbiter/service/lane_identity.h"

#include "sys/process.h"

namespace gk::arbiter {

std::string process_identity(int pid, std::uint64_t start_ticks) {
  return "process:" + std::to_string(pid) + ":" + std::to_string(start_ticks);
}

std::string process_identity(int pid) {
  const auto facts = sys::process_facts(pid);
  return facts ? process_identity(pid, facts->start_ticks) : std::string();
}

std::string token_identity(const std::string& id) { return "token:" + id; }

std::vector<std::string> identities_of(const api::Principal& principal, const net::Peer& peer) {
  using Kind = api::CredentialKind;
  std::vector<std::string> out;
  const bool is_token = principal.kind == Kind::token || principal.kind == Kind::api_token;
  if (is_token && !principal.session_id.empty()) {
    out.push_back(token_identity(principal.session_id));
  }
  if (peer.pid) {
    if (auto process = process_identity(*peer.pid); !process.empty()) {
      out.push_back(std::move(process));
    }
  }
  return out;
}

}  // namespace gk::arbiter
