// luanti.h: Luanti through the mod gamekeeper_link (examples/luanti): a file of commands, and a
// file of answers that is replaced as a whole.

#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "games/rules/conversation.h"

namespace gk {
class JsonValue;
}

namespace gk::games {

/// bytes() takes the whole content of the mod's file each time that it has changed; a write is
/// appended to the file of commands.
/// Thread: compatible.
class LuantiConversation final : public Conversation {
 public:
  explicit LuantiConversation(std::string session) : session_(std::move(session)) {}

  void open(Output&) override {}
  void bytes(std::string_view content, Output& out) override;
  void send(CommandId id, std::string_view command, Output& out) override;

 private:
  void on_first(const JsonValue& file, Output& out);
  void on_replies(const JsonValue& file, Output& out);
  void on_lines(const JsonValue& file, bool tell, Output& out);

  const std::string session_;
  std::string boot_;  // Of the server's run; empty: nothing was read yet.
  std::int64_t seq_ = 0, line_ = 0;
  bool ready_ = false;
  std::set<CommandId> asked_;
};

}  // namespace gk::games
