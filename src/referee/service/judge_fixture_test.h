// judge_fixture_test.h: a judge with an ingest, and play to feed it.

#pragma once

#include <gtest/gtest.h>

#include "referee/offline/generate.h"
#include "referee/service/ingest.h"
#include "referee/service/ingest_client.h"
#include "testing/seeded_random.h"

namespace gk::referee {

/// Play of one player, as a game server would report it.
struct Played {
  MoveProfile profile;
  std::vector<TraceEvent> events;
};

inline Played play(std::string_view scenario, double seconds, std::uint64_t seed = 7) {
  Scenario s = scenario_of(scenario).value();
  s.seed = seed;
  s.seconds = seconds;
  s.cheat_from = 2;
  s.declared = false;
  Session session = generate(s);
  return {profile_of(session.events.front()), std::move(session.events)};
}

class JudgeTest : public testing::Test {
 protected:
  static constexpr std::int64_t kStart = 3'600'000'000;
  Now at(std::int64_t us) const { return {kStart + us, WallTime(Micros(us))}; }

  Handle join(const std::string& name, std::int64_t us = 0, MoveProfile profile = walker()) {
    auto joined = judge.join(name, profile, std::nullopt, at(us), at(us).us);
    EXPECT_TRUE(joined) << joined.error().message;
    return joined ? *joined : Handle{};
  }
  static MoveProfile walker() {
    MoveProfile profile;
    profile.max_speed = 5;
    return profile;
  }
  /// One movement, 50 ms apart by sequence.
  Verdict move(Handle handle, std::uint32_t sequence, float x) {
    Move m;
    m.player = judge.id_of(handle);
    m.sequence = sequence;
    m.client_us = std::int64_t{50'000} * sequence;
    m.received_us = at(m.client_us).us;
    m.position = {x, 0, 0};
    Verdict verdict;
    judge.judge({&m, 1}, {&handle, 1}, {&verdict, 1}, at(m.client_us));
    return verdict;
  }
  /// Feeds `played` to `handle`; how many movements were refused.
  int feed(Handle handle, const Played& played) {
    int refused = 0;
    for (const TraceEvent& event : played.events) {
      if (event.kind != TraceKind::move) continue;
      Move m = move_of(event, judge.id_of(handle));
      const Now now = at(m.received_us);
      m.received_us = now.us;
      Verdict verdict;
      judge.judge({&m, 1}, {&handle, 1}, {&verdict, 1}, now);
      refused += verdict.outcome == MoveOutcome::rejected ? 1 : 0;
    }
    return refused;
  }

  Metrics metrics;
  SeededRandom random{9};
  Judge judge{{.max_players = 16, .max_verdicts = 200}, metrics};
  Ingest ingest{judge, random, metrics, {.allowed_uids = {1234}, .own_uid = 1000}};
};

}  // namespace gk::referee
