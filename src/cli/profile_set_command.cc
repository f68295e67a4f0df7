#include <algorithm>
#include <array>

#include "base/json_writer.h"
#include "base/try.h"
#include "cli/commands.h"
#include "cli/profile_text.h"

namespace gk::cli {
namespace {

struct SetOptions {
  std::string macro;
  std::optional<std::string> name, category, description, level, cancel, notify, dry_run, windows,
      patterns;
  std::optional<double> max_duration, cpu, memory, fps, latency, response;
  std::vector<std::string> unset;
};

/// An option of this command, and the member of a profile that it sets.
struct Member {
  std::string_view option, key;
  bool is_threshold = false;
};

constexpr std::array<Member, 15> kMembers{{{"name", "name"},
                                           {"category", "category"},
                                           {"description", "description"},
                                           {"level", "safety_level"},
                                           {"cancel", "auto_cancel_enabled"},
                                           {"notify", "discord_notify"},
                                           {"dry-run", "dry_run"},
                                           {"windows", "windows"},
                                           {"patterns", "patterns"},
                                           {"max-duration", "max_duration"},
                                           {"cpu", "cpu_usage_max", true},
                                           {"memory", "memory_usage_max", true},
                                           {"fps", "fps_min", true},
                                           {"latency", "latency_max", true},
                                           {"response", "response_time_max", true}}};

/// What is written into a JSON merge patch, in the order of kMembers; empty: not asked for.
using Values = std::array<std::string, kMembers.size()>;

std::string quoted(const std::string& text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

Result<std::string> list_text(const char* option, const std::string& text) {
  const auto value = parse_json(text);
  if (!value) return Error{Errc::invalid_argument, std::string(option) + value.error().message};
  if (value->is_array()) return to_json(*value);
  return Error{Errc::invalid_argument, std::string(option) + "expected a JSON list, got a " +
                                           std::string(value->type_name())};
}

Result<Values> values_of(const SetOptions& o) {
  Values values;
  const auto text = [&](std::size_t at, const std::optional<std::string>& value) {
    if (value) values[at] = quoted(*value);
  };
  const auto flag = [&](std::size_t at, const std::optional<std::string>& value) {
    if (value) values[at] = *value == "yes" ? "true" : "false";
  };
  const auto number = [&](std::size_t at, const std::optional<double>& value) {
    if (value) JsonWriter(values[at]).value(*value);
  };
  text(0, o.name);
  text(1, o.category);
  text(2, o.description);
  text(3, o.level);
  flag(4, o.cancel);
  flag(5, o.notify);
  flag(6, o.dry_run);
  if (o.windows) {
    GK_TRY(values[7], list_text("--windows: ", *o.windows));
  }
  if (o.patterns) {
    GK_TRY(values[8], list_text("--patterns: ", *o.patterns));
  }
  number(9, o.max_duration);
  number(10, o.cpu);
  number(11, o.memory);
  number(12, o.fps);
  number(13, o.latency);
  number(14, o.response);
  for (const std::string& word : o.unset) {
    const auto member = std::find_if(kMembers.begin(), kMembers.end(),
                                     [&](const Member& m) { return m.option == word; });
    auto& value = values[static_cast<std::size_t>(member - kMembers.begin())];
    if (!value.empty()) {
      return Error{Errc::invalid_argument, "expected either --" + word + " or --unset " + word};
    }
    value = "null";
  }
  return values;
}

Result<std::string> body_of(const SetOptions& options) {
  GK_TRY(const Values values, values_of(options));
  if (std::all_of(values.begin(), values.end(), [](const auto& v) { return v.empty(); })) {
    return Error{Errc::invalid_argument,
                 "expected something to set, such as --max-duration 60, or --unset cpu"};
  }
  std::string body, thresholds;
  JsonWriter w(body), limits(thresholds);
  w.begin_object();
  limits.begin_object();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].empty()) continue;
    (kMembers[i].is_threshold ? limits : w).key(kMembers[i].key).raw(values[i]);
  }
  limits.end_object();
  if (thresholds != "{}") w.key("thresholds").raw(thresholds);
  w.end_object();
  return body;
}

int set(Context& context, const SetOptions& options) {
  if (const auto named = check_name(options.macro); !named) return context.fail(named.error());
  const auto body = body_of(options);
  if (!body) return context.fail(body.error());
  const auto profile =
      context.send(net::Method::patch, "/macro-safety/profiles/" + options.macro, *body);
  if (!profile) return context.fail(profile.error());
  return context.printed_json(*profile) ? 0 : print_profile(context, *profile);
}

void add_limits(CommandLine command, SetOptions& o) {
  constexpr double kMost = 1e6;  // No rule: the daemon names the range. Keeps "nan" out.
  command.add_option("--max-duration", o.max_duration, "Longest run, seconds").range(0, kMost);
  command.add_option("--cpu", o.cpu, "Limit of cpu_usage, %").range(0, kMost);
  command.add_option("--memory", o.memory, "Limit of memory_usage, %").range(0, kMost);
  command.add_option("--fps", o.fps, "Least fps").range(0, kMost);
  command.add_option("--latency", o.latency, "Limit of latency, ms").range(0, kMost);
  command.add_option("--response", o.response, "Limit of response_time, ms").range(0, kMost);
}

}  // namespace

void add_profile_set_command(CommandLine profile, Action& action) {
  auto o = std::make_shared<SetOptions>();  // shared: the parser and the action use it
  auto command = profile.add_subcommand(
      "set", "Change fields of one macro's own profile; the others stay as they are");
  command.add_option("macro", o->macro, "Id of the macro").required();
  command.add_option("--level", o->level, "safe, risky or dangerous")
      .one_of({"safe", "risky", "dangerous"});
  add_limits(command, *o);
  command.add_option("--cancel", o->cancel, "On a breach; no: watch and record only")
      .one_of({"yes", "no"});
  command.add_option("--dry-run", o->dry_run, "Record what would be done; never act")
      .one_of({"yes", "no"});
  command.add_option("--notify", o->notify, "Tell the receivers of notices").one_of({"yes", "no"});
  command.add_option("--name", o->name, "For people");
  command.add_option("--category", o->category, "For people");
  command.add_option("--description", o->description, "For people");
  command.add_option("--windows", o->windows,
                     "Other limits at other times, all of them, as JSON: [{\"cron\":\"0 22 * * "
                     "*\",\"duration_s\":28800,\"max_duration\":60}]");
  command.add_option("--patterns", o->patterns,
                     "Rules on what it does, as JSON: [{\"matcher\":\"commands\",\"count\":10}]");
  std::vector<std::string> words;
  for (const Member& member : kMembers) words.emplace_back(member.option);
  command
      .add_option("--unset", o->unset,
                  "Take a field away, such as cpu: what is behind it holds; repeatable")
      .one_of(words);
  command.callback([&action, o] { action = [o](Context& context) { return set(context, *o); }; });
}

}  // namespace gk::cli
