/* arbiter_c.h: the arbiter for C and for every language that can call C.
 *
 * Numbers in, numbers out; times are nanoseconds of CLOCK_MONOTONIC. A function returns 0 or a
 * positive GK_ERR code (the values of gk::Errc); gk_last_error() then says why, for this thread.
 * arbiter.h has the rules; docs/arbiter.md the bounds.
 */

#ifndef GAMEKEEPER_ARBITER_C_H
#define GAMEKEEPER_ARBITER_C_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define GK_C_API __attribute__((visibility("default")))
#else
#define GK_C_API
#endif

typedef struct gk_arbiter gk_arbiter;
typedef struct gk_grant gk_grant;

/* Returns 0 to accept the bytes, anything else to refuse them. Must not block. */
typedef int (*gk_sink)(void* user, uint64_t token, const void* bytes, size_t size);

typedef struct gk_lane_status {
  uint64_t holder; /* Actor, 0 when free. */
  uint64_t token;
  int64_t held_ns, lease_left_ns, cooldown_left_ns;
  uint32_t effective_priority, shares, depth;
  uint64_t granted, timed_out, expired, stale_sends;
} gk_lane_status;

/* Default options. NULL when memory is out. Destroy after all grants have been released. */
GK_C_API gk_arbiter* gk_arbiter_create(void);
GK_C_API void gk_arbiter_destroy(gk_arbiter* arbiter);

/* Why the last call of this thread failed; valid until its next call. Never NULL. */
GK_C_API const char* gk_last_error(void);

/* high_water: the highest token of the lane's last life, or 0. */
GK_C_API int gk_arbiter_add_lane(gk_arbiter* arbiter, const char* name, int64_t switch_gap_ns,
                                 int64_t max_hold_ns, uint64_t high_water, uint64_t* lane);
/* Adds the actor or changes it; group may be NULL: alone. */
GK_C_API int gk_arbiter_set_actor(gk_arbiter* arbiter, const char* name, const char* group,
                                  uint8_t priority, uint64_t* actor);
GK_C_API int gk_arbiter_set_sink(gk_arbiter* arbiter, uint64_t lane, gk_sink sink, void* user);

/* Waits at most timeout_ns; 0 only tries. Release each grant exactly once. */
GK_C_API int gk_arbiter_acquire(gk_arbiter* arbiter, uint64_t lane, uint64_t actor,
                                int64_t timeout_ns, gk_grant** grant);
GK_C_API void gk_grant_release(gk_grant* grant);
GK_C_API uint64_t gk_grant_token(const gk_grant* grant);
GK_C_API int gk_grant_sub(gk_grant* grant, gk_grant** share);
GK_C_API int gk_grant_renew(gk_grant* grant, int64_t* expires_ns);
GK_C_API int gk_grant_send(gk_grant* grant, const void* bytes, size_t size);

GK_C_API int gk_arbiter_status(gk_arbiter* arbiter, uint64_t lane, gk_lane_status* status);

#ifdef __cplusplus
}
#endif

#endif
