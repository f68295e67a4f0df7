#include "gamekeeper/referee.h"

#include <algorithm>

#include "referee/rules/bugs.h"
#include "referee/rules/core.h"

namespace gk {
namespace {

// A caller's clock may be wrong, but no sum of times overflows.
std::int64_t sane(std::int64_t t) {
  constexpr std::int64_t kMost = referee::kTimeLimitUs - 1;  // Source: core.h.
  return std::clamp(t, -kMost, kMost);
}

}  // namespace

struct Referee::Impl {
  explicit Impl(const RefereeOptions& options) : core(options) {}
  referee::Core<referee::NoBugs> core;
};

Referee::Referee(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Referee::Referee(Referee&&) noexcept = default;
Referee& Referee::operator=(Referee&&) noexcept = default;
Referee::~Referee() = default;

Result<Referee> Referee::create(const RefereeOptions& options) {
  if (auto checked = referee::check_options(options); !checked) return checked.error();
  return Referee(std::make_unique<Impl>(options));
}

Result<ProfileId> Referee::add_profile(const MoveProfile& profile) {
  return impl_->core.add_profile(profile);
}
Result<PlayerId> Referee::add_player(ProfileId profile, std::int64_t now_us,
                                     std::optional<Vec3> spawn) {
  return impl_->core.add_player(profile, sane(now_us), spawn);
}
Result<void> Referee::remove_player(PlayerId player) { return impl_->core.remove_player(player); }
Verdict Referee::move(const Move& move) { return impl_->core.move(move); }
void Referee::move_batch(std::span<const Move> moves, std::span<Verdict> verdicts) {
  impl_->core.move_batch(moves, verdicts);
}
Result<void> Referee::rtt(PlayerId player, std::int64_t rtt_us, std::int64_t now_us) {
  return impl_->core.rtt(player, rtt_us, sane(now_us));
}
void Referee::tick(std::int64_t overrun_us, std::int64_t now_us) {
  impl_->core.tick(overrun_us, sane(now_us));
}
Result<void> Referee::claim(PlayerId player, const Claim& claim, std::int64_t now_us) {
  return impl_->core.claim(player, claim, sane(now_us));
}
Result<void> Referee::declare_teleport(PlayerId player, Vec3 target, std::int64_t now_us) {
  return impl_->core.declare_teleport(player, target, sane(now_us));
}
Result<void> Referee::declare_speed(PlayerId player, float factor, std::int64_t duration_us,
                                    std::int64_t now_us) {
  return impl_->core.declare_speed(player, factor, duration_us, sane(now_us));
}
Result<void> Referee::declare_knockback(PlayerId player, Vec3 velocity, float deceleration,
                                        std::int64_t now_us) {
  return impl_->core.declare_knockback(player, velocity, deceleration, sane(now_us));
}
Result<void> Referee::declare_profile(PlayerId player, ProfileId profile, std::int64_t now_us) {
  return impl_->core.declare_profile(player, profile, sane(now_us));
}
Result<void> Referee::declare_free(PlayerId player, bool on, std::int64_t now_us) {
  return impl_->core.declare_free(player, on, sane(now_us));
}
Result<void> Referee::declare_frozen(PlayerId player, std::int64_t duration_us,
                                     std::int64_t now_us) {
  return impl_->core.declare_speed(player, 0, duration_us, sane(now_us));
}
Verdict Referee::check_reach(PlayerId attacker, PlayerId target, float reach, std::int64_t now_us) {
  return impl_->core.check_reach(attacker, target, reach, sane(now_us));
}
Verdict Referee::check_point(PlayerId player, Vec3 point, float reach, std::int64_t now_us) {
  return impl_->core.check_point(player, point, reach, sane(now_us));
}
Verdict Referee::check_action(PlayerId player, std::uint8_t type, std::int64_t now_us) {
  return impl_->core.check_action(player, type, sane(now_us));
}
Verdict Referee::take_item(PlayerId player, std::uint64_t item, Vec3 point, float reach,
                           float lane_y, float lane_half, std::int64_t now_us) {
  return impl_->core.take_item(player, item, point, reach, lane_y, lane_half, sane(now_us));
}
void Referee::reset_items() { impl_->core.reset_items(); }
void Referee::restart_clock() { impl_->core.restart_clock(); }
Result<Explanation> Referee::explain(PlayerId player) const { return impl_->core.explain(player); }
Result<PlayerStatus> Referee::status(PlayerId player, std::int64_t now_us) const {
  return impl_->core.status(player, sane(now_us));
}
Result<void> Referee::close(PlayerId player, std::int64_t now_us) {
  return impl_->core.close(player, sane(now_us));
}
Result<void> Referee::clear_suspicion(PlayerId player) {
  return impl_->core.clear_suspicion(player);
}
void Referee::set_honest_rate(Channel channel, double rate) {
  impl_->core.set_honest_rate(channel, rate);
}
std::size_t Referee::hot_bytes() { return sizeof(referee::Hot); }
std::size_t Referee::cold_bytes() { return sizeof(referee::Cold); }

}  // namespace gk
