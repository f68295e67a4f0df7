#include "macros/rules/override_file.h"

#include <algorithm>

#include "base/json_writer.h"

namespace gk::macros {
namespace {

std::string located(std::string_view file_name, std::size_t line, std::string_view path,
                    std::string_view message) {
  std::string out(file_name);
  out += ":" + std::to_string(line) + ": ";
  if (!path.empty()) out += std::string(path) + ": ";
  return out += message;
}

std::size_t line_at(std::string_view text, std::size_t offset) {
  offset = std::min(offset, text.size());
  return 1 + static_cast<std::size_t>(std::count(
                 text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
}

// The byte offset in "… at byte 12 …" of a parser's message; 0 when it names none.
std::size_t byte_of(std::string_view message) {
  constexpr std::string_view kMark = "at byte ";  // Source: base/json.cc, tested.
  const std::size_t at = message.find(kMark);
  std::size_t value = 0;
  for (std::size_t i = at + kMark.size();
       at != std::string_view::npos && i < message.size() && message[i] >= '0' && message[i] <= '9';
       ++i) {
    value = value * 10 + static_cast<std::size_t>(message[i] - '0');
  }
  return value;
}

}  // namespace

std::size_t json_line_of(std::string_view text, std::string_view path) {
  // Walks the keys of a well-formed document. `open` holds, for each open bracket, the length that
  // the current path has inside it.
  struct Bracket {
    std::size_t length;
    bool is_array;
    std::size_t index;
  };
  std::vector<Bracket> open;
  std::string current;
  std::size_t best = 1, best_length = 0, line = 1;
  const auto note = [&] {
    const bool on_path = path.substr(0, current.size()) == current &&
                         (path.size() == current.size() || path[current.size()] == '.' ||
                          path[current.size()] == '[');
    if (!on_path || current.size() <= best_length) return;
    best = line;
    best_length = current.size();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') ++line;
    if (c == '{' || c == '[') {
      if (!open.empty() && open.back().is_array) {
        current.resize(open.back().length);
        current += "[" + std::to_string(open.back().index) + "]";
        note();
      }
      open.push_back({current.size(), c == '[', 0});
    }
    if ((c == '}' || c == ']') && !open.empty()) {
      current.resize(open.back().length);
      open.pop_back();
    }
    if (c == ',' && !open.empty()) ++open.back().index;
    if (c != '"') continue;
    const std::size_t start = i + 1;
    for (++i; i < text.size() && text[i] != '"'; ++i) {
      if (text[i] == '\\') ++i;
    }
    const std::string_view key = text.substr(start, std::min(i, text.size()) - start);
    const std::size_t next = text.find_first_not_of(" \t\r\n", i + 1);
    if (next == std::string_view::npos || text[next] != ':') continue;
    current.resize(open.empty() ? 0 : open.back().length);
    if (!current.empty()) current += '.';
    current += key;
    note();
  }
  return best;
}

Result<PatchMap> parse_override_file(std::string_view text, std::string_view file_name,
                                     const ZoneCheck& zone_exists) {
  const auto document =
      parse_json(text, {.max_depth = 8, .max_bytes = 256 * 1024, .max_values = 16'384});
  if (!document) {
    const std::string& message = document.error().message;
    return Error{Errc::invalid_argument,
                 located(file_name, line_at(text, byte_of(message)), "", message)};
  }
  if (!document->is_object()) {
    return Error{
        Errc::invalid_argument,
        located(file_name, 1, "",
                std::string("expected an object of macro ids, got ") + document->type_name())};
  }
  Complaints complaints;
  PatchMap patches;
  if (document->as_object().size() > kMaxOverrideEntries) {
    complaints.emplace_back("", "expected at most " + std::to_string(kMaxOverrideEntries) +
                                    " macros, got " + std::to_string(document->as_object().size()));
  }
  for (const auto& [id, entry] : document->as_object()) {
    if (!valid_macro_id(id)) {
      complaints.emplace_back(id, "expected a macro id of a-z, 0-9, _ and -, 1 to 64 characters");
      continue;
    }
    patches[id] = read_profile_patch(entry, id, complaints, zone_exists);
  }
  if (complaints.empty()) return patches;
  std::string message;
  for (const auto& [path, what] : complaints) {
    message +=
        (message.empty() ? "" : "; ") + located(file_name, json_line_of(text, path), path, what);
  }
  return Error{Errc::invalid_argument, std::move(message)};
}

namespace {

std::string json_text(const std::string& text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

// Sorts the fields of one patch into applied and pending.
class Splitter {
 public:
  Splitter(const std::string& macro_id, const ProfilePatch& patch, bool approved,
           OverrideSplit& out)
      : macro_id_(macro_id),
        patch_(patch),
        base_(resolve_profile(macro_id, nullptr, nullptr)),
        approved_(approved),
        out_(out) {}

  void run() {
    const PerformanceThresholds& t = base_.thresholds;
    if (patch_.safety_level) {
      take(&ProfilePatch::safety_level, "safety_level",
           json_text(std::string(level_name(base_.safety_level))),
           json_text(std::string(level_name(*patch_.safety_level))),
           *patch_.safety_level < base_.safety_level);
    }
    maximum(&ProfilePatch::max_duration_s, "max_duration", base_.max_duration_s);
    maximum(&ProfilePatch::cpu_usage_max, "thresholds.cpu_usage_max", t.cpu_usage_max);
    maximum(&ProfilePatch::memory_usage_max, "thresholds.memory_usage_max", t.memory_usage_max);
    minimum(&ProfilePatch::fps_min, "thresholds.fps_min", t.fps_min);
    maximum(&ProfilePatch::latency_max, "thresholds.latency_max", t.latency_max);
    maximum(&ProfilePatch::response_time_max, "thresholds.response_time_max", t.response_time_max);
    flag(&ProfilePatch::auto_cancel_enabled, "auto_cancel_enabled", base_.auto_cancel_enabled);
    flag(&ProfilePatch::discord_notify, "discord_notify", base_.discord_notify);
    if (patch_.dry_run) {
      take(&ProfilePatch::dry_run, "dry_run", base_.dry_run ? "true" : "false",
           *patch_.dry_run ? "true" : "false", *patch_.dry_run && !base_.dry_run);
    }
    text(&ProfilePatch::name, "name", base_.name);
    text(&ProfilePatch::category, "category", base_.category);
    text(&ProfilePatch::description, "description", base_.description);
    if (patch_.patterns) patterns(*patch_.patterns);
    if (patch_.windows) windows(*patch_.windows);
  }

 private:
  static std::string pattern_text(const PatternRule& rule) {
    std::string out;
    JsonWriter w(out);
    w.begin_object().field("count", rule.count);
    w.field("window", static_cast<double>(rule.window.count()) / 1000);
    w.field("action", action_name(rule.action)).end_object();
    return out;
  }
  // Each rule on its own: what tightens holds beside one that waits.
  void patterns(const std::vector<PatternRule>& rules) {
    for (const PatternRule& rule : rules) {
      const PatternRule& base = base_.patterns[static_cast<std::size_t>(rule.matcher)];
      OverrideChange change{macro_id_, "patterns." + std::string(matcher_name(rule.matcher)),
                            pattern_text(base), pattern_text(rule), macros::loosens(rule, base)};
      if (change.loosens && !approved_) {
        out_.pending.push_back(std::move(change));
        continue;
      }
      auto& effective = out_.effective[macro_id_].patterns;
      if (!effective) effective.emplace();
      effective->push_back(rule);
      out_.applied.push_back(std::move(change));
    }
  }
  // Each window on its own, too; a list of none takes no protection away, for no other source
  // below a file has windows.
  void windows(const std::vector<ProfileWindow>& all) {
    for (const ProfileWindow& window : all) {
      std::string text;
      JsonWriter w(text);
      write_profile_window(w, window);
      OverrideChange change{macro_id_, "windows." + window.name, "null", std::move(text),
                            macros::loosens(window, base_)};
      if (change.loosens && !approved_) {
        out_.pending.push_back(std::move(change));
        continue;
      }
      auto& effective = out_.effective[macro_id_].windows;
      if (!effective) effective.emplace();
      effective->push_back(window);
      out_.applied.push_back(std::move(change));
    }
  }
  template <typename T>
  void take(std::optional<T> ProfilePatch::*field, const char* name, std::string from,
            std::string to, bool loosens) {
    OverrideChange change{macro_id_, name, std::move(from), std::move(to), loosens};
    if (loosens && !approved_) {
      out_.pending.push_back(std::move(change));
      return;
    }
    out_.effective[macro_id_].*field = patch_.*field;
    out_.applied.push_back(std::move(change));
  }
  void maximum(std::optional<double> ProfilePatch::*field, const char* name, double base) {
    if (!(patch_.*field)) return;
    take(field, name, format_number(base), format_number(*(patch_.*field)),
         *(patch_.*field) > base);
  }
  void minimum(std::optional<double> ProfilePatch::*field, const char* name, double base) {
    if (!(patch_.*field)) return;
    take(field, name, format_number(base), format_number(*(patch_.*field)),
         *(patch_.*field) < base);
  }
  // Switching a protection or a notice off loosens.
  void flag(std::optional<bool> ProfilePatch::*field, const char* name, bool base) {
    if (!(patch_.*field)) return;
    take(field, name, base ? "true" : "false", *(patch_.*field) ? "true" : "false",
         base && !*(patch_.*field));
  }
  void text(std::optional<std::string> ProfilePatch::*field, const char* name,
            const std::string& base) {
    if (patch_.*field) take(field, name, json_text(base), json_text(*(patch_.*field)), false);
  }

  const std::string& macro_id_;
  const ProfilePatch& patch_;
  const MacroSafetyProfile base_;
  const bool approved_;
  OverrideSplit& out_;
};

}  // namespace

OverrideSplit split_overrides(const PatchMap& file, bool approved) {
  OverrideSplit split;
  for (const auto& [macro_id, patch] : file) Splitter(macro_id, patch, approved, split).run();
  return split;
}

}  // namespace gk::macros
