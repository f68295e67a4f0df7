#include "gamekeeper/referee_c.h"

#include <cstdio>
#include <new>

#include "gamekeeper/referee.h"

struct gk_referee {
  gk::Referee referee;
};

namespace {

std::int32_t code(const gk::Result<void>& result) {
  return result ? 0 : static_cast<std::int32_t>(result.error().code);
}

gk::Move from_c(const gk_move& in) {
  gk::Move move;
  move.player = gk::PlayerId{in.player};
  move.received_us = in.received_us;
  move.client_us = in.client_us;
  move.position = {in.x, in.y, in.z};
  move.sequence = in.sequence;
  move.has_clock = in.has_clock != 0;
  move.has_sequence = in.has_sequence != 0;
  move.ground = in.ground == 2   ? gk::Ground::contact
                : in.ground == 1 ? gk::Ground::air
                                 : gk::Ground::unknown;
  return move;
}

}  // namespace

extern "C" {

gk_referee* gk_referee_create(uint32_t max_players) {
  gk::RefereeOptions options;
  options.max_players = max_players;
  auto created = gk::Referee::create(options);
  return created ? new (std::nothrow) gk_referee{std::move(*created)} : nullptr;
}
void gk_referee_destroy(gk_referee* referee) { delete referee; }

uint64_t gk_referee_add_profile(gk_referee* referee, const gk_profile* in) {
  gk::MoveProfile profile;
  profile.space = in->solid_3d ? gk::Space::solid_3d : gk::Space::flat_2d;
  profile.max_speed = in->max_speed;
  profile.max_rise_speed = in->max_rise_speed;
  profile.gravity = in->gravity;
  profile.units_per_metre = in->units_per_metre;
  profile.nominal_us = in->nominal_us;
  const auto id = referee->referee.add_profile(profile);
  return id ? id->value : 0;
}
uint64_t gk_referee_add_player(gk_referee* referee, uint64_t profile, int64_t now_us) {
  const auto id = referee->referee.add_player(gk::ProfileId{profile}, now_us);
  return id ? id->value : 0;
}
int32_t gk_referee_remove_player(gk_referee* referee, uint64_t player) {
  return code(referee->referee.remove_player(gk::PlayerId{player}));
}

void gk_referee_move(gk_referee* referee, const gk_move* moves, gk_verdict* verdicts,
                     uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    const gk::Verdict v = referee->referee.move(from_c(moves[i]));
    verdicts[i] = {static_cast<uint8_t>(v.outcome),
                   static_cast<uint8_t>(v.rule),
                   static_cast<uint8_t>(v.state),
                   static_cast<uint8_t>(v.adjusted),
                   v.confidence,
                   v.set_back.x,
                   v.set_back.y,
                   v.set_back.z};
  }
}

int32_t gk_referee_rtt(gk_referee* referee, uint64_t player, int64_t rtt_us, int64_t now_us) {
  return code(referee->referee.rtt(gk::PlayerId{player}, rtt_us, now_us));
}
void gk_referee_tick(gk_referee* referee, int64_t overrun_us, int64_t now_us) {
  referee->referee.tick(overrun_us, now_us);
}
int32_t gk_referee_teleport(gk_referee* referee, uint64_t player, float x, float y, float z,
                            int64_t now_us) {
  return code(referee->referee.declare_teleport(gk::PlayerId{player}, {x, y, z}, now_us));
}
int32_t gk_referee_speed(gk_referee* referee, uint64_t player, float factor, int64_t duration_us,
                         int64_t now_us) {
  return code(referee->referee.declare_speed(gk::PlayerId{player}, factor, duration_us, now_us));
}
int32_t gk_referee_knockback(gk_referee* referee, uint64_t player, float vx, float vy, float vz,
                             float deceleration, int64_t now_us) {
  return code(
      referee->referee.declare_knockback(gk::PlayerId{player}, {vx, vy, vz}, deceleration, now_us));
}
int32_t gk_referee_free(gk_referee* referee, uint64_t player, int32_t on, int64_t now_us) {
  return code(referee->referee.declare_free(gk::PlayerId{player}, on != 0, now_us));
}
int32_t gk_referee_explain(const gk_referee* referee, uint64_t player, char* text, uint32_t size) {
  const auto why = referee->referee.explain(gk::PlayerId{player});
  if (!why) return static_cast<int32_t>(why.error().code);
  std::snprintf(text, size, "%s", why->sentence);
  return 0;
}

}  // extern "C"
