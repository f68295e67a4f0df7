// fakes_for_test.h: a port that a test drives, a daemon's worth of this room on a temporary file.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "games/port.h"
#include "macros/scripts/library.h"
#include "macros/scripts/macro_starter.h"
#include "macros/scripts/script_memory.h"
#include "macros/scripts/script_runner.h"
#include "testing/capture_log.h"
#include "testing/manual_clock.h"
#include "testing/temp_dir.h"

namespace gk::macros {

/// Answers every command as `answer` says; a fence holds as in the real one.
/// Thread: compatible.
class FakePort final : public games::Port {
 public:
  explicit FakePort(net::Loop& loop) : loop_(loop) {}

  std::map<std::string, games::GameHealth, std::less<>> games = {
      {"arena", {.state = "ready", .reason = "", .tick_ratio = 1.0}}};
  std::function<Result<std::string>(const std::string& command)> answer = [](const std::string&) {
    return std::string("ok");
  };
  bool hold = false;            ///< Keeps commands until release().
  bool at_once = false;         ///< Answers from within send().
  bool leaky_for_test = false;  ///< A planted bug: forgets fences.
  std::vector<games::SendRequest> sent;
  std::map<std::string, Nanos, std::less<>> paces;

  std::vector<std::string> commands_of(std::string_view sender) const {
    std::vector<std::string> out;
    for (const auto& request : sent) {
      if (request.sender == sender) out.push_back(request.command);
    }
    return out;
  }
  void send(games::SendRequest request, Replied done) override {
    if (games.count(request.game) == 0) return done(Error{Errc::not_found, "no such game"});
    if (!leaky_for_test && fenced.count(request.sender) > 0) {
      return done(Error{Errc::cancelled, "fenced"});
    }
    if (hold) {
      held_.emplace_back(std::move(request), std::move(done));
    } else {
      write(std::move(request), std::move(done));
    }
  }
  void release() {
    hold = false;
    for (auto& [request, done] : std::exchange(held_, {}))
      write(std::move(request), std::move(done));
  }
  std::size_t fence(std::string_view sender) override {
    fenced.insert(std::string(sender));
    if (leaky_for_test) return 0;
    std::size_t dropped = 0;
    for (auto& [request, done] : std::exchange(held_, {})) {
      if (request.sender == sender) {
        ++dropped;
        done(Error{Errc::cancelled, "fenced"});
      } else {
        held_.emplace_back(std::move(request), std::move(done));
      }
    }
    return dropped;
  }
  void lift_fence(std::string_view sender) override { fenced.erase(std::string(sender)); }
  void set_pace(std::string_view sender, Nanos interval) override {
    paces[std::string(sender)] = interval;
  }
  std::optional<games::GameHealth> health(std::string_view game) const override {
    const auto found = games.find(game);
    return found == games.end() ? std::nullopt : std::optional(found->second);
  }
  std::string words = "say {text}";  ///< Of every game.
  Result<std::string> say_words(std::string_view game) const override {
    if (games.count(game) == 0) return Error{Errc::not_found, "no such game"};
    return words;
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> out;
    for (const auto& [name, health] : games) out.push_back(name);
    return out;
  }
  Topic<games::GameLine>& lines() override { return lines_; }
  Topic<games::CommandSeen>& commands() override { return commands_; }
  void say(const std::string& text, const std::string& game = "arena") {
    lines_.publish({game, text});
  }
  std::set<std::string> fenced;

 private:
  void write(games::SendRequest request, Replied done) {
    sent.push_back(request);
    auto reply = answer(request.command);
    const auto tell = [done, reply] {
      if (!reply) return done(reply.error());
      games::SendReply out;
      out.text = *reply;
      done(out);
    };
    at_once ? tell() : loop_.post(tell);
  }
  net::Loop& loop_;
  std::vector<std::pair<games::SendRequest, Replied>> held_;
  Topic<games::GameLine> lines_;
  Topic<games::CommandSeen> commands_;
};

/// Starts what it is told to, without a macro service.
/// Thread: compatible.
class FakeStarter final : public MacroStarter {
 public:
  std::vector<ScriptStart> starts;
  std::vector<std::string> stops;
  Result<std::string> answer = std::string("{}");
  void start(ScriptStart start, Started done) override {
    starts.push_back(std::move(start));
    done(answer);
  }
  Result<void> stop(std::string_view macro_id) override {
    stops.emplace_back(macro_id);
    return {};
  }
};

/// A state.db of one test's own.
inline std::unique_ptr<store::Writer> open_test_store(const std::string& path, const Clock& clock,
                                                      Log& log, Metrics& metrics) {
  auto database = store::Database::open({.path = path}).value();
  const auto rooms = scripts_migrations();
  store::migrate(*database, std::span(&rooms, 1), clock.wall()).value();
  return std::make_unique<store::Writer>(std::move(database), store::WriterOptions{.name = "state"},
                                         clock, log, metrics);
}

/// The library over a file, with a clock that a test moves.
struct LibraryBench {
  explicit LibraryBench(LuaCheck check = {})
      : library(store, clock, log, pool, loop, std::move(check)), memory(store, loop, log) {}

  TempDir dir;
  net::Loop loop;
  ManualClock clock;
  CaptureLog log;
  Metrics metrics;
  std::unique_ptr<store::Writer> writer = open_test_store(dir / "state.db", clock, log, metrics);
  ScriptStore store{*writer, loop};
  WorkerPool pool{{}};
  ScriptLibrary library;
  ScriptMemory memory;

  /// The error of a change, or "".
  std::string wait(const std::function<void(std::function<void(Result<void>)>)>& change) {
    std::optional<Result<void>> answer;
    change([&](const Result<void>& result) { answer = result; });
    loop.run_until([&] { return answer.has_value(); }, Seconds(10));
    if (!answer) return "no answer";
    return *answer ? "" : answer->error().message;
  }
  std::string put(const std::string& name, const std::string& source, ScriptSettings settings = {},
                  ScriptKind kind = ScriptKind::steps) {
    return wait([&](auto done) {
      library.put({.name = name, .kind = kind, .source = source, .settings = settings, .by = "ada"},
                  done);
    });
  }
};

}  // namespace gk::macros
