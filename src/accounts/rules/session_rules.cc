#include "accounts/rules/session_rules.h"

#include <algorithm>

namespace gk::accounts {
namespace {
constexpr std::size_t kTokenBytes = 32;  // Source: platform specification, 256 bit
}  // namespace

SessionState session_state(const SessionTimes& times, MonoTime now, WallTime wall,
                           const SessionLimits& limits) {
  if (now - times.created >= limits.absolute || wall - times.created_wall >= limits.absolute) {
    return SessionState::expired;
  }
  if (now - times.seen >= limits.idle || wall - times.seen_wall >= limits.idle) {
    return SessionState::idle;
  }
  return SessionState::live;
}

SessionTimes restored_times(WallTime created, WallTime seen, MonoTime now, WallTime wall) {
  created = std::min(created, wall);
  seen = std::clamp(seen, created, wall);
  return {.created = now - (wall - created),
          .seen = now - (wall - seen),
          .created_wall = created,
          .seen_wall = seen};
}

std::string new_session_token(Random& random) { return random_hex(random, kTokenBytes); }

bool is_session_token(std::string_view text) {
  return text.size() == kTokenBytes * 2 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Digest session_token_digest(std::string_view token) { return digest_of("session", token); }

}  // namespace gk::accounts
