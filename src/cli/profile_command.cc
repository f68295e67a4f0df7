#include <ostream>

#include "base/json_writer.h"
#include "cli/commands.h"

namespace gk::cli {
namespace {

int list(Context& context) {
  const auto answer = context.get("/macro-safety/profiles");
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& item : items_of(*answer)) {
    rows.push_back({text_of(item, "macro_id"), text_of(item, "safety_level"),
                    text_of(item, "max_duration") + " s", text_of(item, "auto_cancel_enabled"),
                    text_of(item, "source")});
  }
  print_table(context.out(), {"MACRO", "LEVEL", "LONGEST", "AUTO-CANCEL", "SOURCE"}, rows);
  return 0;
}

int show(Context& context, const std::string& id) {
  const auto answer = context.get("/macro-safety/profiles/" + id);
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  for (const auto& [key, value] : answer->as_object()) {
    if (value.is_object()) {
      for (const auto& [name, limit] : value.as_object()) {
        context.out() << "  " << key << "." << name << "  " << to_json(limit) << "\n";
      }
    } else if (value.is_array()) {
      for (const JsonValue& item : value.as_array()) {
        context.out() << "  " << key << "  " << to_json(item) << "\n";
      }
    } else {
      context.out() << "  " << key << "  " << text_of(*answer, key) << "\n";
    }
  }
  return 0;
}

/// Prints what an override file did: applied, pending, warnings.
int print_override(Context& context, const Result<JsonValue>& answer) {
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  for (const char* part : {"applied", "pending", "warnings"}) {
    const JsonValue* list = answer->find(part);
    if (list == nullptr || !list->is_array()) continue;
    for (const JsonValue& item : list->as_array()) {
      context.out() << part << "  " << (item.is_string() ? item.as_string() : to_json(item))
                    << "\n";
    }
  }
  return 0;
}

int load(Context& context, const std::string& name) {
  return print_override(context, context.post("/macro-safety/overrides/" + name + "/load"));
}

int approve(Context& context, const std::string& name) {
  const auto loaded = context.get("/macro-safety/overrides/" + name);
  if (!loaded) return context.fail(loaded.error());
  std::string body;
  JsonWriter(body).begin_object().field("hash", text_of(*loaded, "hash")).end_object();
  return print_override(context,
                        context.post("/macro-safety/overrides/" + name + "/approve", body));
}

void add_named(CommandLine parent, const char* name, const char* help, Action& action,
               int (*function)(Context&, const std::string&)) {
  auto argument = std::make_shared<std::string>();  // shared: the parser and the action use it
  auto command = parent.add_subcommand(name, help);
  command.add_option("name", *argument, "Name of the profile").required();
  command.callback([&action, argument, function] {
    action = [argument, function](Context& context) { return function(context, *argument); };
  });
}

}  // namespace

void add_profile_command(CommandLine app, Action& action) {
  auto profile = app.add_subcommand("profile", "Safety profiles and override files");
  profile.require_subcommand();
  profile.add_subcommand("list", "All profiles").callback([&action] { action = list; });
  add_named(profile, "show", "One macro's profile", action, show);
  add_named(profile, "load", "Load an override file", action, load);
  add_named(profile, "approve", "Let an override file loosen limits", action, approve);
}

}  // namespace gk::cli
