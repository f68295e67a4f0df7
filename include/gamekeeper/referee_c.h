/* referee_c.h: the referee for engines in other languages. See referee.h for what each call means.
 *
 * Plain C11. A call on an unknown player returns GK_NOT_FOUND (2) and changes nothing; other codes
 * are those of gk::Errc. Thread: compatible, as the C++ class. */
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gk_referee gk_referee;

/* Times in microseconds; speeds in units/s; 3d: y is up. */
typedef struct gk_profile {
  int32_t solid_3d;
  float max_speed, max_rise_speed, gravity, units_per_metre;
  uint32_t nominal_us;
} gk_profile;

typedef struct gk_move {
  uint64_t player;
  int64_t received_us, client_us;
  float x, y, z;
  uint32_t sequence;
  uint8_t has_clock, has_sequence;
  uint8_t ground; /* 0 unknown, 1 air, 2 contact */
} gk_move;

typedef struct gk_verdict {
  uint8_t outcome; /* gk::MoveOutcome: 0 accepted, 1 rejected, … */
  uint8_t rule;    /* gk::RefereeRule */
  uint8_t state;   /* gk::PlayerState */
  uint8_t adjusted;
  float confidence;
  float set_back_x, set_back_y, set_back_z;
} gk_verdict;

/* NULL when max_players is out of range. */
gk_referee* gk_referee_create(uint32_t max_players);
void gk_referee_destroy(gk_referee* referee);
/* 0 on error. */
uint64_t gk_referee_add_profile(gk_referee* referee, const gk_profile* profile);
uint64_t gk_referee_add_player(gk_referee* referee, uint64_t profile, int64_t now_us);
int32_t gk_referee_remove_player(gk_referee* referee, uint64_t player);
/* verdicts must have room for count. */
void gk_referee_move(gk_referee* referee, const gk_move* moves, gk_verdict* verdicts,
                     uint32_t count);
int32_t gk_referee_rtt(gk_referee* referee, uint64_t player, int64_t rtt_us, int64_t now_us);
void gk_referee_tick(gk_referee* referee, int64_t overrun_us, int64_t now_us);
int32_t gk_referee_teleport(gk_referee* referee, uint64_t player, float x, float y, float z,
                            int64_t now_us);
int32_t gk_referee_speed(gk_referee* referee, uint64_t player, float factor, int64_t duration_us,
                         int64_t now_us);
int32_t gk_referee_knockback(gk_referee* referee, uint64_t player, float vx, float vy, float vz,
                             float deceleration, int64_t now_us);
int32_t gk_referee_free(gk_referee* referee, uint64_t player, int32_t on, int64_t now_us);
/* Writes a sentence with NUL into text[size]; returns an error code. */
int32_t gk_referee_explain(const gk_referee* referee, uint64_t player, char* text, uint32_t size);

#ifdef __cplusplus
}
#endif
