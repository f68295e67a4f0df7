// source_rcon.h: Source RCON: packets of i32 length, id, type and text, over TCP.
//
// A long answer comes in several packets and none says that it is the last. So a question that the
// server answers at once follows each command; its answer closes the command's. It follows only
// when the first packet has come, unless commands are pipelined: Minecraft reads one packet a
// segment and loses the second.

#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "games/rules/conversation.h"

namespace gk::games {

/// Thread: compatible.
class SourceConversation final : public Conversation {
 public:
  SourceConversation(std::string password, bool pipelined);

  void open(Output& out) override;
  void bytes(std::string_view bytes, Output& out) override;
  void send(CommandId id, std::string_view command, Output& out) override;
  void ping(Output& out) override;

 private:
  struct Asked {
    CommandId id = 0;
    std::int32_t request = 0, mark = 0;
    bool marked = false;  // The closing question is sent.
    std::string text;     // The unfinished line.
  };
  void on_packet(std::int32_t request, std::int32_t type, std::string_view text, Output& out);
  void on_text(Asked& asked, std::string_view text, Output& out);
  void finish(std::size_t index, Output& out);

  const std::string password_;
  const bool pipelined_;
  std::string buffer_;
  std::int32_t last_request_ = 1;
  std::int32_t ping_ = 0;  // Waits for its answer; 0: none.
  bool ready_ = false, broken_ = false;
  std::deque<Asked> asked_;
};

}  // namespace gk::games
