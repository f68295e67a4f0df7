// econ.h: the external console of Teeworlds (and DDNet): lines over TCP.
//
// Output goes to every logged-in administrator and has no ids. The server runs one line at a time
// and says first whose line it is ("cid=2 cmd='…'"), so an answer is what comes between our line
// and the next one of anybody; its end is an echo of a nonce, sent along with each command.

#pragma once

#include <deque>
#include <string>

#include "games/rules/conversation.h"

namespace gk::games {

/// Thread: compatible.
class EconConversation final : public Conversation {
 public:
  /// `nonce`: fresh per connection, letters and digits, so that nobody's output ends our replies.
  EconConversation(std::string password, std::string nonce);

  void open(Output&) override {}
  void bytes(std::string_view bytes, Output& out) override;
  void send(CommandId id, std::string_view command, Output& out) override;
  void ping(Output& out) override;

 private:
  struct Asked {
    CommandId id = 0;  // 0: a ping.
    std::string nonce;
    bool marked = false;  // Our own "cid= cmd=" line has come.
    bool ending = false;  // That of its echo, too.
  };
  void on_line(std::string_view line, Output& out);
  void on_log_in(std::string_view line, Output& out);
  void on_marker(std::string_view cid, std::string_view command, Output& out);
  void on_answer(std::string_view text, bool console, Output& out);
  void ask(CommandId id, std::string_view command, Output& out);

  const std::string password_, nonce_;
  LineCutter lines_;
  std::uint64_t count_ = 0;
  bool sent_password_ = false, ready_ = false;
  std::string cid_;          // Ours, as the server counts.
  bool ours_ = false;        // The line that the server runs now is ours.
  bool marks_ = false;       // The server says whose line it runs (not at ec_output_level 0).
  std::deque<Asked> asked_;  // In order of sending; the link bounds it.
};

}  // namespace gk::games
