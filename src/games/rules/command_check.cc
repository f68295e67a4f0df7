#include "games/rules/command_check.h"

#include <algorithm>
#include <cctype>

#include "base/utf8.h"

namespace gk::games {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// The words of a command as consoles read them: quotes and backslashes are not part of a word.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> out;
  bool in_word = false;
  for (const char c : text) {
    if (c == ' ' || c == '\t') {
      in_word = false;
      continue;
    }
    if (!in_word) out.emplace_back();
    in_word = true;
    if (c != '"' && c != '\'' && c != '\\') out.back() += lower(c);
  }
  std::erase_if(out, [](const std::string& word) { return word.empty(); });
  if (!out.empty()) {
    std::string& first = out.front();
    first.erase(
        0, first.find_first_not_of('/') == std::string::npos ? 0 : first.find_first_not_of('/'));
  }
  return out;
}

std::string byte_name(char c) {
  switch (c) {
    case '\0': return "NUL";
    case '\r': return "CR";
    case '\n': return "LF";
    case ';': return "\";\"";
    default: break;
  }
  constexpr char kHex[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  return std::string("byte 0x") + kHex[byte >> 4] + kHex[byte & 15];
}

Result<void> check_bytes(const GameKind& kind, std::string_view command) {
  if (command.find_first_not_of(' ') == std::string_view::npos) {
    return Error{Errc::invalid_argument, "expected a command, got an empty line"};
  }
  if (command.size() > kind.max_command) {
    return Error{Errc::invalid_argument, "expected at most " + std::to_string(kind.max_command) +
                                             " bytes, got " + std::to_string(command.size())};
  }
  for (std::size_t i = 0; i < command.size(); ++i) {
    const auto byte = static_cast<unsigned char>(command[i]);
    const bool control = (byte < 0x20 && byte != '\t') || byte == 0x7F;
    if (!control && kind.separators.find(command[i]) == std::string_view::npos) continue;
    return Error{Errc::invalid_argument, byte_name(command[i]) + " at position " +
                                             std::to_string(i) + " would end the command"};
  }
  if (!is_utf8(command)) return Error{Errc::invalid_argument, "the command is not UTF-8"};
  const std::string name = command_name(command);
  if (std::find(kind.reserved.begin(), kind.reserved.end(), name) != kind.reserved.end()) {
    return Error{Errc::invalid_argument,
                 "\"" + name + "\" is the link's own: it tells by it where an answer ends"};
  }
  return {};
}

bool any_covers(const std::vector<std::string>& list, std::string_view command) {
  return std::any_of(list.begin(), list.end(),
                     [&](const std::string& entry) { return covers(entry, command); });
}

}  // namespace

std::string command_name(std::string_view command) {
  const auto words = words_of(command);
  return words.empty() ? std::string() : words.front();
}

bool covers(std::string_view entry, std::string_view command) {
  const auto wanted = words_of(entry), words = words_of(command);
  if (wanted.empty() || wanted.size() > words.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    std::string_view want = wanted[i];
    const bool open_end = i + 1 == wanted.size() && want.ends_with('*');
    if (open_end) want.remove_suffix(1);
    if (open_end ? !words[i].starts_with(want) : words[i] != want) return false;
  }
  return true;
}

Effect effect_of(const GameSettings& game, std::string_view command) {
  return any_covers(game.queries, command) ? Effect::none : Effect::change;
}

bool is_chat(const GameKind& kind, std::string_view command) {
  const std::string name = command_name(command);
  return std::any_of(kind.chat.begin(), kind.chat.end(), [&](std::string_view word) {
    // A MUD's " and : stand right before what is said.
    const bool mark = word.size() == 1 && std::ispunct(static_cast<unsigned char>(word[0])) != 0;
    return mark ? command.starts_with(word) : name == word;
  });
}

Result<void> check_command(const GameSettings& game, std::string_view command, bool confirmed) {
  if (auto good = check_bytes(game.kind_of(), command); !good) return good;
  if (!game.allow.empty() && !any_covers(game.allow, command)) {
    return Error{Errc::permission_denied, "the command \"" + command_name(command) +
                                              "\" is not on the allow-list of game " + game.name};
  }
  if (!confirmed && any_covers(game.dangerous, command)) {
    return Error{Errc::failed_precondition,
                 "the command \"" + command_name(command) +
                     "\" is dangerous for this game: confirm it (\"confirmed\": true)"};
  }
  return {};
}

}  // namespace gk::games
