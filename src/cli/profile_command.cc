#include <unistd.h>

#include <iostream>
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

struct ApproveOptions {
  std::string name, hash;
  bool yes = false;
};

/// Shows what would loosen. True when that very file is meant: by --hash, --yes, or a word at the
/// terminal.
Result<void> agree(Context& context, const ApproveOptions& options, const JsonValue& loaded) {
  const std::string hash = text_of(loaded, "hash");
  if (!options.hash.empty() && options.hash != hash) {
    return Error{Errc::failed_precondition,
                 "the loaded file has hash " + hash + ", not " + options.hash};
  }
  if (!options.hash.empty() || options.yes) return {};
  context.err() << "hash  " << hash << "\n";
  const JsonValue* pending = loaded.find("pending");
  const bool any = pending != nullptr && pending->is_array();
  for (const JsonValue& item : any ? pending->as_array() : JsonValue::Array{}) {
    context.err() << "loosens  " << to_json(item) << "\n";
  }
  if (::isatty(STDIN_FILENO) != 1) {
    return Error{Errc::invalid_argument,
                 "expected --hash " + hash + " or --yes: there is no terminal to ask at"};
  }
  context.err() << "Let it loosen these? [y/N] " << std::flush;
  std::string word;
  std::getline(std::cin, word);
  if (word == "y" || word == "yes") return {};
  return Error{Errc::cancelled, "not approved"};
}

int approve(Context& context, const ApproveOptions& options) {
  const std::string& name = options.name;
  if (const auto named = check_name(name); !named) return context.fail(named.error());
  const auto loaded = context.get("/macro-safety/overrides/" + name);
  if (!loaded) return context.fail(loaded.error());
  if (const auto agreed = agree(context, options, *loaded); !agreed) {
    return context.fail(agreed.error());
  }
  std::string body;
  JsonWriter(body).begin_object().field("hash", text_of(*loaded, "hash")).end_object();
  return print_override(context,
                        context.post("/macro-safety/overrides/" + name + "/approve", body));
}

int remove(Context& context, const std::string& id) {
  const auto answer = context.send(net::Method::del, "/macro-safety/profiles/" + id, "");
  if (!answer) return context.fail(answer.error());
  if (!context.printed_json(*answer)) context.out() << "deleted the profile of " << id << "\n";
  return 0;
}

void add_approve(CommandLine profile, Action& action) {
  auto options = std::make_shared<ApproveOptions>();  // shared: the parser and the action use it
  auto command = profile.add_subcommand("approve", "Let an override file loosen limits");
  command.add_option("name", options->name, "Name of the profile").required();
  command.add_option("--hash", options->hash, "Of the file that was read; another is refused");
  command.add_flag("--yes", options->yes, "Whatever is loaded now");
  command.callback([&action, options] {
    action = [options](Context& context) { return approve(context, *options); };
  });
}

void add_named(CommandLine parent, const char* name, const char* help, Action& action,
               int (*function)(Context&, const std::string&)) {
  auto argument = std::make_shared<std::string>();  // shared: the parser and the action use it
  auto command = parent.add_subcommand(name, help);
  command.add_option("name", *argument, "Name of the profile").required();
  command.callback([&action, argument, function] {
    action = [argument, function](Context& context) {
      const auto named = check_name(*argument);
      return named ? function(context, *argument) : context.fail(named.error());
    };
  });
}

}  // namespace

void add_profile_command(CommandLine app, Action& action) {
  auto profile = app.add_subcommand("profile", "Safety profiles and override files");
  profile.require_subcommand();
  profile.add_subcommand("list", "All profiles").callback([&action] { action = list; });
  add_named(profile, "show", "One macro's profile", action, show);
  add_named(profile, "load", "Load an override file", action, load);
  add_approve(profile, action);
  add_named(profile, "delete", "Delete one macro's own profile", action, remove);
}

}  // namespace gk::cli
