// transcript_test.h: plays recorded bytes into a conversation, whole and byte by byte.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "games/rules/conversation.h"

namespace gk::games {

/// "reply 7 text" and the like, one an event.
inline std::vector<std::string> words_of(const Output& output) {
  std::vector<std::string> out;
  for (const Event& event : output.events) {
    constexpr std::string_view kNames[] = {"ready", "line", "reply", "end",     "pong",
                                           "day",   "step", "known", "refused", "broken"};
    std::string word(kNames[static_cast<std::size_t>(event.kind)]);
    if (event.id != 0) word += " " + std::to_string(event.id);
    if (event.number != 0) word += " " + std::to_string(static_cast<long>(event.number));
    if (!event.text.empty()) word += " " + event.text;
    out.push_back(std::move(word));
  }
  return out;
}

/// What `bytes` brings about in one piece.
inline Output play(Conversation& talk, std::string_view bytes) {
  Output out;
  talk.bytes(bytes, out);
  return out;
}

/// The same, a byte at a time: nothing may depend on how a stream is cut.
inline Output drip(Conversation& talk, std::string_view bytes) {
  Output out;
  for (const char& byte : bytes) talk.bytes(std::string_view(&byte, 1), out);
  return out;
}

inline Output sent(Conversation& talk, CommandId id, std::string_view command) {
  Output out;
  talk.send(id, command, out);
  return out;
}

using Words = std::vector<std::string>;

}  // namespace gk::games
