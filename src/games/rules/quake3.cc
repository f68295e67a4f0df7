#include "games/rules/quake3.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace gk::games {
namespace {

using Kind = Event::Kind;
constexpr std::string_view kMark = "\xFF\xFF\xFF\xFF";  // Source: out-of-band mark of Quake 3

// A datagram may be lost. ioquake3 takes ten rcon at once and then one a second; the log-in gives
// up after 10 s. Source: chosen
constexpr Seconds kProveAgain{3};

// Colour codes are "^" and a character.
std::string without_colours(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '^' && i + 1 < text.size() && text[i + 1] != '^') {
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

Quake3Conversation::Quake3Conversation(std::string password, std::string nonce, Nanos quiet)
    : password_(std::move(password)), nonce_(std::move(nonce)), quiet_(quiet) {}

void Quake3Conversation::bytes(std::string_view datagram, Output& out) {
  if (!datagram.starts_with(kMark)) return;  // Of a player's connection, or garbage.
  datagram.remove_prefix(kMark.size());
  const std::size_t end = std::min(datagram.find('\n'), datagram.size());
  const std::string_view kind = datagram.substr(0, end);
  const std::string_view body = datagram.substr(std::min(end + 1, datagram.size()));
  if (kind == "print") return on_print(body, out);
  if (kind != "infoResponse" || challenge_.empty() ||
      body.find(challenge_) == std::string_view::npos) {
    return;
  }
  challenge_.clear();
  if (stage_ == Stage::asking) {
    stage_ = Stage::proving;
    return prove(out);
  }
  out.add(Kind::pong);
}

void Quake3Conversation::prove(Output& out) {
  out.write(std::string(kMark) + "rcon \"" + password_ + "\" echo " + nonce_);
}

// The server answers a wrong password in its own words, and a right one with the nonce or with what
// it thinks of `echo`: either was let in.
void Quake3Conversation::on_proof(std::string_view body, Output& out) {
  const std::string text = clean_line(body.substr(0, body.find('\n')));
  std::string low = text;
  std::transform(low.begin(), low.end(), low.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const bool refused = body.find(nonce_) == std::string_view::npos &&
                       (low.find("password") != std::string::npos || low.starts_with("bad rcon"));
  if (refused) return out.add(Kind::refused, 0, "the server says: " + text);
  stage_ = Stage::ready;
  out.add(Kind::ready);
}

void Quake3Conversation::on_print(std::string_view body, Output& out) {
  const bool refused =
      body.starts_with("Bad rconpassword") || body.starts_with("No rconpassword set");
  if (refused) {
    return out.add(Kind::refused, 0,
                   "the server says: " + clean_line(body.substr(0, body.find('\n'))));
  }
  if (stage_ == Stage::proving) return on_proof(body, out);
  if (asked_ != 0) heard_ = true;
  while (!body.empty()) {
    const std::size_t end = body.find('\n');
    text_ += body.substr(0, std::min(end, kMaxLine - std::min(kMaxLine, text_.size())));
    if (end == std::string_view::npos) break;
    out.add(asked_ != 0 ? Kind::reply : Kind::line, asked_, clean_line(without_colours(text_)));
    text_.clear();
    body.remove_prefix(end + 1);
  }
}

void Quake3Conversation::send(CommandId id, std::string_view command, Output& out) {
  out.write(std::string(kMark) + "rcon \"" + password_ + "\" " + std::string(command));
  asked_ = id;
  heard_ = false;
  text_.clear();
}

void Quake3Conversation::ping(Output& out) {
  challenge_ = nonce_ + "-" + std::to_string(++count_) + "x";
  out.write(std::string(kMark) + "getinfo " + challenge_);
}

std::optional<Nanos> Quake3Conversation::quiet_time() const {
  if (stage_ == Stage::proving) return kProveAgain;
  if (!heard_) return std::nullopt;
  return quiet_;
}

void Quake3Conversation::quiet(Output& out) {
  if (stage_ == Stage::proving) return prove(out);
  if (!heard_) return;
  if (!text_.empty()) out.add(Kind::reply, asked_, clean_line(without_colours(text_)));
  out.add(Kind::reply_end, asked_);
  asked_ = 0;
  heard_ = false;
  text_.clear();
}

}  // namespace gk::games
