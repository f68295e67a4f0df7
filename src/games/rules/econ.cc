#include "games/rules/econ.h"

#include <algorithm>

namespace gk::games {
namespace {

using Kind = Event::Kind;

// "[12:00:00][Console]: text" → the category and the text; anything else has no category.
struct Parts {
  std::string_view category, text;
};
Parts split(std::string_view line) {
  if (!line.starts_with('[')) return {{}, line};
  const std::size_t first = line.find("][");
  if (first == std::string_view::npos) return {{}, line};
  const std::size_t second = line.find("]: ", first + 2);
  if (second == std::string_view::npos) return {{}, line};
  return {line.substr(first + 2, second - first - 2), line.substr(second + 3)};
}

}  // namespace

EconConversation::EconConversation(std::string password, std::string nonce)
    : password_(std::move(password)), nonce_(std::move(nonce)) {}

void EconConversation::bytes(std::string_view bytes, Output& out) {
  lines_.feed(bytes, [&](std::string_view line) {
    // Lines end in "\n\0\0": the zeros stand before the next one.
    const std::size_t start = line.find_first_not_of('\0');
    if (start == std::string_view::npos) return;
    line.remove_prefix(start);
    while (line.ends_with('\r')) line.remove_suffix(1);
    on_line(line, out);
  });
}

void EconConversation::on_log_in(std::string_view line, Output& out) {
  if (line.starts_with("Enter password")) {
    if (!sent_password_) out.write(password_ + "\n");
    sent_password_ = true;
  } else if (line.starts_with("Wrong password") || line.starts_with("Too many auth")) {
    out.add(Kind::refused, 0, "the server says: " + clean_line(line));
  } else if (line.starts_with("Authentication successful")) {
    ready_ = true;
    out.add(Kind::ready);
  } else if (line.find("ban") != std::string_view::npos) {
    out.add(Kind::refused, 0, "the server says: " + clean_line(line));
  } else if (!sent_password_) {
    out.add(Kind::broken, 0,
            "expected \"Enter password:\", got \"" + clean_line(line.substr(0, 80)) + "\"");
  }
}

void EconConversation::on_line(std::string_view line, Output& out) {
  if (!ready_) return on_log_in(line, out);
  const auto [category, text] = split(line);
  if (cid_.empty() && category == "econ" && text.starts_with("cid=") && text.ends_with(" authed")) {
    cid_ = text.substr(4, text.size() - 11);
    return;
  }
  if (category == "server" && text.starts_with("cid=")) {
    const std::size_t at = text.find(" cmd='");
    if (at != std::string_view::npos && text.ends_with('\'')) {
      return on_marker(text.substr(4, at - 4), text.substr(at + 6, text.size() - at - 7), out);
    }
  }
  if (category == "Console") return on_answer(text, true, out);
  on_answer(category.empty() ? std::string(line)
                             : "[" + std::string(category) + "]: " + std::string(text),
            false, out);
}

void EconConversation::on_marker(std::string_view cid, std::string_view command, Output& out) {
  marks_ = true;
  ours_ = cid == cid_;
  if (!ours_ || asked_.empty()) {
    if (!ours_) {
      out.add(
          Kind::line, 0,
          clean_line("[server]: cid=" + std::string(cid) + " cmd='" + std::string(command) + "'"));
    }
    return;
  }
  Asked& front = asked_.front();
  if (command == "echo " + front.nonce) {
    front.ending = true;
  } else {
    front.marked = true;
  }
}

void EconConversation::on_answer(std::string_view text, bool console, Output& out) {
  const bool mine = !asked_.empty() && (ours_ || !marks_);
  if (!mine) return out.add(Kind::line, 0, clean_line(text));
  Asked& front = asked_.front();
  if (console && text == front.nonce && (front.ending || !marks_)) {
    if (front.id == 0) {
      out.add(Kind::pong);
    } else {
      out.add(Kind::reply_end, front.id);
    }
    asked_.pop_front();
    // What follows is nobody's answer until the server names the next line.
    ours_ = false;
    return;
  }
  if (front.id == 0) return out.add(Kind::line, 0, clean_line(text));
  out.add(Kind::reply, front.id, clean_line(text));
}

void EconConversation::ask(CommandId id, std::string_view command, Output& out) {
  std::string nonce = nonce_ + "-" + std::to_string(++count_);
  std::string bytes(command);
  if (!command.empty()) bytes += '\n';
  out.write(bytes + "echo " + nonce + "\n");
  asked_.push_back({id, std::move(nonce), false, false});
}

void EconConversation::send(CommandId id, std::string_view command, Output& out) {
  ask(id, command, out);
}

void EconConversation::ping(Output& out) { ask(0, {}, out); }

}  // namespace gk::games
