// service_fixture_test.h: a GameService with one game, a real program of the shell.

#pragma once

#include <gtest/gtest.h>

#include <deque>

#include "arbiter/service/fakes_for_test.h"
#include "base/random.h"
#include "games/service.h"
#include "testing/capture_log.h"

#ifndef GK_WORKER
#define GK_WORKER "gamekeeper-worker"  // The build says where it is.
#endif

namespace gk::games {

using namespace std::chrono_literals;

/// Keeps games as they were handed in.
class FakeGameStore final : public GameStore {
 public:
  explicit FakeGameStore(net::Loop& loop) : loop_(loop) {}
  std::vector<StoredGame> saved;
  bool broken = false;

  Result<std::vector<StoredGame>> load() override { return saved; }
  void save(StoredGame game, Done done) override {
    Result<void> result;
    if (broken) result = Error{Errc::resource_exhausted, "disk full"};
    if (!broken) saved.push_back(std::move(game));
    loop_.post([done = std::move(done), result] { done(result); });
  }
  void remove(const std::string&, Done done) override {
    loop_.post([done = std::move(done)] { done({}); });
  }

 private:
  net::Loop& loop_;
};

/// The system's clock, which a test may move on.
class SkippingClock final : public Clock {
 public:
  MonoTime mono() const override { return system_.mono() + skipped; }
  WallTime wall() const override { return system_.wall(); }
  Nanos skipped{0};

 private:
  SystemClock system_;
};

/// A program that echoes what it is told, after `first` seconds for its first line.
class GameServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    lanes = arbiter::LaneService::create({}, loop, clock, log, metrics, lane_store, {}).value();
    environment.worker = GK_WORKER;
    service = std::make_unique<GameService>(
        GameServiceOptions{},
        GameServiceParts{.environment = environment,
                         .log = log,
                         .metrics = metrics,
                         .lanes = *lanes,
                         .store = store,
                         .sealer = {[](std::string_view plain) {
                                      std::vector<std::uint8_t> out(plain.begin(), plain.end());
                                      for (auto& byte : out) byte ^= 0x55;
                                      return out;
                                    },
                                    [](const std::vector<std::uint8_t>& sealed) {
                                      std::string out(sealed.begin(), sealed.end());
                                      for (auto& byte : out) byte = static_cast<char>(byte ^ 0x55);
                                      return std::optional(out);
                                    }},
                         .submit_signal = [this](std::string_view signal, double,
                                                 std::string_view subject, std::optional<Nanos>) {
                           signals.push_back(std::string(signal) + " " + std::string(subject));
                         }});
    seen = service->commands().subscribe(
        [this](const CommandSeen& command) { commands.push_back(command); });
  }
  void TearDown() override {
    seen = {};
    service.reset();
    lanes.reset();
  }
  /// A program of the shell, in kind stdio with a sentinel.
  void add(const std::string& script, double rate = 1000, std::int64_t burst = 1000) {
    GameSettings game;
    Complaints complaints;
    game = read_settings(parse_json(R"({"kind":"stdio","options":{"program":"/bin/sh",
        "sentinel":"{nonce}"}})")
                             .value(),
                         "prog", {}, complaints);
    game.options["arguments"] = "-c\n" + script;
    game.rate_per_s = rate;
    game.burst = burst;
    bool stored = false;
    service->put(game, std::nullopt, [&](const Result<void>& result) { stored = result.ok(); });
    ASSERT_TRUE(
        loop.run_until([&] { return stored && service->health("prog")->state == "ready"; }, 10s))
        << service->health("prog")->reason;
  }
  std::size_t send(const std::string& command, const std::string& sender = "macro:m",
                   Nanos timeout = 10s) {
    const std::size_t place = answers.size();
    answers.emplace_back();
    service->send({.game = "prog", .command = command, .sender = sender, .timeout = timeout},
                  [this, place](Result<SendReply> reply) { answers[place] = std::move(reply); });
    return place;
  }
  bool until(const std::function<bool()>& done) { return loop.run_until(done, 10s); }
  bool answered(std::size_t place) const { return answers[place].has_value(); }
  Errc error(std::size_t place) const {
    return answers[place] && !answers[place]->ok() ? answers[place]->error().code : Errc::internal;
  }
  std::string text(std::size_t place) const {
    return answers[place] && answers[place]->ok() ? (*answers[place])->text : "(none)";
  }

  net::Loop loop;
  SkippingClock clock;
  SystemRandom random;
  CaptureLog log;
  Metrics metrics;
  arbiter::FakeLaneStore lane_store{loop};
  FakeGameStore store{loop};
  LinkEnvironment environment{.loop = loop, .clock = clock, .random = random};
  std::unique_ptr<arbiter::LaneService> lanes;
  std::unique_ptr<GameService> service;
  Topic<CommandSeen>::Subscription seen;
  std::deque<std::optional<Result<SendReply>>> answers;
  std::vector<CommandSeen> commands;
  std::vector<std::string> signals;
};

}  // namespace gk::games
