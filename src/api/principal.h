// principal.h: who is asking, and what they may do.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gk::api {

enum class CredentialKind : std::uint8_t {
  local_admin,  ///< The Unix socket.
  session,      ///< A browser's cookie.
  token,        ///< An access token of a log-in.
  api_token,    ///< "gk_pat_…": acts for its owner, but is not them (router.h, kSession).
};

/// The holder of a verified credential. Scopes are "resource:verb"; "*" holds all.
/// Thread: compatible (a value).
struct Principal {
  std::string user_id;  ///< Empty for local_admin.
  std::string name;     ///< "local-admin" for uid 0 or the daemon's own uid on the Unix socket.
  std::string role;
  std::vector<std::string> scopes;
  CredentialKind kind = CredentialKind::session;
  std::string session_id;  ///< Of the session or token; empty for local_admin.

  bool has_scope(std::string_view scope) const {
    for (const auto& held : scopes) {
      if (held == "*" || held == scope) return true;
    }
    return false;
  }
};

}  // namespace gk::api
