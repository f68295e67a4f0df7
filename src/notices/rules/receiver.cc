#include "notices/rules/receiver.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/json_writer.h"
#include "base/utf8.h"
#include "notices/rules/text_limits.h"

namespace gk::notices {
namespace {

constexpr std::array<std::string_view, 3> kKinds{"discord", "webhook", "game"};  // Source: the enum
constexpr std::size_t kMaxUrl = 2'048;     // Source: chosen; Discord's are 120 bytes
constexpr std::size_t kMaxSecret = 256;    // Source: chosen; SHA-256 gains nothing beyond 64
constexpr std::size_t kMinSecret = 16;     // Source: chosen; 128 bits in hex are 32
constexpr std::size_t kMaxEvents = 16;     // Source: chosen
constexpr std::size_t kMaxGameText = 160;  // Source: chosen; Teeworlds shows some 250 bytes a line

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool is_event(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || c == '.' || c == '_' || c == '*';
  });
}

void check_url(JsonReader& reader, const Receiver& receiver, const std::vector<Network>& allowed) {
  if (receiver.url.empty()) {
    return reader.complain("url", "a " + std::string(kind_name(receiver.kind)) + " needs a url");
  }
  const auto parts = split_url(receiver.url);
  if (!parts) return reader.complain("url", parts.error().message);
  if (!parts->https && allowed.empty()) {
    reader.complain("url",
                    "expected https://; plain http is for the networks of "
                    "notices.allow_private only");
  }
  // A name is checked when it is resolved; an address can be refused now.
  const auto address = Address::parse(parts->host);
  const auto refused = address ? refusal(*address, allowed) : std::nullopt;
  if (refused) {
    reader.complain("url", "leads to a " + std::string(*refused) +
                               " address, which notices.allow_private does not list");
  }
}

void check_game(JsonReader& reader, const Receiver& receiver) {
  if (!is_name(receiver.game)) {
    reader.complain("game", "expected the name of a game link: 1 to 64 of a-z, 0-9, _ and -");
  }
  const bool plain = printable(receiver.command) == receiver.command;
  if (!plain || receiver.command.find("{text}") == std::string::npos) {
    reader.complain("command", "expected one printable line with {text} in it");
  }
}

void read_events(JsonReader& reader, Receiver& out) {
  const JsonValue* list = reader.member("events");
  if (list == nullptr || list->is_null()) return;
  out.events.clear();
  const bool fits =
      list->is_array() && list->as_array().size() <= kMaxEvents &&
      std::all_of(list->as_array().begin(), list->as_array().end(),
                  [](const JsonValue& v) { return v.is_string() && is_event(v.as_string()); });
  if (!fits) {
    return reader.complain("events",
                           "expected at most 16 kinds such as \"macro.cancelled\" or \"macro.*\"");
  }
  for (const JsonValue& event : list->as_array()) out.events.push_back(event.as_string());
}

std::string text_in(const JsonValue& from, std::string_view key) {
  const JsonValue* value = from.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

std::optional<ReceiverKind> parse_kind(std::string_view text) {
  const auto it = std::find(kKinds.begin(), kKinds.end(), text);
  if (it == kKinds.end()) return std::nullopt;
  return static_cast<ReceiverKind>(it - kKinds.begin());
}

}  // namespace

std::string_view kind_name(ReceiverKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

Result<UrlParts> split_url(std::string_view url) {
  const auto fault = [](std::string_view what) {
    return Error{Errc::invalid_argument, "expected https://host/path: " + std::string(what)};
  };
  if (url.size() > kMaxUrl) return fault("longer than 2 KiB");
  const bool plain = std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < 127; });
  if (!plain) return fault("a blank, a control or a non-ASCII character is in it");
  UrlParts out;
  out.https = url.starts_with("https://");
  if (!out.https && !url.starts_with("http://")) return fault("another scheme");
  std::string_view rest = url.substr(out.https ? 8 : 7);
  std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (authority.find_first_of("@\\") != std::string_view::npos) return fault("a user name in it");
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return fault("no ] after [");
    out.host = authority.substr(1, end - 1);
    authority.remove_prefix(end + 1);
  } else {
    const std::size_t colon = std::min(authority.find(':'), authority.size());
    out.host = authority.substr(0, colon);
    authority.remove_prefix(colon);
  }
  if (out.host.empty()) return fault("no host");
  if (!authority.empty()) out.port = authority.substr(1);
  const bool port_ok =
      authority.empty() ||
      (authority[0] == ':' && !out.port.empty() && out.port.size() <= 5 &&
       std::all_of(out.port.begin(), out.port.end(), [](char c) { return c >= '0' && c <= '9'; }));
  if (!port_ok) return fault("the port is no number");
  return out;
}

std::string masked_url(std::string_view url) {
  const auto parts = split_url(url);
  if (!parts) return "…";
  const bool v6 = parts->host.find(':') != std::string::npos;
  return std::string(parts->https ? "https://" : "http://") +
         (v6 ? "[" + parts->host + "]" : parts->host) +
         (parts->port.empty() ? "" : ":" + parts->port) + "/…";
}

ReceiverReading read_receiver(std::string name, const JsonValue& body, const Receiver* before,
                              const std::vector<Network>& allowed) {
  ReceiverReading out;
  Receiver& r = out.receiver;
  JsonReader reader(body, "");
  std::string kind, same_name = name;
  reader.require("kind");
  reader.string("kind", kind, 16);
  reader.string("name", same_name, 64);
  if (!is_name(name)) reader.complain("name", "expected 1 to 64 of a-z, 0-9, _ and -");
  if (same_name != name) reader.complain("name", "differs from the name in the path");
  r.name = std::move(name);
  const auto parsed = parse_kind(kind);
  if (!parsed) reader.complain("kind", "expected discord, webhook or game");
  r.kind = parsed.value_or(ReceiverKind::discord);
  if (before != nullptr && before->kind == r.kind) {
    r.url = before->url;
    r.secret = before->secret;
  }
  reader.string("url", r.url, kMaxUrl);
  reader.string("secret", r.secret, kMaxSecret);
  reader.string("game", r.game, 64);
  reader.string("command", r.command, 256);
  reader.boolean("enabled", r.enabled);
  read_events(reader, r);
  reader.refuse_unknown();
  if (parsed && r.kind == ReceiverKind::game) {
    check_game(reader, r);
  } else if (parsed) {
    check_url(reader, r, allowed);
  }
  if (!r.secret.empty() && (r.kind != ReceiverKind::webhook || r.secret.size() < kMinSecret)) {
    reader.complain("secret", "expected 16 to 256 characters, of a webhook only");
  }
  out.complaints = reader.complaints();
  return out;
}

bool wants(const Receiver& receiver, std::string_view notice_kind) {
  if (!receiver.enabled) return false;
  if (receiver.events.empty()) return true;
  return std::any_of(receiver.events.begin(), receiver.events.end(), [&](std::string_view event) {
    if (event.ends_with('*')) return notice_kind.starts_with(event.substr(0, event.size() - 1));
    return event == notice_kind;
  });
}

std::string receiver_config_json(const Receiver& r) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("kind", kind_name(r.kind)).field("enabled", r.enabled);
  w.field("game", r.game).field("command", r.command).key("events").begin_array();
  for (const auto& event : r.events) w.value(event);
  w.end_array().end_object();
  return out;
}

std::string receiver_audit_json(const Receiver& r, const Receiver* before) {
  const bool is_game = r.kind == ReceiverKind::game;
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("kind", kind_name(r.kind)).field("enabled", r.enabled);
  w.field("target", is_game ? r.game : masked_url(r.url)).field("signed", !r.secret.empty());
  if (is_game) w.field("command", r.command);
  w.key("events").begin_array();
  for (const auto& event : r.events) w.value(event);
  w.end_array();
  if (before != nullptr) {
    w.field("url_changed", r.url != before->url)
        .field("secret_changed", r.secret != before->secret);
  }
  w.end_object();
  return out;
}

std::string receiver_secrets_json(const Receiver& r) {
  std::string out;
  JsonWriter(out).begin_object().field("url", r.url).field("secret", r.secret).end_object();
  return out;
}

Result<Receiver> read_stored_receiver(std::string name, std::string_view config,
                                      std::string_view secrets) {
  const auto open = parse_json(config);
  const auto sealed = parse_json(secrets);
  const auto kind = open ? parse_kind(text_in(*open, "kind")) : std::nullopt;
  if (!open || !sealed || !kind) {
    return Error{Errc::data_loss, "the stored receiver " + name + " is damaged"};
  }
  Receiver r;
  r.name = std::move(name);
  r.kind = *kind;
  r.url = text_in(*sealed, "url");
  r.secret = text_in(*sealed, "secret");
  r.game = text_in(*open, "game");
  r.command = text_in(*open, "command");
  const JsonValue* enabled = open->find("enabled");
  r.enabled = enabled == nullptr || !enabled->is_bool() || enabled->as_bool();
  const JsonValue* events = open->find("events");
  if (events != nullptr && events->is_array()) {
    for (const JsonValue& event : events->as_array()) {
      if (event.is_string()) r.events.push_back(event.as_string());
    }
  }
  return r;
}

namespace {

// Rules compare with these marks, which no console may see: without a word, "61 s > 60 s" is none.
std::string in_words(std::string text) {
  constexpr std::pair<std::string_view, std::string_view> kWords[] = {{" > ", " over "},
                                                                      {" < ", " under "}};
  for (const auto& [mark, word] : kWords) {
    for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos;) {
      text.replace(at, mark.size(), word);
    }
  }
  return text;
}

}  // namespace

std::string game_line(const Receiver& receiver, const Notice& notice) {
  std::string text = notice.title;
  if (!notice.text.empty()) text += (text.empty() ? "" : ": ") + notice.text;
  // Separators, quotes, escapes and variables of consoles (Quake, Source, Teeworlds, shells).
  constexpr std::string_view kRisky = ";\"'\\$`|&<>%{}";  // Source: peers' console grammars
  std::string safe;
  for (const char c : printable(in_words(text)))
    safe += kRisky.find(c) == std::string_view::npos ? c : ' ';
  safe = cut_text(safe, kMaxGameText);
  std::string line = receiver.command;
  const std::size_t at = line.find("{text}");
  if (at != std::string::npos) line.replace(at, 6, safe);
  return line;
}

}  // namespace gk::notices
