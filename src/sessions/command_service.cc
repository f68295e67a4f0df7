#include "sessions/command_service.h"

#include <algorithm>

#include "api/list_page.h"
#include "base/span.h"
#include "base/try.h"

namespace gk::sessions {
namespace {

constexpr std::size_t kMaxResultBytes = 32 * 1024;  // Source: chosen; a health report is 3 KiB

std::string count_json(std::string_view name, std::size_t count) {
  std::string out;
  JsonWriter(out).begin_object().field(name, count).end_object();
  return out;
}

}  // namespace

CommandService::CommandService(CommandOptions options, CommandActions actions, const Clock& clock,
                               Random& random, Log& log, Metrics& metrics, MacroPort& macros,
                               SessionService& sessions, SessionStore& store)
    : options_(options),
      actions_(std::move(actions)),
      clock_(clock),
      random_(random),
      log_(log),
      metrics_(metrics),
      macros_(macros),
      sessions_(sessions),
      store_(store),
      users_gauge_(metrics.gauge("gamekeeper_active_users",
                                 "Users who sent a command in the last 15 minutes")) {
  for (const CommandSpec& spec : command_specs()) {
    for (const char* outcome : {"succeeded", "failed", "refused"})
      (void)counter(spec.type, outcome);
  }
}

void CommandService::restore(const StoredSessions& stored) {
  for (const std::string& text : stored.commands) {
    auto record = read_command_record(text);
    if (!record) {
      log_.warn("sessions.damaged_row", record.error().message);
      continue;
    }
    records_.push_back(std::move(*record));
  }
  while (records_.size() > options_.max_history) records_.pop_front();
}

CommandRecord* CommandService::find(std::string_view id) {
  // Newest first: that is what is asked for.
  const auto it = std::find_if(records_.rbegin(), records_.rend(),
                               [&](const CommandRecord& r) { return r.id == id; });
  return it == records_.rend() ? nullptr : &*it;
}

bool CommandService::make_room() {
  const auto running = std::count_if(records_.begin(), records_.end(), [](const auto& r) {
    return r.state == CommandState::running;
  });
  if (static_cast<std::size_t>(running) >= options_.max_running) return false;
  if (records_.size() < options_.max_history) return true;
  const auto oldest = std::find_if(records_.begin(), records_.end(),
                                   [](const auto& r) { return r.state != CommandState::running; });
  if (oldest != records_.end()) records_.erase(oldest);
  return true;
}

Counter CommandService::counter(std::string_view type, std::string_view outcome) {
  return metrics_.counter("gamekeeper_commands_total", "Commands, by what became of them",
                          {{"type", std::string(type)}, {"outcome", std::string(outcome)}});
}

void CommandService::count_user(const std::string& name) {
  const MonoTime now = clock_.mono();
  std::erase_if(users_, [&](const auto& u) { return now - u.second > options_.users_window; });
  if (users_.size() < options_.max_users || users_.contains(name)) users_[name] = now;
  users_gauge_.set(static_cast<double>(users_.size()));
}

void CommandService::submit(Command command, std::string request_json, const Asker& by,
                            std::function<void(Result<std::string>)> accepted) {
  const CommandSpec& spec = spec_of(command.kind);
  const bool emergency = command.kind == CommandKind::emergency_stop;
  if (!make_room() && !emergency) {
    counter(spec.type, "refused").inc();
    return accepted(Error{Errc::resource_exhausted, std::to_string(options_.max_running) +
                                                        " commands run already; wait for one"});
  }
  count_user(by.name);
  CommandRecord record;
  record.submitted = clock_.wall();
  record.id =
      uuid_v7(random_,
              static_cast<std::uint64_t>(
                  std::chrono::duration_cast<Millis>(record.submitted.time_since_epoch()).count()));
  record.type = spec.type;
  record.action = spec.action;
  record.by = by.name;
  record.request_json = std::move(request_json);
  const std::string id = record.id;
  const std::string json = command_json(record);
  records_.push_back(std::move(record));
  if (emergency) {
    run(id, command, by);  // The stop first; then it is told and stored.
    return accepted(json);
  }
  store_.save_command(
      id, json,
      [this, id, json, command = std::move(command), by, accepted = std::move(accepted),
       alive = std::weak_ptr<int>(alive_)](const Result<void>& stored) {
        if (alive.expired()) return;
        if (!stored) {
          std::erase_if(records_, [&](const CommandRecord& r) { return r.id == id; });
          counter(spec_of(command.kind).type, "refused").inc();
          return accepted(stored.error());
        }
        accepted(json);  // Before its result: a client learns the id first.
        run(id, command, by);
      });
}

void CommandService::run(const std::string& id, const Command& command, const Asker& by) {
  const CommandSpec& spec = spec_of(command.kind);
  metrics_
      .counter("gamekeeper_feature_uses_total", "Commands, by what they use",
               {{"feature", std::string(spec.type) + "." + std::string(spec.action)}})
      .inc();
  act(command, by,
      [this, id, request = by.correlation_id, alive = std::weak_ptr<int>(alive_),
       span = PendingSpan(clock_, "command.run", by.correlation_id)](
          const Result<std::string>& outcome) {
        if (alive.expired()) return;
        span.end_with(log_, clock_, outcome);
        finish(id, outcome, request);
      });
}

void CommandService::finish(const std::string& id, const Result<std::string>& outcome,
                            const std::string& correlation_id) {
  CommandRecord* record = find(id);
  if (record == nullptr || record->state != CommandState::running) return;
  record->ended = clock_.wall();
  if (outcome && outcome->size() <= kMaxResultBytes) {
    record->state = CommandState::succeeded;
    record->result_json = *outcome;
  } else if (outcome) {
    record->state = CommandState::succeeded;
    record->result_json = R"({"truncated":true})";
  } else {
    record->state = CommandState::failed;
    record->error = outcome.error();
  }
  counter(record->type, record->error ? "failed" : "succeeded").inc();
  log_.info("command.ended", record->error ? record->error->message : "a command succeeded",
            {{"command_id", id},
             {"type", record->type},
             {"action", record->action},
             {"by", record->by},
             {"ok", !record->error},
             {"correlation_id", correlation_id}});
  store_.save_command(id, command_json(*record), [&log = log_](const Result<void>& stored) {
    if (!stored) log.warn("sessions.not_stored", stored.error().message);
  });
  const CommandRecord copy = *record;  // A subscriber may send the next command.
  ended_.publish(copy);
}

void CommandService::act(const Command& command, const Asker& by,
                         const CommandActions::Done& done) {
  switch (command.kind) {
    case CommandKind::session_start:
    case CommandKind::session_pause:
    case CommandKind::session_stop:
    case CommandKind::mode_execute: return act_on_session(command, by, done);
    case CommandKind::mode_stop: return sessions_.stop_mode(command.mode_name, done);
    case CommandKind::macro_start: return start_macro(command, by, done);
    case CommandKind::macro_stop: {
      const auto stopped = [id = command.macro_id, done](bool gone) {
        std::string out;
        JsonWriter(out).begin_object().field("macro_id", id).field("stopped", gone).end_object();
        done(std::move(out));
      };
      const auto told = macros_.stop(command.macro_id, by.name, stopped);
      return told ? void() : done(told.error());
    }
    case CommandKind::config_reload:
      if (actions_.reload_config) return actions_.reload_config(done);
      return done(Error{Errc::unavailable,
                        "this daemon cannot read its configuration again while it runs; restart "
                        "it"});
    case CommandKind::diagnostics_run:
      if (actions_.diagnostics) return actions_.diagnostics(done);
      return done(Error{Errc::unavailable, "no diagnostics are connected"});
    case CommandKind::emergency_stop: break;
  }
  done(count_json("stopped", sessions_.emergency_stop(by)));
}

void CommandService::act_on_session(const Command& command, const Asker& by,
                                    const CommandActions::Done& done) {
  const bool is_new = command.kind == CommandKind::session_start && command.session_id.empty();
  if (is_new) {
    // A paused session of that character goes on; a second one beside it is hardly meant.
    const auto paused = sessions_.meant("", command.character_name);
    if (paused && !paused->empty()) {
      sessions_.count_command(*paused);
      return sessions_.start(*paused, by, done);
    }
    return sessions_.create({command.character_name, command.game, command.mode_name},
                            [this, by, done](const Result<std::string>& created) {
                              if (!created) return done(created.error());
                              const auto session = parse_json(*created);
                              const std::string id = session.value().find("id")->as_string();
                              sessions_.count_command(id);
                              sessions_.start(id, by, done);
                            });
  }
  const auto id = sessions_.meant(command.session_id, command.character_name);
  if (!id) return done(id.error());
  if (command.kind == CommandKind::mode_execute) {
    sessions_.count_command(*id);
    return sessions_.execute_mode(command.mode_name, *id, by, done);
  }
  if (id->empty()) return done(Error{Errc::not_found, "no session runs or pauses"});
  sessions_.count_command(*id);
  if (command.kind == CommandKind::session_start) return sessions_.start(*id, by, done);
  if (command.kind == CommandKind::session_pause) return sessions_.pause(*id, by, done);
  sessions_.stop(*id, by, done);
}

void CommandService::start_macro(const Command& command, const Asker& by,
                                 const CommandActions::Done& done) {
  if (!command.session_id.empty()) {
    const auto session = sessions_.meant(command.session_id, "");
    if (!session) return done(session.error());
  }
  MacroStart start;
  start.macro_id = command.macro_id;
  start.base_id = command.macro_id;
  start.script = command.script;
  start.macro_name = command.macro_name;
  start.profile = command.profile;
  start.safety_level = command.safety_level;
  start.game = command.game;
  start.args_json = command.args_json;
  if (!command.session_id.empty()) start.session_id = command.session_id;
  start.by = by.name;
  start.correlation_id = by.correlation_id;
  start.is_admin = by.is_admin;
  start.role = by.role;
  start.any_game = by.any_game;
  macros_.start(std::move(start), done);
}

Result<std::string> CommandService::one_json(std::string_view id) const {
  const CommandRecord* record = const_cast<CommandService*>(this)->find(id);
  if (record == nullptr) {
    return Error{Errc::not_found, "there is no command " + std::string(id) + " among the last " +
                                      std::to_string(options_.max_history)};
  }
  return command_json(*record);
}

std::string CommandService::history_json(std::size_t limit, std::string_view cursor) const {
  auto it = records_.rbegin();
  if (!cursor.empty()) {
    const auto at = std::find_if(records_.rbegin(), records_.rend(),
                                 [&](const CommandRecord& r) { return r.id == cursor; });
    if (at != records_.rend()) {
      it = std::next(at);
    } else {  // It made room meanwhile: ids (UUIDv7) grow with time.
      while (it != records_.rend() && !(it->id < cursor)) ++it;
    }
  }
  std::string out;
  JsonWriter w(out);
  w.begin_object().key("items").begin_array();
  std::string last;
  for (std::size_t n = 0; n < limit && it != records_.rend(); ++n, ++it) {
    w.raw(command_json(*it));
    last = it->id;
  }
  w.end_array().key("next_cursor");
  w.value(it == records_.rend() || last.empty() ? std::nullopt
                                                : std::optional(api::seal_cursor(last)))
      .end_object();
  return out;
}

}  // namespace gk::sessions
