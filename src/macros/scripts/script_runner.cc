#include "macros/scripts/script_runner.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/span.h"
#include "base/try.h"
#include "macros/scripts/json_lines_script.h"
#include "macros/scripts/rules/variables.h"

namespace gk::macros {
namespace {

constexpr std::string_view kCleaner = "gamekeeper";  // Source: games/port.h, SendRequest::sender

}  // namespace

ScriptRunner::ScriptRunner(RunnerOptions options, ScriptLibrary& library, ScriptMemory& memory,
                           ScriptStore& store, games::Port& port, net::Loop& loop,
                           const Clock& clock, Log& log, Metrics& metrics, Machine machine,
                           LuaLauncher* lua)
    : options_(std::move(options)),
      library_(library),
      memory_(memory),
      store_(store),
      port_(port),
      loop_(loop),
      clock_(clock),
      log_(log),
      machine_(std::move(machine)),
      lua_(lua),
      runs_total_(metrics.counter("gamekeeper_script_runs_total",
                                  "Runs of macros of the library that have begun")) {
  lines_ = port_.lines().subscribe([this](const games::GameLine& line) {
    // A line may end a run, and with it its place in the map: walk over copies.
    std::vector<std::shared_ptr<Running>> hearers;
    for (const auto& [id, run] : running_) {
      if (run->launch.game == line.game && !run->fenced) hearers.push_back(run);
    }
    for (const auto& run : hearers) {
      if (run->script) run->script->line(line.text);
    }
  });
  changes_ = library_.changed().subscribe([this](const ScriptChanged& change) {
    follow_resume(change.name);
    const bool removed = change.kind == ScriptChanged::Kind::removed;
    if (removed && find(change.name) == nullptr) forget(change.name);
  });
}

ScriptRunner::~ScriptRunner() = default;

ScriptRunner::Running* ScriptRunner::find(std::string_view macro_id) const {
  const auto found = running_.find(macro_id);
  return found == running_.end() ? nullptr : found->second.get();
}

Result<std::shared_ptr<ScriptRunner::Running>> ScriptRunner::admit(
    const ScriptLaunch& launch) const {
  if (running_.count(launch.macro_id) > 0) {
    return Error{Errc::already_exists, "macro " + launch.macro_id + " runs already"};
  }
  const LibraryEntry* entry = library_.find(launch.script);
  if (entry == nullptr)
    return Error{Errc::not_found, "no macro " + launch.script + " in the library"};
  if (!entry->script.settings.enabled) {
    return Error{Errc::failed_precondition, "macro " + launch.script + " is disabled"};
  }
  if (entry->program == nullptr) {
    return Error{Errc::failed_precondition, "macro " + launch.script + " is not valid"};
  }
  auto run = std::make_shared<Running>();  // shared: see running_
  run->launch = launch;
  if (run->launch.game.empty()) run->launch.game = entry->game;
  if (run->launch.args_json.empty()) run->launch.args_json = entry->script.settings.args_json;
  const std::string& game = run->launch.game;
  if (!game.empty() && !port_.health(game)) {
    return Error{Errc::not_found, "no game link " + game};
  }
  if (game.empty() && entry->needs_game) {
    const bool lua = entry->script.kind == ScriptKind::lua;
    return Error{
        Errc::failed_precondition,
        "macro " + launch.script +
            " acts on a game and names none: expected a game at its start, or " +
            (lua ? "\"-- game: NAME\" in its head (\"-- needs: nothing\" there if it can do "
                   "without)"
                 : "\"game\" in its text")};
  }
  run->subject = "macro:" + launch.macro_id;
  run->program = entry->program;
  return run;
}

std::string ScriptRunner::game_of(std::string_view script) const {
  const LibraryEntry* entry = library_.find(script);
  return entry == nullptr ? std::string() : entry->game;
}

void ScriptRunner::start(const ScriptLaunch& launch, Started started) {
  auto admitted = admit(launch);
  if (!admitted) return started(admitted.error());
  const std::shared_ptr<Running> run = *admitted;
  const LibraryEntry& entry = *library_.find(launch.script);
  if (entry.script.kind == ScriptKind::steps) {
    auto script =
        StepScript::create(run->program, run->launch.args_json, hands_of(run), loop_, clock_);
    if (!script) return started(script.error());
    run->script = std::move(*script);
    enter(run, started);
    return started(std::optional<sys::Spawned>());
  }
  if (lua_ == nullptr) {
    return started(Error{Errc::unavailable, "this daemon was built without a Lua worker"});
  }
  running_[run->launch.macro_id] = run;  // Its id is taken from now on.
  lua_->launch(run->launch, entry.script.source, hands_of(run),
               [this, alive = std::weak_ptr(alive_), run, started,
                span = PendingSpan(clock_, "script.start", run->launch.correlation_id)](
                   Result<LuaLauncher::Launched> launched) {
                 if (alive.expired()) return;
                 span.end_with(log_, clock_, launched);
                 const bool wanted = find(run->launch.macro_id) == run.get() && !run->fenced;
                 if (launched && wanted) {
                   run->script = std::move(launched->script);
                   enter(run, started);
                   return started(std::optional(std::move(launched->spawned)));
                 }
                 if (find(run->launch.macro_id) == run.get()) running_.erase(run->launch.macro_id);
                 if (!launched) return started(launched.error());
                 started(Error{Errc::cancelled, "it was ended before it had begun"});
               });
}

// A program gets the hands of a script, and nothing of the library.
Result<ProgramEnds> ScriptRunner::open(const ScriptLaunch& launch, Printed printed) {
  if (running_.count(launch.macro_id) > 0) {
    return Error{Errc::already_exists, "macro " + launch.macro_id + " runs already"};
  }
  if (!launch.game.empty() && !port_.health(launch.game)) {
    return Error{Errc::not_found, "no game link " + launch.game};
  }
  int input[2] = {-1, -1}, output[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, input) != 0) {
    return sys::file_error("create", "socket pair", errno);
  }
  sys::Fd ours(input[0]);
  ProgramEnds theirs{sys::Fd(input[1]), {}};
  if (::pipe2(output, O_CLOEXEC) != 0) return sys::file_error("create", "pipe", errno);
  sys::Fd printing(output[0]);
  theirs.output = sys::Fd(output[1]);
  ::fcntl(printing.get(), F_SETFL, O_NONBLOCK);
  auto run = std::make_shared<Running>();  // shared: see running_
  run->launch = launch;
  run->subject = "macro:" + launch.macro_id;
  run->script = std::make_unique<JsonLinesScript>(std::move(ours), std::move(printing),
                                                  hands_of(run), std::move(printed), loop_);
  enter(run, {});
  return theirs;
}

void ScriptRunner::drain(std::string_view macro_id) {
  const auto found = running_.find(macro_id);
  if (found == running_.end() || !found->second->script) return;
  const std::shared_ptr<Running> run = found->second;
  run->script->drain();
}

void ScriptRunner::enter(const std::shared_ptr<Running>& run, const Started&) {
  running_[run->launch.macro_id] = run;
  port_.lift_fence(run->subject);
  port_.set_pace(run->subject, Nanos(0));
  note(run->launch.macro_id,
       "starts" + (run->launch.game.empty() ? "" : " on " + run->launch.game));
}

void ScriptRunner::run(std::string_view macro_id) {
  const auto found = running_.find(macro_id);
  if (found == running_.end() || found->second->fenced) return;
  const std::shared_ptr<Running> run = found->second;
  runs_total_.inc();
  const LibraryEntry* entry = library_.find(run->launch.script);
  if (entry != nullptr && entry->script.settings.resume) save_run(run->launch);
  run->script->run();
}

void ScriptRunner::save_run(const ScriptLaunch& launch) {
  store_.save_run(
      {launch.macro_id, launch.script, launch.game, launch.args_json},
      [this, alive = std::weak_ptr(alive_), id = launch.macro_id](const Result<void>& saved) {
        if (saved || alive.expired()) return;
        log_.warn("script.resume_not_saved", saved.error().message, {{"macro_id", id}});
      });
}

// A macro that runs is remembered, or forgotten, from the change of its setting on.
void ScriptRunner::follow_resume(std::string_view script) {
  const LibraryEntry* entry = library_.find(script);
  const bool wanted = entry != nullptr && entry->script.settings.resume;
  for (const auto& [id, run] : running_) {
    // What is being launched asks for the setting when it begins.
    if (run->launch.script != script || run->fenced || run->script == nullptr) continue;
    if (wanted) {
      save_run(run->launch);
    } else {
      store_.remove_run(id,
                        [](const Result<void>&) {});  // At worst a start is refused with a note.
    }
  }
}

// The run is reached through weak copies: whoever still holds a hand after gone() does nothing.
ScriptHands ScriptRunner::hands_of(const std::shared_ptr<Running>& owner) {
  const std::weak_ptr<Running> weak = owner;
  ScriptHands hands;
  hands.send = [this, weak](std::string command, bool chat, Nanos timeout,
                            games::Port::Replied done) {
    const auto run = weak.lock();
    if (run == nullptr) return done(Error{Errc::cancelled, "the macro is gone"});
    send(*run, std::move(command), chat, timeout, std::move(done));
  };
  hands.say = [this, weak](std::string_view text, Nanos timeout, games::Port::Replied done) {
    const auto run = weak.lock();
    if (run == nullptr) return done(Error{Errc::cancelled, "the macro is gone"});
    const auto words = port_.say_words(run->launch.game);
    // Without a game, or when its link is gone, send() says what is missing and counts it.
    send(*run, spoken(words ? *words : "{text}", text), true, timeout, std::move(done));
  };
  hands.log = [this, weak](std::string_view text) {
    if (const auto run = weak.lock()) note(run->launch.macro_id, text);
  };
  hands.notify = [this, weak](std::string text) {
    const auto run = weak.lock();
    if (run != nullptr && !run->fenced) notify(run->launch.macro_id, std::move(text));
  };
  hands.recall = [this, id = owner->launch.macro_id](std::string_view key) {
    return memory_.get(id, key);
  };
  hands.remember = [this, weak](const std::string& key, std::string json) -> Result<void> {
    const auto run = weak.lock();
    if (run == nullptr || run->fenced) return Error{Errc::cancelled, "the macro is gone"};
    return memory_.set(run->launch.macro_id, key, std::move(json));
  };
  hands.signals = [this, game = owner->launch.game](std::string_view name) {
    return signal(game, name);
  };
  hands.failed = [this, weak](std::string_view why) {
    const auto run = weak.lock();
    if (run == nullptr || run->fenced) return;
    note(run->launch.macro_id, "! " + std::string(why));
    activity_.publish({run->launch.macro_id, ScriptActivity::Kind::error, std::string(why)});
  };
  // Later, because the service answers with gone(), which ends the run that is speaking.
  hands.ended = [this, weak, alive = std::weak_ptr(alive_)](bool ok, std::string reason) {
    loop_.post([this, weak, alive, ok, reason = std::move(reason)] {
      const auto run = alive.expired() ? nullptr : weak.lock();
      if (run == nullptr || run->fenced) return;
      note(run->launch.macro_id, ok ? "ends" : "fails: " + reason);
      ended_.publish({run->launch.macro_id, ok, reason});
    });
  };
  return hands;
}

void ScriptRunner::send(Running& run, std::string command, bool chat, Nanos timeout,
                        games::Port::Replied done) {
  const std::string id = run.launch.macro_id;
  if (run.fenced) return done(Error{Errc::cancelled, "the macro is being ended"});
  if (run.launch.game.empty()) {
    return done(Error{Errc::failed_precondition, "the macro was started without a game"});
  }
  note(id, "> " + command);
  activity_.publish(
      {id, chat ? ScriptActivity::Kind::chat : ScriptActivity::Kind::command, command});
  // A rule may have decided to end it right now.
  if (run.fenced) return done(Error{Errc::cancelled, "the macro is being ended"});
  port_.send({.game = run.launch.game,
              .command = std::move(command),
              .sender = run.subject,
              .actor = options_.actor,
              .timeout = timeout,
              .correlation_id = run.launch.correlation_id},
             [this, alive = std::weak_ptr(alive_), id,
              done = std::move(done)](const Result<games::SendReply>& reply) {
               if (alive.expired()) return;
               if (!reply && reply.error().code != Errc::cancelled) {
                 note(id, "! " + reply.error().message);
                 activity_.publish({id, ScriptActivity::Kind::error, reply.error().message});
               } else if (reply && !reply->text.empty()) {
                 note(id, "< " + reply->text.substr(0, reply->text.find('\n')));
               }
               done(reply);
             });
}

std::optional<double> ScriptRunner::signal(const std::string& game, std::string_view name) const {
  if (name == "cpu_usage" || name == "memory_usage" || name == "fps") {
    return machine_ ? machine_(name) : std::nullopt;
  }
  const auto health = port_.health(game);
  if (!health) return std::nullopt;
  if (name == "tick_ratio") return health->tick_ratio;
  if (name == "latency_ms") return health->latency_ms;
  return name == "response_time_ms" ? health->response_time_ms : std::nullopt;
}

void ScriptRunner::fence(std::string_view macro_id) {
  Running* run = find(macro_id);
  if (run == nullptr) return;
  run->fenced = true;
  if (run->script) run->script->fence();
  port_.fence(run->subject);
}

void ScriptRunner::interrupt(std::string_view macro_id) {
  if (Running* run = find(macro_id); run != nullptr && run->script) run->script->interrupt();
}

void ScriptRunner::pause(std::string_view macro_id) {
  if (Running* run = find(macro_id); run != nullptr && run->script) {
    run->script->pause();
    note(run->launch.macro_id, "is paused");
  }
}

void ScriptRunner::resume(std::string_view macro_id) {
  const auto found = running_.find(macro_id);
  if (found == running_.end() || !found->second->script) return;
  const std::shared_ptr<Running> run = found->second;
  note(run->launch.macro_id, "goes on");
  run->script->resume();
}

void ScriptRunner::set_pace(std::string_view macro_id, Nanos interval) {
  if (Running* run = find(macro_id)) port_.set_pace(run->subject, interval);
}

void ScriptRunner::gone(std::string_view macro_id, bool cancelled, std::string_view why) {
  const auto found = running_.find(macro_id);
  if (found == running_.end()) return;
  const std::shared_ptr<Running> run = std::move(found->second);
  running_.erase(found);
  run->fenced = true;
  if (run->script) run->script->fence();
  port_.fence(run->subject);
  const std::string id = run->launch.macro_id;
  if (!why.empty()) note(id, why);
  const LibraryEntry* entry = library_.find(run->launch.script);
  if (!stopping_ && entry != nullptr && entry->script.settings.resume) {
    store_.remove_run(id, [](const Result<void>&) {});  // At worst it starts once too often.
  }
  if (cancelled && run->program && !run->program->on_cancel.empty() && !run->launch.game.empty()) {
    begin_cleanup(*run);
  }
  // It was removed while it ran.
  if (entry == nullptr && run->launch.script == id) forget(id);
}

// Another macro that gets the name must not find what this one kept.
void ScriptRunner::forget(const std::string& macro_id) {
  memory_.forget(macro_id);
  console_.forget(macro_id);
}

// The daemon itself says the last words: the macro's own name is fenced.
void ScriptRunner::begin_cleanup(const Running& run) {
  const std::string id = run.launch.macro_id;
  if (cleanups_.size() >= options_.max_cleanups) {
    return note(id, "on_cancel is not run: too many at a time");
  }
  const std::uint64_t number = ++last_cleanup_;
  ScriptHands hands;
  hands.send = [this, game = run.launch.game, correlation_id = run.launch.correlation_id, id](
                   std::string command, bool, Nanos timeout, games::Port::Replied done) {
    note(id, "on_cancel > " + command);
    port_.send({.game = game,
                .command = std::move(command),
                .sender = std::string(kCleaner),
                .actor = options_.actor,
                .timeout = std::min<Nanos>(timeout, options_.cancel_deadline),
                .correlation_id = correlation_id},
               std::move(done));
  };
  hands.log = [this, id](std::string_view text) { note(id, text); };
  hands.notify = [this, id](std::string text) { notify(id, std::move(text)); };
  hands.recall = [](std::string_view) -> const std::string* { return nullptr; };
  hands.remember = [](const std::string&, const std::string&) { return Result<void>(); };
  hands.signals = [this, game = run.launch.game](std::string_view name) {
    return signal(game, name);
  };
  hands.ended = [this, number, alive = std::weak_ptr(alive_)](bool ok, const std::string& reason) {
    loop_.post([this, number, alive, how = ok ? "is done" : "failed: " + reason] {
      if (!alive.expired()) end_cleanup(number, how);
    });
  };
  auto script = StepScript::create(run.program, run.launch.args_json, std::move(hands), loop_,
                                   clock_, StepRun::Part::on_cancel);
  if (!script) return note(id, "on_cancel: " + script.error().message);
  Cleanup& cleanup = cleanups_[number];
  cleanup.macro_id = id;
  cleanup.script = std::move(*script);
  cleanup.deadline = loop_.after(options_.cancel_deadline,
                                 [this, number] { end_cleanup(number, "ran out of time"); });
  cleanup.script->run();
}

void ScriptRunner::end_cleanup(std::uint64_t number, const std::string& how) {
  auto node = cleanups_.extract(number);
  if (node) note(node.mapped().macro_id, "on_cancel " + how);
}

void ScriptRunner::note(const std::string& macro_id, std::string_view text) {
  const ConsoleLine line = console_.add(macro_id, text, clock_.wall());
  logged_.publish({macro_id, line});
}

void ScriptRunner::notify(const std::string& macro_id, std::string text) {
  constexpr std::size_t kMaxNotice = 1024;  // Source: chosen; a chat message holds 2000
  if (text.size() > kMaxNotice) text.resize(kMaxNotice);
  note(macro_id, "notifies: " + text);
  notices_.publish({macro_id, std::move(text)});
}

}  // namespace gk::macros
