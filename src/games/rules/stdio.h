// stdio.h: a server that is driven over its standard input and output: plain lines.
//
// No password and no ids. With a sentinel command (for example "echo {nonce}") the answer ends
// where its output appears; without, it ends when nothing has come for a while.

#pragma once

#include <deque>
#include <string>

#include "games/rules/conversation.h"

namespace gk::games {

struct StdioOptions {
  std::string sentinel;      ///< With "{nonce}"; empty: by quiet time.
  Nanos quiet{Millis(200)};  ///< Source: chosen.
  std::string ready_line;    ///< Part of the line after which it takes commands; empty: at once.
};

/// Thread: compatible.
class StdioConversation final : public Conversation {
 public:
  StdioConversation(StdioOptions options, std::string nonce);

  void open(Output& out) override;
  void bytes(std::string_view bytes, Output& out) override;
  void send(CommandId id, std::string_view command, Output& out) override;
  std::optional<Nanos> quiet_time() const override;
  void quiet(Output& out) override;

 private:
  void on_line(std::string_view line, Output& out);

  const StdioOptions options_;
  const std::string nonce_;
  LineCutter lines_;
  std::uint64_t count_ = 0;
  bool ready_ = false;
  struct Asked {
    CommandId id;
    std::string nonce;
  };
  std::deque<Asked> asked_;
};

/// `text` with each "{nonce}" replaced.
std::string with_nonce(std::string_view text, std::string_view nonce);

}  // namespace gk::games
