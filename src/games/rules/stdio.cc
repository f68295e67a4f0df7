#include "games/rules/stdio.h"

namespace gk::games {

using Kind = Event::Kind;

std::string with_nonce(std::string_view text, std::string_view nonce) {
  constexpr std::string_view kPlace = "{nonce}";  // Source: docs/games.md
  std::string out(text);
  for (std::size_t at = out.find(kPlace); at != std::string::npos;
       at = out.find(kPlace, at + nonce.size())) {
    out.replace(at, kPlace.size(), nonce);
  }
  return out;
}

StdioConversation::StdioConversation(StdioOptions options, std::string nonce)
    : options_(std::move(options)), nonce_(std::move(nonce)) {}

void StdioConversation::open(Output& out) {
  if (!options_.ready_line.empty()) return;
  ready_ = true;
  out.add(Kind::ready);
}

void StdioConversation::bytes(std::string_view bytes, Output& out) {
  lines_.feed(bytes, [&](std::string_view line) { on_line(line, out); });
}

void StdioConversation::on_line(std::string_view line, Output& out) {
  while (line.ends_with('\r')) line.remove_suffix(1);
  std::string text = clean_line(line);
  if (!ready_ && line.find(options_.ready_line) != std::string_view::npos) {
    ready_ = true;
    out.add(Kind::line, 0, std::move(text));
    return out.add(Kind::ready);
  }
  if (asked_.empty()) return out.add(Kind::line, 0, std::move(text));
  const Asked& front = asked_.front();
  if (!front.nonce.empty() && text.find(front.nonce) != std::string::npos) {
    const CommandId id = front.id;
    asked_.pop_front();
    return out.add(Kind::reply_end, id);
  }
  out.add(Kind::reply, front.id, std::move(text));
}

void StdioConversation::send(CommandId id, std::string_view command, Output& out) {
  std::string nonce;
  std::string bytes = std::string(command) + "\n";
  if (!options_.sentinel.empty()) {
    nonce = nonce_ + "-" + std::to_string(++count_) + ".";  // "." so that 1 is no part of 12
    bytes += with_nonce(options_.sentinel, nonce) + "\n";
  }
  out.write(std::move(bytes));
  asked_.push_back({id, std::move(nonce)});
}

std::optional<Nanos> StdioConversation::quiet_time() const {
  if (asked_.empty() || !options_.sentinel.empty()) return std::nullopt;
  return options_.quiet;
}

void StdioConversation::quiet(Output& out) {
  if (!quiet_time()) return;
  const CommandId id = asked_.front().id;
  asked_.pop_front();
  // A prompt without a line end belongs to the answer.
  if (std::string rest = clean_line(lines_.take_rest()); !rest.empty()) {
    out.add(Kind::reply, id, std::move(rest));
  }
  out.add(Kind::reply_end, id);
}

}  // namespace gk::games
