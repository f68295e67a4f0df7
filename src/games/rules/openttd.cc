#include "games/rules/openttd.h"

#include <array>

namespace gk::games {
namespace {

using Kind = Event::Kind;

// Source: OpenTTD docs/admin_network.md and the packets of 13.0 (docs/games.md).
enum Packet : std::uint8_t {
  kJoin = 0,
  kUpdateFrequency = 2,
  kRcon = 5,
  kPing = 7,
  kFull = 100,
  kBanned = 101,
  kError = 102,
  kProtocol = 103,
  kWelcome = 104,
  kNewGame = 105,
  kShutdown = 106,
  kDate = 107,
  kClientJoin = 108,
  kChat = 119,
  kRconReply = 120,
  kConsole = 121,
  kRconEnd = 125,
  kPong = 126,
  kAuthRequest = 128,
};
// Source: AdminUpdateType and AdminUpdateFrequency of the same.
constexpr std::uint16_t kDateUpdates = 0, kConsoleUpdates = 6;
constexpr std::uint16_t kDaily = 0x02, kAutomatic = 0x40;
constexpr std::size_t kHeader = 3;  // Source: as above: u16 length, u8 type.

std::string le16(std::uint16_t v) {
  return {static_cast<char>(v & 0xFF), static_cast<char>(v >> 8)};
}
std::string packet(std::uint8_t type, std::string_view body) {
  std::string out = le16(static_cast<std::uint16_t>(body.size() + kHeader));
  out += static_cast<char>(type);
  out += body;
  return out;
}
std::string text(std::string_view value) { return std::string(value) + '\0'; }

std::uint32_t number(std::string_view body, std::size_t at, std::size_t bytes) {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < bytes && at + i < body.size(); ++i) {
    out |= std::uint32_t{static_cast<unsigned char>(body[at + i])} << (8 * i);
  }
  return out;
}
// The NUL-terminated text at `at`; moves behind it.
std::string_view read_text(std::string_view body, std::size_t& at) {
  if (at >= body.size()) return {};
  const std::size_t end = std::min(body.find('\0', at), body.size());
  const std::string_view out = body.substr(at, end - at);
  at = end + 1;
  return out;
}

// Source: OpenTTD 14 changelog, 15 admin_network.md.
constexpr std::string_view kSecure =
    "the server refuses the plain log-in of the admin port: newer versions want the secure "
    "handshake, which is not supported; set allow_insecure_admin_login = true in its [network] "
    "settings";

// Source: NetworkErrorCode of OpenTTD.
std::string error_text(std::uint32_t code) {
  switch (code) {
    case 4: return "it found an illegal packet";
    case 7: return "it did not expect the packet";
    case 10: return "wrong password";
    case 12: return "kicked";
    case 14: return "it is full";
    default: return "error code " + std::to_string(code);
  }
}

}  // namespace

OpenTtdConversation::OpenTtdConversation(std::string password, std::string client_name)
    : password_(std::move(password)), client_name_(std::move(client_name)) {}

void OpenTtdConversation::open(Output& out) {
  out.write(packet(kJoin, text(password_) + text(client_name_) + text("1")));
}

std::optional<std::string> OpenTtdConversation::meaning_of_early_end() const {
  // Version 13 closes the connection without a word.
  if (heard_) return std::nullopt;
  return "the server closed the connection at the log-in: the password is wrong, or it is a newer "
         "version that wants the secure handshake (allow_insecure_admin_login)";
}

void OpenTtdConversation::bytes(std::string_view bytes, Output& out) {
  buffer_ += bytes;
  std::size_t at = 0;
  while (!broken_ && buffer_.size() - at >= kHeader) {
    const std::size_t size = number(buffer_, at, 2);
    if (size < kHeader) {
      broken_ = true;
      out.add(Kind::broken, 0, "a packet of " + std::to_string(size) + " bytes");
      break;
    }
    if (buffer_.size() - at < size) break;
    const std::string body = buffer_.substr(at + kHeader, size - kHeader);
    const auto type = static_cast<std::uint8_t>(buffer_[at + 2]);
    at += size;
    on_packet(type, body, out);
  }
  buffer_.erase(0, at);
  if (broken_) buffer_.clear();
}

void OpenTtdConversation::on_packet(std::uint8_t type, std::string_view body, Output& out) {
  if (!heard_ && (type < kFull || type > kAuthRequest + 2)) {
    broken_ = true;
    return out.add(Kind::broken, 0, "a packet of type " + std::to_string(type) + " first");
  }
  heard_ = true;
  std::size_t at = 0;
  switch (type) {
    case kFull: return out.add(Kind::broken, 0, "the server is full");
    case kBanned: return out.add(Kind::refused, 0, "the server says that this address is banned");
    case kError: return on_error(body, out);
    case kAuthRequest: return out.add(Kind::refused, 0, std::string(kSecure));
    case kWelcome: return on_welcome(out);
    case kNewGame: return out.add(Kind::line, 0, "(a new game begins)");
    case kShutdown: return out.add(Kind::line, 0, "(the server shuts down)");
    case kDate:
      if (body.size() >= 4) out.add(Kind::day, 0, {}, number(body, 0, 4));
      return;
    case kRconReply: return on_rcon(body, out);
    case kRconEnd: return on_rcon_end(out);
    case kPong:
      if (number(body, 0, 4) == ping_) out.add(Kind::pong);
      return;
    case kConsole: {
      const std::string_view origin = read_text(body, at);
      const std::string_view line = read_text(body, at);
      return out.add(Kind::line, 0, clean_line(std::string(origin) + ": " + std::string(line)));
    }
    default: return;  // Others are not asked for.
  }
}

void OpenTtdConversation::on_welcome(Output& out) {
  if (ready_) return;
  ready_ = true;
  out.write(packet(kUpdateFrequency, le16(kDateUpdates) + le16(kDaily)));
  out.write(packet(kUpdateFrequency, le16(kConsoleUpdates) + le16(kAutomatic)));
  out.write(packet(kRcon, text("list_cmds")));
  asked_.push_back(0);
  out.add(Kind::ready);
}

void OpenTtdConversation::on_error(std::string_view body, Output& out) {
  const std::uint32_t code = number(body, 0, 1);
  if (!ready_ && code == 6) return out.add(Kind::refused, 0, std::string(kSecure));
  const bool final = code == 10 || (!ready_ && (code == 4 || code == 7)) || code == 12;
  out.add(final ? Kind::refused : Kind::broken, 0, "the server says: " + error_text(code));
}

void OpenTtdConversation::on_rcon(std::string_view body, Output& out) {
  std::size_t at = 2;  // The colour.
  const std::string_view line = read_text(body, at);
  if (asked_.empty()) return out.add(Kind::line, 0, clean_line(line));
  if (asked_.front() != 0) return out.add(Kind::reply, asked_.front(), clean_line(line));
  std::string word = clean_line(line);
  if (!word.empty() && word.find(' ') == std::string::npos) out.add(Kind::known, 0, word);
}

void OpenTtdConversation::on_rcon_end(Output& out) {
  if (asked_.empty()) return;
  const CommandId id = asked_.front();
  asked_.pop_front();
  if (id != 0) out.add(Kind::reply_end, id);
}

void OpenTtdConversation::send(CommandId id, std::string_view command, Output& out) {
  out.write(packet(kRcon, text(command)));
  asked_.push_back(id);
}

void OpenTtdConversation::ping(Output& out) {
  ++ping_;
  std::string body(4, '\0');
  for (std::size_t i = 0; i < 4; ++i) body[i] = static_cast<char>((ping_ >> (8 * i)) & 0xFF);
  out.write(packet(kPing, body));
}

}  // namespace gk::games
