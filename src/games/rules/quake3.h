// quake3.h: rcon of Quake 3 and its kin: datagrams that begin with four 0xFF bytes.
//
// Answers have no ids, no order and no end: one command at a time, and its answer ends when nothing
// has come for a while. Whether the server is there, and how far, tells getinfo, which echoes a
// challenge. A lost datagram is a lost answer. The password is proven before the link is ready by
// an `echo` over rcon, which changes nothing.

#pragma once

#include <cstdint>
#include <string>

#include "games/rules/conversation.h"

namespace gk::games {

/// Thread: compatible.
class Quake3Conversation final : public Conversation {
 public:
  Quake3Conversation(std::string password, std::string nonce, Nanos quiet);

  void open(Output& out) override { ping(out); }
  void bytes(std::string_view datagram, Output& out) override;
  void send(CommandId id, std::string_view command, Output& out) override;
  void ping(Output& out) override;
  std::optional<Nanos> quiet_time() const override;
  void quiet(Output& out) override;

 private:
  void on_print(std::string_view text, Output& out);
  void on_proof(std::string_view text, Output& out);
  void prove(Output& out);

  const std::string password_, nonce_;
  const Nanos quiet_;
  std::uint64_t count_ = 0;
  std::string challenge_;
  CommandId asked_ = 0;  // 0: none.
  bool heard_ = false;   // A part of its answer has come.
  enum class Stage : std::uint8_t { asking, proving, ready };
  Stage stage_ = Stage::asking;
  std::string text_;  // The unfinished line.
};

}  // namespace gk::games
