// receiver.h: who is told: a Discord channel, a webhook, or the players of a game.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "notices/rules/address_guard.h"
#include "notices/rules/notice.h"

namespace gk::notices {

enum class ReceiverKind : std::uint8_t { discord, webhook, game };
/// "discord", "webhook" or "game".
std::string_view kind_name(ReceiverKind kind);

/// Thread: compatible (a value).
struct Receiver {
  std::string name;
  ReceiverKind kind = ReceiverKind::discord;
  bool enabled = true;
  std::vector<std::string> events;     ///< Kinds of notices, "macro.*" for a family; empty: all.
  std::string url;                     ///< Secret: it is the right to write.
  std::string secret;                  ///< Webhook: signs; empty: unsigned. Secret.
  std::string game;                    ///< Game: name of the link.
  std::string command = "say {text}";  ///< Game: what is sent; {text} is replaced.
};

/// The parts of a URL that decide where it leads.
struct UrlParts {
  bool https = false;
  std::string host;  ///< Without brackets.
  std::string port;  ///< Empty: the scheme's.
};
/// Errors: invalid_argument (not http(s)://host…, a user name in it, blanks, over 2 KiB).
Result<UrlParts> split_url(std::string_view url);
/// "https://host/…": what may be shown.
std::string masked_url(std::string_view url);

struct ReceiverReading {
  Receiver receiver;
  std::vector<std::pair<std::string, std::string>> complaints;  ///< Empty: it is valid.
};

/// Reads {kind, url?, secret?, game?, command?, events?, enabled?}. `before`: the receiver that it
/// replaces; url and secret that are absent stay. Plain http and private addresses are for
/// networks in `allowed` only.
ReceiverReading read_receiver(std::string name, const JsonValue& body, const Receiver* before,
                              const std::vector<Network>& allowed);

/// Whether it is enabled and listens to that kind.
bool wants(const Receiver& receiver, std::string_view notice_kind);

/// What is stored in the clear; url and secret are sealed apart.
std::string receiver_config_json(const Receiver& receiver);
std::string receiver_secrets_json(const Receiver& receiver);
/// What the audit keeps of it: no url but its host, of a secret only that there is one. With the
/// receiver that it replaces also which of the two are new, for their values cannot be compared.
std::string receiver_audit_json(const Receiver& receiver, const Receiver* before);
/// Reads both back. Errors: data_loss.
Result<Receiver> read_stored_receiver(std::string name, std::string_view config,
                                      std::string_view secrets);

/// The line that players see: one line of at most 200 bytes without what a game's console could
/// take for an end, a quote or a variable.
std::string game_line(const Receiver& receiver, const Notice& notice);

}  // namespace gk::notices
