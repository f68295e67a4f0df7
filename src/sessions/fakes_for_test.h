// fakes_for_test.h: macros that only pretend to run, and a store that keeps or refuses everything.

#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "sessions/macro_port.h"
#include "sessions/session_store.h"

namespace gk::sessions {

/// Thread: compatible.
class FakeMacros final : public MacroPort {
 public:
  std::map<std::string, MacroStart> running;
  std::set<std::string> paused, refused, cannot_pause;
  std::string stopped_by;                   ///< Of the last stop().
  bool slow = false;                        ///< Starts are answered by `held`.
  std::vector<std::function<void()>> held;  ///< A program that is being started.

  void start(MacroStart start, std::function<void(Result<std::string>)> done) override {
    const std::string id = start.macro_id;
    if (running.contains(id)) return done(Error{Errc::already_exists, id + " runs"});
    if (refused.contains(id)) return done(Error{Errc::permission_denied, id + " may not run"});
    running[id] = std::move(start);
    if (!slow) return done(std::string("{}"));
    held.push_back([done = std::move(done)] { done(std::string("{}")); });
  }
  Result<void> stop(std::string_view id, const std::string& by,
                    std::function<void(bool)> done) override {
    stopped_by = by;
    const auto it = running.find(std::string(id));
    if (it == running.end()) return Error{Errc::not_found, "macro " + std::string(id) + " is not"};
    end(it->first);
    done(true);
    return {};
  }
  Result<void> pause(std::string_view id, const std::string&) override {
    if (cannot_pause.contains(std::string(id))) {
      return Error{Errc::failed_precondition, "it gave no pid"};
    }
    paused.emplace(id);
    return {};
  }
  Result<void> resume(std::string_view id) override {
    paused.erase(std::string(id));
    return {};
  }
  std::size_t stop_all(const std::string& reason) override {
    const auto all = running;
    for (const auto& [id, start] : all) cancel(id, reason);
    return all.size();
  }
  /// As the macro service does it: told, then gone.
  void cancel(const std::string& id, const std::string& reason) {
    cancelled_.publish({id, running.at(id).session_id, reason});
    end(id);
  }
  void end(std::string id) {
    running.erase(id);
    ended_.publish({id});
  }
  Topic<MacroEnded>& ended() override { return ended_; }
  Topic<MacroCancelled>& cancelled() override { return cancelled_; }

 private:
  Topic<MacroEnded> ended_;
  Topic<MacroCancelled> cancelled_;
};

/// Thread: compatible.
class FakeStore final : public SessionStore {
 public:
  bool broken = false;  ///< Every call fails.
  std::map<std::string, std::string> sessions, modes, commands;
  std::vector<std::function<void()>> answers;  ///< Waiting; see settle().

  Result<StoredSessions> load() override {
    StoredSessions out;
    for (const auto& [id, json] : sessions) out.sessions.push_back(json);
    for (const auto& [id, json] : modes) out.modes.emplace_back(id, json);
    for (const auto& [id, json] : commands) out.commands.push_back(json);
    return out;
  }
  void save_session(const std::string& id, std::string json, Done done) override {
    if (!broken) sessions[id] = std::move(json);
    answer(std::move(done));
  }
  void delete_session(const std::string& id, Done done) override {
    if (!broken) sessions.erase(id);
    answer(std::move(done));
  }
  void save_mode(const std::string& name, std::string json, Done done) override {
    if (!broken) modes[name] = std::move(json);
    answer(std::move(done));
  }
  void delete_mode(const std::string& name, Done done) override {
    if (!broken) modes.erase(name);
    answer(std::move(done));
  }
  void save_command(const std::string& id, std::string json, Done done) override {
    if (!broken) commands[id] = std::move(json);
    answer(std::move(done));
  }
  /// Gives all answers, also those that come meanwhile.
  void settle() {
    while (!answers.empty()) {
      const auto now = std::exchange(answers, {});
      for (const auto& task : now) task();
    }
  }

 private:
  void answer(Done done) {
    answers.push_back([done = std::move(done), fails = broken] {
      done(fails ? Result<void>(Error{Errc::unavailable, "the disk is gone"}) : Result<void>());
    });
  }
};

}  // namespace gk::sessions
