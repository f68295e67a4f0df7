#include <unistd.h>

#include <iostream>
#include <ostream>

#include "base/json_writer.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/profile_text.h"

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
  return context.printed_json(*answer) ? 0 : print_profile(context, *answer);
}

std::size_t length_of(const JsonValue& answer, std::string_view key) {
  const JsonValue* list = answer.find(key);
  return list != nullptr && list->is_array() ? list->as_array().size() : 0;
}

/// Prints what an override file did: what holds, what waits and for what, warnings.
int print_override(Context& context, const Result<JsonValue>& answer) {
  if (!answer) return context.fail(answer.error());
  if (context.printed_json(*answer)) return 0;
  const std::string name = text_of(*answer, "profile");
  print_changes(context.out(), *answer);
  const JsonValue* warnings = answer->find("warnings");
  if (warnings != nullptr && warnings->is_array()) {
    for (const JsonValue& warning : warnings->as_array()) {
      if (warning.is_string())
        context.out() << "warning: " << printable(warning.as_string()) << "\n";
    }
  }
  const std::size_t holds = length_of(*answer, "applied"), waits = length_of(*answer, "pending");
  context.out() << name << ": "
                << (holds + waits == 0 ? "changes nothing"
                                       : std::to_string(holds) + " of " +
                                             std::to_string(holds + waits) + " changes hold");
  if (waits > 0) {
    context.out() << "; what loosens waits for: gamekeeper profile approve " << name << " --hash "
                  << text_of(*answer, "hash");
  }
  context.out() << "\n";
  return 0;
}

int load(Context& context, const std::string& name) {
  return print_override(context, context.post("/macro-safety/overrides/" + name + "/load"));
}

struct ApproveOptions {
  std::string name, hash;
  bool yes = false;
};

/// Shows what holds and what waits. True when that very file is meant: by --hash, --yes, or a word
/// at the terminal.
Result<void> agree(Context& context, const ApproveOptions& options, const JsonValue& loaded) {
  const std::string hash = text_of(loaded, "hash");
  if (!options.hash.empty() && options.hash != hash) {
    return Error{Errc::failed_precondition,
                 "the loaded file has hash " + hash + ", not " + options.hash};
  }
  if (!options.hash.empty() || options.yes) return {};
  context.err() << "hash  " << hash << "\n";
  print_changes(context.err(), loaded);
  if (::isatty(STDIN_FILENO) != 1) {
    return Error{Errc::invalid_argument,
                 "expected --hash " + hash + " or --yes: there is no terminal to ask at"};
  }
  context.err() << "Let those that wait hold? [y/N] " << std::flush;
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
  add_profile_set_command(profile, action);
  add_named(profile, "load", "Load an override file", action, load);
  add_approve(profile, action);
  add_named(profile, "delete", "Delete one macro's own profile", action, remove);
}

}  // namespace gk::cli
