#include "games/rules/source_rcon.h"

namespace gk::games {
namespace {

using Kind = Event::Kind;

// Source: Valve developer wiki, "Source RCON Protocol".
constexpr std::int32_t kAuth = 3, kAuthResponse = 2, kExecute = 2, kValue = 0;
constexpr std::int32_t kAuthId = 1;
constexpr std::int32_t kLeast = 10;         // id, type and two NULs
constexpr std::int32_t kMost = 256 * 1024;  // Source: chosen; Source sends 4 KiB, others more.

std::int32_t number(std::string_view bytes, std::size_t at) {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    out |= std::uint32_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  }
  return static_cast<std::int32_t>(out);
}
void append(std::string& out, std::int32_t value) {
  const auto bits = static_cast<std::uint32_t>(value);
  for (int i = 0; i < 4; ++i) out += static_cast<char>((bits >> (8 * i)) & 0xFF);
}
std::string packet(std::int32_t id, std::int32_t type, std::string_view text) {
  std::string out;
  append(out, static_cast<std::int32_t>(text.size()) + kLeast);
  append(out, id);
  append(out, type);
  out += text;
  out += std::string_view("\0\0", 2);
  return out;
}

}  // namespace

SourceConversation::SourceConversation(std::string password, bool pipelined)
    : password_(std::move(password)), pipelined_(pipelined) {}

void SourceConversation::open(Output& out) { out.write(packet(kAuthId, kAuth, password_)); }

void SourceConversation::bytes(std::string_view bytes, Output& out) {
  buffer_ += bytes;
  std::size_t at = 0;
  while (!broken_ && buffer_.size() - at >= 4) {
    const std::int32_t size = number(buffer_, at);
    if (size < kLeast || size > kMost) {
      broken_ = true;
      out.add(Kind::broken, 0, "a packet of " + std::to_string(size) + " bytes");
      break;
    }
    if (buffer_.size() - at - 4 < static_cast<std::size_t>(size)) break;
    const std::string body = buffer_.substr(at + 12, static_cast<std::size_t>(size) - 8);
    const std::string_view text = std::string_view(body).substr(0, body.find('\0'));
    const std::int32_t request = number(buffer_, at + 4), type = number(buffer_, at + 8);
    at += 4 + static_cast<std::size_t>(size);
    on_packet(request, type, text, out);
  }
  buffer_.erase(0, at);
  if (broken_) buffer_.clear();
}

void SourceConversation::on_packet(std::int32_t request, std::int32_t type, std::string_view text,
                                   Output& out) {
  if (!ready_) {
    if (type != kAuthResponse) return;  // Source sends an empty value first.
    if (request == -1) return out.add(Kind::refused, 0, "the server says: wrong password");
    if (request != kAuthId) return out.add(Kind::broken, 0, "an answer to another log-in");
    ready_ = true;
    return out.add(Kind::ready);
  }
  if (ping_ != 0 && request == ping_) {
    ping_ = 0;
    return out.add(Kind::pong);
  }
  for (std::size_t i = 0; i < asked_.size(); ++i) {
    Asked& asked = asked_[i];
    if (asked.marked && request == asked.mark) return finish(i, out);
    if (request != asked.request) continue;
    on_text(asked, text, out);
    if (!asked.marked) {
      asked.marked = true;
      out.write(packet(asked.mark, kValue, ""));
    }
    return;
  }
  // The rest of an answer that is complete: Source mirrors the closing question twice.
  if (request <= last_request_) return;
  out.add(Kind::line, 0, clean_line(text));
}

// Packets end anywhere, also within a character: only whole lines are handed on.
void SourceConversation::on_text(Asked& asked, std::string_view text, Output& out) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    asked.text += text.substr(0, std::min(end, kMaxLine - std::min(kMaxLine, asked.text.size())));
    if (end == std::string_view::npos) return;
    out.add(Kind::reply, asked.id, clean_line(asked.text));
    asked.text.clear();
    text.remove_prefix(end + 1);
  }
}

void SourceConversation::finish(std::size_t index, Output& out) {
  Asked asked = std::move(asked_[index]);
  asked_.erase(asked_.begin() + static_cast<std::ptrdiff_t>(index));
  if (!asked.text.empty()) out.add(Kind::reply, asked.id, clean_line(asked.text));
  out.add(Kind::reply_end, asked.id);
}

// Source answers a value packet at once, and Minecraft any packet that it does not know.
void SourceConversation::ping(Output& out) {
  if (ping_ != 0) return;
  ping_ = ++last_request_;
  out.write(packet(ping_, kValue, ""));
}

void SourceConversation::send(CommandId id, std::string_view command, Output& out) {
  if (last_request_ > 1'000'000'000) last_request_ = 1;  // Long before the sign.
  Asked asked{.id = id, .request = last_request_ + 1, .mark = last_request_ + 2};
  last_request_ += 2;
  std::string bytes = packet(asked.request, kExecute, command);
  asked.marked = pipelined_;
  if (pipelined_) bytes += packet(asked.mark, kValue, "");
  out.write(std::move(bytes));
  asked_.push_back(std::move(asked));
}

}  // namespace gk::games
