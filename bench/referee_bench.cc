// Cost of the referee: one movement, in cache and at random, and one line of a trace.
#include <benchmark/benchmark.h>

#include <sstream>
#include <vector>

#include "gamekeeper/referee.h"
#include "referee/offline/dice.h"
#include "referee/offline/replay.h"
#include "referee/offline/score.h"

namespace {

using gk::Move;
using gk::Referee;

/// `players` runners; movements come in random order of player.
struct Crowd {
  explicit Crowd(std::uint32_t count, gk::Space space)
      : referee(Referee::create({.max_players = count}).value()) {
    const auto profile =
        referee.add_profile({.space = space, .max_speed = 5, .max_rise_speed = 8, .gravity = 20})
            .value();
    for (std::uint32_t i = 0; i < count; ++i)
      players.push_back(referee.add_player(profile, 0).value());
    order.resize(1 << 20);
    gk::referee::Dice dice(1);
    for (std::uint32_t& i : order) i = static_cast<std::uint32_t>(dice.below(count));
    clock.assign(count, 0);
  }
  Move next() {
    const std::uint32_t i = order[at++ & (order.size() - 1)];
    Move move;
    move.player = players[i];
    const std::int64_t t = clock[i] += 50'000;
    move.received_us = move.client_us = t;
    move.sequence = static_cast<std::uint32_t>(t / 50'000);
    move.position.x = static_cast<float>(t % 100'000) * 2e-6F;  // Back and forth, full speed.
    move.ground = gk::Ground::contact;
    return move;
  }
  Referee referee;
  std::vector<gk::PlayerId> players;
  std::vector<std::uint32_t> order;
  std::vector<std::int64_t> clock;
  std::size_t at = 0;
};

void batch(benchmark::State& state, gk::Space space) {
  Crowd crowd(static_cast<std::uint32_t>(state.range(0)), space);
  std::vector<Move> moves(4096);
  std::vector<gk::Verdict> verdicts(moves.size());
  double refused = 0;
  for (auto _ : state) {
    state.PauseTiming();
    for (Move& move : moves) move = crowd.next();
    state.ResumeTiming();
    crowd.referee.move_batch(moves, verdicts);
    refused += verdicts[0].outcome != gk::MoveOutcome::accepted;
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(moves.size()));
  state.counters["refused"] = refused;
}
void BM_MoveBatch2d(benchmark::State& state) { batch(state, gk::Space::flat_2d); }
void BM_MoveBatch3d(benchmark::State& state) { batch(state, gk::Space::solid_3d); }
BENCHMARK(BM_MoveBatch2d)->Arg(1000)->Arg(100'000);
BENCHMARK(BM_MoveBatch3d)->Arg(1000)->Arg(100'000);

void BM_Replay(benchmark::State& state) {
  std::string text;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto session = gk::referee::generate({.seed = seed});
    for (const auto& event : session.events) gk::referee::write_trace_line(event, text);
  }
  std::uint64_t lines = 0;
  for (auto _ : state) {
    std::istringstream in(text);
    std::ostringstream out;
    lines += gk::referee::replay(in, out, out, {})->lines;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(lines));
}
BENCHMARK(BM_Replay);

}  // namespace
