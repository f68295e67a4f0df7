// fakes_for_test.h: an observer that a test drives, a store that keeps or refuses everything, game
// links that note what is written after a fence, and a host of scripts.

#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "games/port.h"
#include "macros/macro_store.h"
#include "macros/observer.h"
#include "macros/script_host.h"
#include "net/loop.h"

namespace gk::macros {

/// Thread: compatible.
class FakeObserver final : public Observer {
 public:
  explicit FakeObserver(const Clock& clock) : clock_(clock) {}
  Result<void> watch(std::string_view subject, int pid) override {
    watched[std::string(subject)] = pid;
    return {};
  }
  void unwatch(std::string_view subject) override { watched.erase(std::string(subject)); }
  void set_fast(bool on) override { fast = on; }
  Published latest() const override { return latest_; }
  Topic<Published>& snapshots() override { return topic_; }

  void history(const std::string& signal, const std::string& subject, WallTime from, WallTime to,
               Recorded done) override {
    RecordedSeries out{signal, subject, {}, {}};
    for (const RecordedSeries& series : recorded) {
      if (series.signal != signal || series.subject != subject) continue;
      out.aggregates = series.aggregates;
      for (const auto& s : series.raw) {
        if (s.at >= from && s.at <= to) out.raw.push_back(s);
      }
    }
    done(std::move(out));
  }
  std::vector<std::string> measured_macros() const override { return measured; }
  std::vector<RecordedSeries> recorded;  ///< What history() knows.
  std::vector<std::string> measured;

  monitor::Signal known(double value) const {
    return monitor::Signal::known(value, clock_.mono(), clock_.wall(), Millis(100));
  }
  /// Publishes `next` as of now.
  void publish() {
    next.at = clock_.mono();
    next.wall = clock_.wall();
    ++next.number;
    latest_ = std::make_shared<const monitor::Snapshot>(next);
    topic_.publish(latest_);
  }
  monitor::Snapshot next;
  std::map<std::string, int> watched;
  bool fast = false;

 private:
  const Clock& clock_;
  Published latest_;
  Topic<Published> topic_;
};

/// Thread: compatible.
class FakeStore final : public MacroStore {
 public:
  explicit FakeStore(net::Loop& loop) : loop_(loop) {}
  bool broken = false;  ///< Every call fails.
  std::vector<CancellationEvent> events;
  std::map<std::string, std::string> evidence, profiles, approvals;

  Result<StoredMacros> load() override {
    return StoredMacros{{}, 0, profiles, approvals, {}, {}, {}};
  }
  void save_event(const CancellationEvent& event, Done done) override {
    if (!broken) events.push_back(event);
    answer(std::move(done));
  }
  void save_evidence(const std::string& id, std::string json, Done done) override {
    if (!broken) evidence[id] = std::move(json);
    answer(std::move(done));
  }
  void load_evidence(const std::string& id, Evidence done) override {
    loop_.post([this, id, done] {
      if (evidence.count(id) == 0) return done(Error{Errc::not_found, "no evidence"});
      done(evidence[id]);
    });
  }
  void save_profile(const std::string& id, std::string json, Done done) override {
    if (!broken) profiles[id] = std::move(json);
    answer(std::move(done));
  }
  void delete_profile(const std::string& id, Done done) override {
    if (!broken) profiles.erase(id);
    answer(std::move(done));
  }
  void save_approval(const std::string& profile, const std::string& hash, const std::string&,
                     Done done) override {
    if (!broken) approvals[profile] = hash;
    answer(std::move(done));
  }
  void save_quarantine(const QuarantineEntry& entry, Done done) override {
    if (!broken) quarantine[entry.macro_id] = entry;
    answer(std::move(done));
  }
  void delete_quarantine(const std::string& id, Done done) override {
    if (!broken) quarantine.erase(id);
    answer(std::move(done));
  }
  void save_output(const ProgramOutput& output, Done done) override {
    if (!broken) outputs.push_back(output);
    answer(std::move(done));
  }
  void save_level(const std::string& id, std::optional<SafetyLevel> level, Done done) override {
    if (!broken) levels[id] = level;
    answer(std::move(done));
  }
  std::map<std::string, QuarantineEntry> quarantine;
  std::vector<ProgramOutput> outputs;  ///< Each write.
  std::map<std::string, std::optional<SafetyLevel>> levels;

 private:
  void answer(Done done) {
    loop_.post([done = std::move(done), fails = broken] {
      done(fails ? Result<void>(Error{Errc::unavailable, "the disk is gone"}) : Result<void>());
    });
  }
  net::Loop& loop_;
};

/// Game links that write at once. Thread: compatible.
class FakePort final : public games::Port {
 public:
  bool honours_fence = true;  ///< False: the planted bug, a link that writes on.
  std::vector<std::string> written, paces;
  std::set<std::string, std::less<>> fenced;
  std::size_t written_after_fence = 0;

  void send(games::SendRequest request, Replied done) override {
    const bool is_fenced = fenced.count(request.sender) > 0;
    if (is_fenced && honours_fence) {
      return done(Error{Errc::cancelled, request.sender + " is fenced"});
    }
    written_after_fence += is_fenced ? 1 : 0;
    written.push_back(request.command);
    commands_.publish({request.game, request.sender, request.command, false, true});
    done(games::SendReply{});
  }
  std::size_t fence(std::string_view sender) override {
    for (auto& slot : room_) {
      if (!slot.empty()) continue;
      slot.assign(sender);  // Reserved before: a fence needs no memory.
      break;
    }
    if (fenced.find(sender) == fenced.end() && !without_memory) fenced.emplace(sender);
    return 0;
  }
  void lift_fence(std::string_view sender) override {
    if (const auto it = fenced.find(sender); it != fenced.end()) fenced.erase(it);
  }
  void set_pace(std::string_view sender, Nanos interval) override {
    paces.push_back(std::string(sender) + " " + std::to_string(interval.count() / 1'000'000));
  }
  std::optional<games::GameHealth> health(std::string_view) const override { return std::nullopt; }
  Result<std::string> say_words(std::string_view) const override {
    return std::string("say {text}");
  }
  std::vector<std::string> names() const override { return {"world"}; }
  Topic<games::GameLine>& lines() override { return lines_; }
  Topic<games::CommandSeen>& commands() override { return commands_; }

  /// For tests of the emergency stop: fences are kept in slots that exist already.
  void reserve_fences() {
    without_memory = true;
    for (auto& slot : room_) slot.reserve(128);
  }
  std::size_t fences() const {
    std::size_t n = 0;
    for (const auto& slot : room_) n += slot.empty() ? 0 : 1;
    return n;
  }

 private:
  bool without_memory = false;
  std::array<std::string, 8> room_;
  Topic<games::GameLine> lines_;
  Topic<games::CommandSeen> commands_;
};

/// Runs nothing; its workers are children that sleep. Thread: compatible.
class FakeScriptHost final : public ScriptHost {
 public:
  std::string own_game;
  std::string game_of(std::string_view) const override { return own_game; }
  bool has_process = true;
  bool ends_on_interrupt = false;  ///< Else the worker must be killed.
  std::optional<Error> refuses;
  std::string calls;           ///< "start a run a fence a …"
  std::function<void()> held;  ///< With `holds_start`: completes the start.
  bool holds_start = false;
  std::map<std::string, int, std::less<>> pids;

  void start(const ScriptLaunch& launch, Started started) override {
    calls += "start " + launch.macro_id + " ";
    last = launch;
    if (refuses) return started(*refuses);
    if (holds_start) {
      held = [this, id = launch.macro_id, started = std::move(started)] { begin(id, started); };
      return;
    }
    begin(launch.macro_id, started);
  }
  Result<ProgramEnds> open(const ScriptLaunch& launch, Printed printed) override {
    note("open", launch.macro_id);
    if (refuses) return *refuses;
    last = launch;
    print = std::move(printed);
    if (ends) return *std::exchange(ends, std::nullopt);
    return ProgramEnds{sys::Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)),
                       sys::Fd(::open("/dev/null", O_WRONLY | O_CLOEXEC))};
  }
  Printed print;                          ///< Of the last program.
  std::optional<ProgramEnds> ends;        ///< Of the next program; else of none.
  std::optional<ScriptEnded> last_frame;  ///< Of a script whose process ends before it is read.
  net::Loop* last_loop = nullptr;         ///< Told in a later turn, as the runner does.
  void drain(std::string_view id) override {
    if (last_frame) last_loop->post([this] { ended_.publish(*last_frame); });
    if (!print) return;
    note("drain", id);
    print("last words\n");
  }
  void run(std::string_view id) override { note("run", id); }
  void fence(std::string_view id) override {
    ++fences;
    if (!without_memory) note("fence", id);
  }
  void interrupt(std::string_view id) override {
    note("interrupt", id);
    const auto it = pids.find(id);
    if (ends_on_interrupt && it != pids.end()) (void)::kill(it->second, SIGKILL);
  }
  void pause(std::string_view id) override { note("pause", id); }
  void resume(std::string_view id) override { note("resume", id); }
  void set_pace(std::string_view id, Nanos interval) override {
    note("pace-" + std::to_string(interval.count() / 1'000'000), id);
  }
  void gone(std::string_view id, bool cancelled, std::string_view why) override {
    note(cancelled ? "gone-cancelled" : "gone", id);
    last_why = why;
  }
  Topic<ScriptEnded>& ended() override { return ended_; }
  Topic<ScriptActivity>& activity() override { return activity_; }

  ScriptLaunch last;
  std::string last_why;  ///< Of gone().
  std::size_t fences = 0;
  bool without_memory = false;

 private:
  void note(std::string_view what, std::string_view id) {
    calls.append(what).append(" ").append(id).append(" ");
  }
  void begin(const std::string& id, const Started& started) {
    if (!has_process) return started(std::optional<sys::Spawned>());
    const int pid = ::fork();
    if (pid == 0) {
      for (;;) ::pause();
    }
    pids[id] = pid;
    sys::Spawned spawned;
    const auto facts = sys::process_facts(pid);
    spawned.process = sys::ProcessHandle::open(pid, facts->start_ticks).value();
    spawned.mode = sys::Confinement::user_namespace;
    started(std::optional<sys::Spawned>(std::move(spawned)));
  }
  Topic<ScriptEnded> ended_;
  Topic<ScriptActivity> activity_;
};

}  // namespace gk::macros
