// openttd.h: the admin port of OpenTTD: packets of u16 length, u8 type and a body.
//
// Answers have no ids but come in order, each closed by RCON_END. Days come as DATE packets, which
// tells how fast the game's clock runs. Servers from 15 on refuse the plain JOIN unless told to
// allow it; that is reported, not guessed around.

#pragma once

#include <deque>
#include <string>

#include "games/rules/conversation.h"

namespace gk::games {

/// Thread: compatible.
class OpenTtdConversation final : public Conversation {
 public:
  OpenTtdConversation(std::string password, std::string client_name);

  void open(Output& out) override;
  void bytes(std::string_view bytes, Output& out) override;
  void send(CommandId id, std::string_view command, Output& out) override;
  void ping(Output& out) override;
  std::optional<std::string> meaning_of_early_end() const override;

 private:
  void on_packet(std::uint8_t type, std::string_view body, Output& out);
  void on_welcome(Output& out);
  void on_rcon(std::string_view body, Output& out);
  void on_rcon_end(Output& out);
  void on_error(std::string_view body, Output& out);

  const std::string password_, client_name_;
  std::string buffer_;           // Less than one packet.
  std::deque<CommandId> asked_;  // 0: our own question for the list of commands.
  bool heard_ = false, ready_ = false, broken_ = false;
  std::uint32_t ping_ = 0;
};

}  // namespace gk::games
