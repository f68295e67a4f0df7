#include "games/rules/mud.h"

#include "games/rules/stdio.h"

namespace gk::games {
namespace {

using Kind = Event::Kind;
constexpr std::string_view kLineEnd = "\r\n";  // Source: RFC 854

}  // namespace

MudConversation::MudConversation(MudOptions options, std::string nonce)
    : options_(std::move(options)),
      prefix_(nonce + "-begin"),
      suffix_(nonce + "-end"),
      nonce_(std::move(nonce)) {}

void MudConversation::log_in(Output& out) {
  logged_in_ = true;
  std::string bytes;
  for (const std::string& line : options_.login) {
    bytes += TelnetFilter::escaped(line);
    bytes += kLineEnd;
  }
  using Framing = MudOptions::Framing;
  if (options_.framing == Framing::suffix) {
    bytes += "OUTPUTPREFIX " + prefix_ + "\r\nOUTPUTSUFFIX " + suffix_ + "\r\n";
    // The first command that is framed proves that we are in.
    bytes += "think " + nonce_ + "\r\n";
  } else if (options_.framing == Framing::sentinel) {
    bytes += with_nonce(options_.sentinel, nonce_ + "-0.");
    bytes += kLineEnd;
  }
  if (!bytes.empty()) out.write(std::move(bytes));
}

void MudConversation::bytes(std::string_view bytes, Output& out) {
  std::string text, answer;
  telnet_.feed(bytes, text, answer);
  if (!answer.empty()) out.write(std::move(answer));
  greeted_ = true;
  if (!asked_.empty() && !text.empty()) heard_ = true;
  lines_.feed(text, [&](std::string_view line) {
    while (line.ends_with('\r')) line.remove_suffix(1);
    on_line(line, out);
  });
}

void MudConversation::on_line(std::string_view line, Output& out) {
  if (refused_) return;
  if (!ready_) return on_log_in_line(line, out);
  if (on_frame(line, out)) return;
  const bool ours = !asked_.empty() && (options_.framing != MudOptions::Framing::suffix || inside_);
  if (ours) return out.add(Kind::reply, asked_.front().id, clean_line(line));
  out.add(Kind::line, 0, clean_line(line));
}

void MudConversation::on_log_in_line(std::string_view line, Output& out) {
  for (const std::string& words : options_.failure) {
    if (words.empty() || !logged_in_ || line.find(words) == std::string_view::npos) continue;
    refused_ = true;
    return out.add(Kind::refused, 0, "the server says: " + clean_line(line));
  }
  using Framing = MudOptions::Framing;
  const bool in = (options_.framing == Framing::suffix && line == suffix_) ||
                  (options_.framing == Framing::sentinel &&
                   line.find(nonce_ + "-0.") != std::string_view::npos);
  if (in) {
    ready_ = true;
    return out.add(Kind::ready);
  }
  if (line == prefix_ || line == nonce_) return;
  out.add(Kind::line, 0, clean_line(line));
}

// True: the line was one of our marks.
bool MudConversation::on_frame(std::string_view line, Output& out) {
  using Framing = MudOptions::Framing;
  if (options_.framing == Framing::suffix) {
    if (line == prefix_) inside_ = true;
    if (line == suffix_) {
      inside_ = false;
      if (!asked_.empty()) finish(out);
    }
    return line == prefix_ || line == suffix_;
  }
  if (options_.framing != Framing::sentinel || asked_.empty()) return false;
  if (line.find(asked_.front().end) == std::string_view::npos) return false;
  finish(out);
  return true;
}

void MudConversation::finish(Output& out) {
  out.add(Kind::reply_end, asked_.front().id);
  asked_.pop_front();
  heard_ = false;
}

void MudConversation::send(CommandId id, std::string_view command, Output& out) {
  Asked asked{.id = id};
  std::string bytes = TelnetFilter::escaped(command);
  bytes += kLineEnd;
  if (options_.framing == MudOptions::Framing::sentinel) {
    asked.end = nonce_ + "-" + std::to_string(++count_) + ".";  // "." so that 1 is no part of 12
    bytes += with_nonce(options_.sentinel, asked.end);
    bytes += kLineEnd;
  }
  out.write(std::move(bytes));
  asked_.push_back(std::move(asked));
}

std::optional<Nanos> MudConversation::quiet_time() const {
  if (greeted_ && !logged_in_) return options_.quiet;
  if (options_.framing != MudOptions::Framing::quiet) return std::nullopt;
  if (!ready_ || heard_) return options_.quiet;
  return std::nullopt;
}

void MudConversation::quiet(Output& out) {
  if (greeted_ && !logged_in_) return log_in(out);
  if (options_.framing != MudOptions::Framing::quiet || refused_) return;
  std::string rest = clean_line(lines_.take_rest());  // A prompt has no line end.
  if (!ready_) {
    if (!logged_in_) return;
    ready_ = true;
    if (!rest.empty()) out.add(Kind::line, 0, std::move(rest));
    return out.add(Kind::ready);
  }
  if (asked_.empty() || !heard_) return;
  if (!rest.empty()) out.add(Kind::reply, asked_.front().id, std::move(rest));
  finish(out);
}

}  // namespace gk::games
