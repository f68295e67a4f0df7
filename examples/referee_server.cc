// A small authoritative game: three clients on a plane, judged by the referee.
//
// The loop is that of any server: read what arrived, ask the referee, apply or set back. Here the
// "network" is a script: one honest runner, one whose packets wait 800 ms and then come at once,
// one that runs at twice the speed.
#include <cstdio>

#include "gamekeeper/referee.h"

namespace {

struct Client {
  const char* name;
  gk::PlayerId id;
  float speed;                 // What it does, not what it may.
  int silent_from, silent_to;  // Ticks whose packets wait.
  gk::Vec3 position{};
  int refused = 0;
};

/// The packet of `tick` that reaches the server at `arrives_us`.
void handle(gk::Referee& referee, Client& client, int tick, std::int64_t arrives_us) {
  client.position.x += client.speed * 0.05F;
  gk::Move move;
  move.player = client.id;
  move.received_us = arrives_us;
  move.client_us = std::int64_t{tick} * 50'000;
  move.sequence = static_cast<std::uint32_t>(tick);
  move.position = client.position;
  const gk::Verdict verdict = referee.move(move);
  if (verdict.outcome == gk::MoveOutcome::accepted) return;
  client.position = verdict.set_back;  // The server's word: the client is told, and obeys.
  if (client.refused++ == 0)
    std::printf("%s set back: %s\n", client.name, referee.explain(client.id)->sentence);
}

}  // namespace

int main() {
  auto created = gk::Referee::create({});
  if (!created) return 1;
  gk::Referee& referee = *created;
  const gk::ProfileId walker = referee.add_profile({.max_speed = 5}).value();
  Client clients[] = {
      {"honest", {}, 5, 0, 0}, {"stalled", {}, 5, 200, 216}, {"cheater", {}, 10, 0, 0}};
  for (Client& client : clients) client.id = referee.add_player(walker, 0).value();

  for (int tick = 1; tick <= 400; ++tick) {
    const std::int64_t now = std::int64_t{tick} * 50'000;
    for (Client& client : clients) {
      if (tick > client.silent_from && tick < client.silent_to) continue;  // Nothing arrives…
      const int first = tick == client.silent_to ? client.silent_from + 1 : tick;
      for (int late = first; late <= tick; ++late)
        handle(referee, client, late, now);  // …then all.
    }
  }
  for (const Client& client : clients) {
    const gk::PlayerStatus status = referee.status(client.id, 400 * 50'000).value();
    std::printf("%s: x = %.1f, refused %d, state %s\n", client.name,
                static_cast<double>(client.position.x), client.refused,
                gk::player_state_name(status.state));
  }
  return clients[0].refused == 0 && clients[1].refused == 0 && clients[2].refused > 0 ? 0 : 1;
}
