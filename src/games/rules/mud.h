// mud.h: text games over telnet: MUSH, MUX, MUD.
//
// The log-in is a list of lines. Where an answer ends depends on the server: MUSH and MUX put a
// line of our choice round each answer (OUTPUTPREFIX, OUTPUTSUFFIX), which costs nothing of the
// command quota; else a command whose output is known; else quiet time.

#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "games/rules/conversation.h"
#include "games/rules/telnet.h"

namespace gk::games {

struct MudOptions {
  enum class Framing : std::uint8_t { suffix, sentinel, quiet };
  std::vector<std::string> login;    ///< Lines, with the names already filled in.
  std::vector<std::string> failure;  ///< Part of a line that means a refused log-in.
  Framing framing = Framing::suffix;
  std::string sentinel;  ///< With "{nonce}".
  Nanos quiet{Millis(200)};
};

/// Thread: compatible.
class MudConversation final : public Conversation {
 public:
  MudConversation(MudOptions options, std::string nonce);

  void open(Output&) override {}
  void bytes(std::string_view bytes, Output& out) override;
  void send(CommandId id, std::string_view command, Output& out) override;
  std::optional<Nanos> quiet_time() const override;
  void quiet(Output& out) override;

 private:
  struct Asked {
    CommandId id = 0;
    std::string end;     // Of a sentinel.
    bool begun = false;  // Its prefix has come.
  };
  void log_in(Output& out);
  void on_line(std::string_view line, Output& out);
  void on_log_in_line(std::string_view line, Output& out);
  bool on_frame(std::string_view line, Output& out);
  void finish(Output& out);

  const MudOptions options_;
  const std::string prefix_, suffix_, nonce_;
  TelnetFilter telnet_;
  LineCutter lines_;
  std::uint64_t count_ = 0;
  bool greeted_ = false;    // Something has come: the log-in may begin.
  bool logged_in_ = false;  // Its lines are sent.
  bool ready_ = false, refused_ = false;
  bool heard_ = false;   // Something of the answer has come (by quiet time).
  bool inside_ = false;  // Between a prefix and its suffix.
  std::deque<Asked> asked_;
};

}  // namespace gk::games
