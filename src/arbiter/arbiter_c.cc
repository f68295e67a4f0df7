#include "gamekeeper/arbiter_c.h"

#include <new>
#include <string>

#include "gamekeeper/arbiter.h"

struct gk_arbiter {
  std::unique_ptr<gk::Arbiter> arbiter;
};
struct gk_grant {
  gk::Grant grant;
};

namespace {

/// The text of gk_last_error(): per thread, so no call can change another thread's.
std::string& last_error() {
  thread_local std::string text;
  return text;
}

int fail(const gk::Error& error) {
  last_error() = error.message;
  return static_cast<int>(error.code);
}

int give(gk::Result<gk::Grant> from, gk_grant** to) {
  if (!from) return fail(from.error());
  auto* grant = new (std::nothrow) gk_grant{std::move(*from)};
  if (grant == nullptr) return fail({gk::Errc::resource_exhausted, "out of memory"});
  *to = grant;
  return 0;
}

gk::Error bad_argument() { return {gk::Errc::invalid_argument, "an argument is NULL"}; }

}  // namespace

extern "C" {

const char* gk_last_error(void) { return last_error().c_str(); }

gk_arbiter* gk_arbiter_create(void) {
  auto arbiter = gk::Arbiter::create({});
  if (!arbiter) {
    (void)fail(arbiter.error());
    return nullptr;
  }
  return new (std::nothrow) gk_arbiter{std::move(*arbiter)};
}

void gk_arbiter_destroy(gk_arbiter* arbiter) { delete arbiter; }

int gk_arbiter_add_lane(gk_arbiter* arbiter, const char* name, int64_t switch_gap_ns,
                        int64_t max_hold_ns, uint64_t high_water, uint64_t* lane) {
  if (arbiter == nullptr || name == nullptr || lane == nullptr) return fail(bad_argument());
  const gk::LaneOptions options{gk::Nanos(switch_gap_ns), gk::Nanos(max_hold_ns), {}};
  auto id = arbiter->arbiter->add_lane(name, options, gk::Token(high_water));
  if (!id) return fail(id.error());
  *lane = id->value;
  return 0;
}

int gk_arbiter_set_actor(gk_arbiter* arbiter, const char* name, const char* group, uint8_t priority,
                         uint64_t* actor) {
  if (arbiter == nullptr || name == nullptr || actor == nullptr) return fail(bad_argument());
  auto id = arbiter->arbiter->set_actor(name, {group != nullptr ? group : "", priority, {}});
  if (!id) return fail(id.error());
  *actor = id->value;
  return 0;
}

int gk_arbiter_set_sink(gk_arbiter* arbiter, uint64_t lane, gk_sink sink, void* user) {
  if (arbiter == nullptr || sink == nullptr) return fail(bad_argument());
  auto set = arbiter->arbiter->set_sink(
      gk::LaneId(lane),
      [sink, user](gk::Token token, std::span<const std::byte> bytes) -> gk::Result<void> {
        if (sink(user, token.value, bytes.data(), bytes.size()) == 0) return {};
        return gk::Error{gk::Errc::unavailable, "the sink refused the bytes"};
      });
  return set ? 0 : fail(set.error());
}

int gk_arbiter_acquire(gk_arbiter* arbiter, uint64_t lane, uint64_t actor, int64_t timeout_ns,
                       gk_grant** grant) {
  if (arbiter == nullptr || grant == nullptr) return fail(bad_argument());
  gk::Arbiter& from = *arbiter->arbiter;
  if (timeout_ns > 0) {
    const gk::MonoTime deadline = from.mono_now() + gk::Nanos(timeout_ns);
    return give(from.acquire(gk::LaneId(lane), gk::ActorId(actor), deadline), grant);
  }
  auto got = from.try_acquire(gk::LaneId(lane), gk::ActorId(actor));
  if (!got) return fail({gk::Errc::unavailable, "the lane cannot start this now"});
  return give(std::move(*got), grant);
}

void gk_grant_release(gk_grant* grant) { delete grant; }

uint64_t gk_grant_token(const gk_grant* grant) {
  return grant != nullptr ? grant->grant.token().value : 0;
}

int gk_grant_sub(gk_grant* grant, gk_grant** share) {
  if (grant == nullptr || share == nullptr) return fail(bad_argument());
  return give(grant->grant.sub(), share);
}

int gk_grant_renew(gk_grant* grant, int64_t* expires_ns) {
  if (grant == nullptr) return fail(bad_argument());
  auto expires = grant->grant.renew();
  if (!expires) return fail(expires.error());
  if (expires_ns != nullptr) *expires_ns = expires->time_since_epoch().count();
  return 0;
}

int gk_grant_send(gk_grant* grant, const void* bytes, size_t size) {
  if (grant == nullptr || (bytes == nullptr && size != 0)) return fail(bad_argument());
  auto sent = grant->grant.send({static_cast<const std::byte*>(bytes), size});
  return sent ? 0 : fail(sent.error());
}

int gk_arbiter_status(gk_arbiter* arbiter, uint64_t lane, gk_lane_status* status) {
  if (arbiter == nullptr || status == nullptr) return fail(bad_argument());
  const auto from = arbiter->arbiter->find_status(gk::LaneId(lane));
  if (!from) return fail(from.error());
  *status = {from->holder.value,
             from->token.value,
             from->held.count(),
             from->lease_left.count(),
             from->cooldown_left.count(),
             from->effective_priority,
             from->shares,
             from->depth,
             from->counters.granted,
             from->counters.timed_out,
             from->counters.expired,
             from->counters.stale_sends};
  return 0;
}

}  // extern "C"
