#include "macros/scripts/rules/step_check.h"

#include <algorithm>
#include <array>

#include "base/json_writer.h"
#include "macros/scripts/rules/lua_words.h"

namespace gk::macros {
namespace {

// Source of these: issue text of the macro library.
constexpr std::size_t kMaxLoops = 5;
constexpr Seconds kMaxPauses{300};               // Source: as above
constexpr std::size_t kMaxCheckedActions = 100;  // Source: as above

// Source: consoles of the supported games; a game's own list (docs/games.md) holds besides.
constexpr auto kDangerous = std::to_array<std::string_view>(
    {"@boot",     "@destroy",  "@dump",     "@halt",         "@newpassword", "@nuke",
     "@restart",  "@shutdown", "@toad",     "@wipe",         "ban",          "ban-ip",
     "bans_save", "clear",     "deop",      "exec",          "exit",         "kick",
     "kill",      "load",      "load_game", "newgame",       "op",           "quit",
     "rcon",      "rcon_pw",   "reset",     "reset_company", "restart",      "save-off",
     "server_pw", "setting",   "shutdown",  "stop",          "unban",        "whitelist"});

struct Sums {
  std::size_t loops = 0;
  Nanos pauses{0};
  Complaints dangerous;
};

std::string_view console_word(std::string_view command) {
  const std::size_t start = command.find_first_not_of(" \t/\"");
  if (start == std::string_view::npos) return {};
  command.remove_prefix(start);
  return command.substr(0, command.find_first_of(" \t=\""));
}

void add_up(const std::vector<Action>& actions, double times, Sums& sums) {
  for (const Action& action : actions) {
    const double pause = static_cast<double>(action.delay.count()) * times;
    const double most = static_cast<double>(Nanos::max().count()) / 4;  // no overflow when added
    sums.pauses = Nanos(static_cast<std::int64_t>(
        std::min(most, static_cast<double>(sums.pauses.count()) + pause)));
    if (action.type == ActionType::loop) ++sums.loops;
    if (action.type == ActionType::command) {
      if (const auto word = dangerous_word(action.command.head())) {
        sums.dangerous.emplace_back(action.path + ".command", *word + " is dangerous");
      } else if (console_word(action.command.head()).empty()) {
        sums.dangerous.emplace_back(action.path + ".command",
                                    "what it does comes from a variable: start with a word");
      }
    }
    const double rounds = action.type == ActionType::loop ? action.count : 1;
    add_up(action.then, times * rounds, sums);
    add_up(action.otherwise, times, sums);
  }
}

void judge(CheckReport& report, CheckLevel level, CheckLevel needed, std::string path,
           std::string text) {
  (level >= needed ? report.errors : report.warnings)
      .emplace_back(std::move(path), std::move(text));
}

void put(JsonWriter& w, std::string_view key, const Complaints& complaints) {
  w.key(key).begin_array();
  for (const auto& [path, text] : complaints) {
    w.begin_object().field("path", path).field("message", text).end_object();
  }
  w.end_array();
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::string_view next_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

}  // namespace

std::optional<CheckLevel> parse_check_level(std::string_view text) {
  if (text == "basic") return CheckLevel::basic;
  if (text == "strict") return CheckLevel::strict;
  if (text == "complete") return CheckLevel::complete;
  return std::nullopt;
}

std::string check_report_json(const CheckReport& report) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("valid", report.valid);
  put(w, "errors", report.errors);
  put(w, "warnings", report.warnings);
  w.field("action_count", report.action_count).key("estimated_duration");
  if (report.estimated_duration) {
    w.value(static_cast<double>(report.estimated_duration->count()) / 1e9);
  } else {
    w.null();
  }
  w.end_object();
  return out;
}

std::optional<std::string> dangerous_word(std::string_view command) {
  // A console that knows `;` obeys each part.
  while (!command.empty()) {
    const std::size_t end = std::min(command.find(';'), command.size());
    std::string word(console_word(command.substr(0, end)));
    std::transform(word.begin(), word.end(), word.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (std::binary_search(kDangerous.begin(), kDangerous.end(), std::string_view(word))) {
      return word;
    }
    command.remove_prefix(std::min(end + 1, command.size()));
  }
  return std::nullopt;
}

CheckReport check_steps(std::string_view json, CheckLevel level) {
  CheckReport report;
  const auto program = read_steps(json, report.errors);
  if (program == nullptr) {
    report.valid = false;
    return report;
  }
  report.action_count = program->action_count;
  if (program->name.empty()) report.errors.emplace_back("name", "is empty");
  if (program->actions.empty()) report.errors.emplace_back("actions", "expected at least one");
  Sums sums;
  add_up(program->actions, 1, sums);
  report.estimated_duration = sums.pauses;
  if (sums.loops > kMaxLoops) {
    judge(report, level, CheckLevel::strict, "actions",
          std::to_string(sums.loops) + " loops, at most 5");
  }
  if (sums.pauses > kMaxPauses) {
    const auto seconds = std::chrono::duration_cast<Seconds>(sums.pauses).count();
    judge(report, level, CheckLevel::strict, "actions",
          std::to_string(seconds) + " s of pauses, at most 300 s");
  }
  for (auto& [path, text] : sums.dangerous) {
    judge(report, level, CheckLevel::complete, path, text);
  }
  if (report.action_count > kMaxCheckedActions) {
    judge(report, level, CheckLevel::complete, "actions",
          std::to_string(report.action_count) + " actions, at most 100");
  }
  report.valid = report.errors.empty();
  return report;
}

LuaHead read_lua_head(std::string_view source, Complaints& complaints) {
  LuaHead out;
  if (source.starts_with('\x1b') || source.find('\0') != std::string_view::npos) {
    complaints.emplace_back("line 1", "expected text, got a compiled chunk or a NUL");
    return out;
  }
  std::size_t number = 0;
  while (!source.empty()) {
    std::string_view line = trim(next_line(source));
    ++number;
    if (line.starts_with("#!")) continue;
    if (!line.starts_with("--")) break;
    line.remove_prefix(2);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view key = trim(line.substr(0, colon)), value = trim(line.substr(colon + 1));
    std::string* const target = key == "name"          ? &out.name
                                : key == "description" ? &out.description
                                : key == "version"     ? &out.version
                                : key == "author"      ? &out.author
                                : key == "category"    ? &out.category
                                : key == "game"        ? &out.game
                                                       : nullptr;
    if (value.size() > 256) {
      complaints.emplace_back("line " + std::to_string(number), "longer than 256 bytes");
    } else if (target != nullptr) {
      *target = value;
    } else if (key == "needs" && (value == "game" || value == "nothing")) {
      out.needs_game = value == "game";
    } else if (key == "on_cancel") {
      out.on_cancel.emplace_back(value);
    } else if (key == "tags") {
      std::string_view rest = value;
      while (!rest.empty() && out.tags.size() < 32) {
        const std::size_t end = std::min(rest.find(','), rest.size());
        if (const auto tag = trim(rest.substr(0, end)); !tag.empty()) out.tags.emplace_back(tag);
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
    }
  }
  return out;
}

bool lua_needs_game(const LuaHead& head, std::string_view source) {
  return head.needs_game.value_or(lua_uses_game(source));
}

CheckReport check_lua_text(std::string_view source, CheckLevel level) {
  CheckReport report;
  const LuaHead head = read_lua_head(source, report.errors);
  if (head.name.empty()) report.errors.emplace_back("line 1", "expected a comment -- name: …");
  if (auto steps = cancel_steps(head.on_cancel); !steps) {
    report.errors.emplace_back("on_cancel", steps.error().message);
  }
  for (const std::string_view gone : {"require", "dofile", "loadfile", "io.", "os.execute"}) {
    std::string_view rest = source;
    for (std::size_t number = 1; !rest.empty(); ++number) {
      const std::string_view line = next_line(rest);
      const std::size_t at = line.find(gone);
      const bool word =
          at != std::string_view::npos && line.find("--") > at &&
          (at == 0 || std::string_view(" \t=(,;").find(line[at - 1]) != std::string_view::npos);
      if (!word) continue;
      report.warnings.emplace_back("line " + std::to_string(number),
                                   std::string(gone) + " does not exist in a macro");
    }
  }
  std::string_view rest = source;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::string_view line = next_line(rest);
    const std::size_t send = line.find("game.send(");
    if (send == std::string_view::npos || line.find("--") < send) continue;
    std::string_view text = line.substr(send + 10);
    if (text.empty() || (text[0] != '"' && text[0] != '\'')) continue;
    text.remove_prefix(1);
    if (const auto word = dangerous_word(text.substr(0, text.find_first_of("\"')")))) {
      judge(report, level, CheckLevel::complete, "line " + std::to_string(number),
            *word + " is dangerous");
    }
  }
  report.valid = report.errors.empty();
  return report;
}

}  // namespace gk::macros
