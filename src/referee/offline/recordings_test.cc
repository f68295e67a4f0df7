// Real play: the Rocket League recordings must pass without one refusal.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gamekeeper/referee.h"

namespace gk {
namespace {

struct Row {
  double t, x, y, z, speed;
  int player;
  bool spawn;
};

/// All rows of a compressed CSV, read through gzip(1).
std::vector<Row> read_rows(const std::string& path) {
  std::vector<Row> rows;
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(("gzip -dc '" + path + "'").c_str(), "r"),
                                             pclose);
  std::array<char, 256> line{};
  while (pipe && std::fgets(line.data(), line.size(), pipe.get())) {
    Row row{};
    double v[3] = {};
    int spawn = 0;
    if (std::sscanf(line.data(), "%lf,%d,%lf,%lf,%lf,%lf,%lf,%lf,%d", &row.t, &row.player, &row.x,
                    &row.y, &row.z, &v[0], &v[1], &v[2], &spawn) != 9)
      continue;
    row.speed = std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    row.spawn = spawn != 0;
    rows.push_back(row);
  }
  double widest = 0;
  for (const Row& row : rows) widest = std::max(widest, std::fabs(row.x));
  if (widest < 100)
    for (Row& row : rows) row.x *= 100, row.y *= 100, row.z *= 100;
  return rows;
}

struct Tally {
  std::size_t samples = 0, refused = 0, reviewed = 0, seats = 0;
};

Tally judge(const std::vector<Row>& rows) {
  Referee referee = Referee::create({}).value();
  const ProfileId car =
      referee.add_profile({.max_speed = 2300, .units_per_metre = 100, .nominal_us = 33'000})
          .value();
  std::map<int, PlayerId> players;
  std::map<int, double> last;
  Tally tally;
  for (const Row& row : rows) {
    const auto now = std::llround(row.t * 1e6);
    auto [at, fresh] = players.try_emplace(row.player);
    if (fresh) at->second = referee.add_player(car, now).value();
    if (!fresh && last[row.player] == row.t) continue;  // The recording repeats the row.
    last[row.player] = row.t;
    const Vec3 p{static_cast<float>(row.x), static_cast<float>(row.y), 0};
    if (row.spawn) (void)referee.declare_teleport(at->second, p, now);
    Move move;
    move.player = at->second;
    move.received_us = now;
    move.position = p;
    move.has_clock = move.has_sequence = false;
    ++tally.samples;
    if (referee.move(move).outcome != MoveOutcome::rejected) continue;
    if (tally.refused++ == 0)
      std::printf("seat %d at %.4f s: %s\n", row.player, row.t,
                  referee.explain(at->second)->sentence);
  }
  tally.seats = players.size();
  for (const auto& [seat, player] : players)
    tally.reviewed += referee.status(player, 0)->state == PlayerState::review;
  return tally;
}

TEST(Recordings, RocketLeagueHasNoRefusal) {
  const std::string folder = std::string(GK_SOURCE_DIR) + "/../shared/data/rocket_league";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no recordings beside the source";
  Tally all;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() != ".gz") continue;
    const Tally tally = judge(read_rows(file.path().string()));
    EXPECT_EQ(tally.refused, 0U) << file.path();
    EXPECT_EQ(tally.reviewed, 0U) << file.path();
    all.samples += tally.samples;
    all.seats += tally.seats;
  }
  std::printf("%zu samples of %zu seats\n", all.samples, all.seats);
  EXPECT_EQ(all.seats, 63U);
}

}  // namespace
}  // namespace gk
