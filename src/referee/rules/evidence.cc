#include "referee/rules/evidence.h"

#include <algorithm>
#include <cmath>

namespace gk::referee {
namespace {

// Source of these: bench/referee_score, 2026-11, tuned on seeds 1..999 (docs/referee.md).
constexpr std::uint32_t kStolenHitUs = 8'000;  // Source: 0.8 % of a block; crystals err < 0.05 %.
constexpr float kSlackHit = 0.012F;            // Source: share of full speed in one block.
constexpr std::int64_t kRecordWindowUs = 8'000'000;  // Source: longer than a drain of a queue.
constexpr std::int64_t kSlideUs = 60'000;            // Source: one tick of 50 ms and jitter.
constexpr std::int64_t kRttCalmUs = 40'000;          // Source: above wifi's round-trip jitter.
constexpr std::int64_t kGapUs = 350'000;             // Source: referee specification (lag switch).
constexpr std::int64_t kGapBlockUs = 10'000'000;     // Source: chosen; a lag switch acts oftener.
constexpr std::int64_t kNearUs = 250'000;            // Source: referee specification (claims).
constexpr float kMaxE = 1e30F;                       // Source: keeps a float finite.
constexpr float kMismatchCap = 5e3F;                 // Source: below review: claims never convict.

constexpr std::uint8_t bit(Channel channel) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(channel));
}

// The client's clock keeps gaining, beyond anything that the last 8 to 16 s explain. A server tick
// makes arrivals slide by up to one tick, and a queue that empties makes them early once; so both
// the sum and the growth must be there, and the round trip must be calm.
bool clock_record(const Hot& hot, Cold& cold, const ProfileLimits& limits, std::int64_t now_us) {
  if (hot.drift_max_us == kNever) return false;
  const bool calm = static_cast<std::int64_t>(hot.rtt_us) <=
                    static_cast<std::int64_t>(cold.min_rtt_us) + kRttCalmUs;
  const std::int64_t slide =
      std::max<std::int64_t>(kSlideUs, std::int64_t{limits.profile.nominal_us} * 5 / 4);
  const bool beaten = calm && cold.blocks >= 2 && cold.records[0] != kNever &&
                      hot.drift_max_us > cold.records[0] + kStolenHitUs &&
                      hot.drift_max_us > cold.records[1] + slide;
  if (now_us - cold.record_turn_us > kRecordWindowUs) {
    cold.records[1] = cold.records[0];
    cold.record_turn_us = now_us;
  }
  // The first two seconds count as a window: until then nothing is known of this link.
  cold.records[0] = std::max(cold.records[0], hot.drift_max_us);
  if (cold.blocks < 2) cold.records[1] = cold.records[0];
  return beaten;
}

void settle(float& e, float factor) { e = std::min(kMaxE, std::max(1.0F, e) * factor); }

float factor_of(std::size_t i, bool hit, const Cold& cold, const Bets& bets) {
  const float m = bets.honest_rate[i];
  if (i == static_cast<std::size_t>(Channel::reject))
    return hit ? std::max(1.0F, cold.reject_weight) : 0.95F;
  const float factor = 1 + bets.lambda[i] * ((hit ? 1.0F : 0.0F) - m);
  return hit && cold.soften && i <= static_cast<std::size_t>(Channel::stolen_time)
             ? std::sqrt(factor)
             : factor;
}

void settle_gaps(Cold& cold, const Bets& bets, std::int64_t now_us) {
  constexpr auto kGap = static_cast<std::size_t>(Channel::gap);
  if (cold.gap_block_us == kNever) cold.gap_block_us = now_us;
  if (now_us - cold.gap_block_us < kGapBlockUs) return;
  settle(cold.e[kGap], factor_of(kGap, cold.gap_hit, cold, bets));
  cold.gap_hit = false;
  cold.gap_block_us = now_us;
}

void add_window(RatioWindow& window, double distance, double full, double length) {
  window.distance += distance;
  window.full += full;
  if (length > 0 && window.full >= length) {
    window.last = window.distance / window.full;
    window.distance = window.full = 0;
  }
}

void measure_distance(Hot& hot, Cold& cold, const ProfileLimits& limits, std::int64_t now_us) {
  if (now_us <= cold.block_from_us) return;  // close() may be told an older time.
  const bool solid = limits.profile.space == Space::solid_3d;
  const double dx = hot.position.x - cold.block_from.x;
  const double dz = solid ? hot.position.z - cold.block_from.z : hot.position.y - cold.block_from.y;
  const double distance = std::sqrt(dx * dx + dz * dz);  // In range: positions are < 1e9.
  const double speed = limits.profile.max_speed;
  const double full = speed * static_cast<double>(now_us - cold.block_from_us) * 1e-6;
  add_window(cold.minute, distance, full, speed * 60);
  add_window(cold.ten_minutes, distance, full, speed * 600);
  add_window(cold.session, distance, full, 0);
  cold.block_from = hot.position;
  cold.block_from_us = now_us;
}

}  // namespace

void refresh_clean(Bets& bets) {
  for (std::size_t i = 0; i < kChannels; ++i) bets.clean[i] = factor_of(i, false, Cold{}, bets);
}

Bets make_bets(const RefereeOptions& options) {
  Bets bets;
  bets.honest_rate.fill(static_cast<float>(options.honest_block_rate));
  bets.lambda.fill(static_cast<float>(options.bet));
  bets.lambda[static_cast<std::size_t>(Channel::claim_mismatch)] = 1.5F;
  bets.lambda[static_cast<std::size_t>(Channel::gap)] = 2.0F;
  bets.honest_rate[static_cast<std::size_t>(Channel::gap)] = 0.3F;
  refresh_clean(bets);
  bets.watch_at = static_cast<float>(options.watch_at);
  bets.review_at = static_cast<float>(options.review_at);
  return bets;
}

void close_block(Hot& hot, Cold& cold, const ProfileLimits& limits, const Bets& bets,
                 std::int64_t now_us, std::int64_t block_us) {
  if (hot.stolen_us > kStolenHitUs || clock_record(hot, cold, limits, now_us))
    hot.hits |= bit(Channel::stolen_time);
  if (hot.slack_d > kSlackHit * limits.profile.max_speed) hot.hits |= bit(Channel::needs_slack);
  for (std::size_t i = 0; i < kChannels; ++i) {
    if (i == static_cast<std::size_t>(Channel::gap)) continue;
    // Most blocks are clean: then E only falls.
    if (hot.hits == 0)
      cold.e[i] = std::max(1.0F, cold.e[i]) * bets.clean[i];
    else
      settle(cold.e[i], factor_of(i, (hot.hits >> i) & 1U, cold, bets));
  }
  auto& mismatch = cold.e[static_cast<std::size_t>(Channel::claim_mismatch)];
  mismatch = std::min(mismatch, kMismatchCap);
  settle_gaps(cold, bets, now_us);
  measure_distance(hot, cold, limits, now_us);
  update_state(hot, cold, bets);
  hot.hits = 0;
  hot.stolen_us = 0;
  hot.slack_d = 0;
  hot.drift_max_us = kNever;
  hot.block_left_us = static_cast<std::int32_t>(block_us);
  cold.reject_weight = 0;
  cold.soften = false;
  ++cold.blocks;
}

float projected_e(const Hot& hot, const Cold& cold, const Bets& bets) {
  float best = 1;
  for (std::size_t i = 0; i < kChannels; ++i) {
    float e = cold.e[i];
    if ((hot.hits >> i) & 1U) settle(e, factor_of(i, true, cold, bets));
    best = std::max(best, e);
  }
  return best;
}

void note_gap(Cold& cold, std::int64_t gap_us, std::int64_t now_us) {
  cold.gap_end_us = now_us;
  cold.gap_long_us = gap_us;
  for (StoredClaim& claim : cold.claims) {
    const bool near = claim.at_us >= now_us - gap_us - kNearUs && claim.at_us <= now_us + kNearUs;
    if (claim.corroborated || claim.kind == ClaimKind::metrics || !near) continue;
    claim.corroborated = true;
    ++cold.claims_corroborated;
    cold.soften = true;
  }
  if (gap_us < kGapUs) return;
  ++cold.gaps;
  // The pong was sent and came back while movements were silent.
  const std::int64_t sent = cold.pong_us - static_cast<std::int64_t>(cold.pong_rtt_us);
  const bool link_was_up = sent > now_us - gap_us + 50'000 && cold.pong_us < now_us - 20'000 &&
                           cold.pong_rtt_us <= cold.min_rtt_us + 80'000U;
  if (link_was_up) cold.gap_hit = true;
}

void note_claim(Hot& hot, Cold& cold, const Claim& claim, std::int64_t now_us,
                std::uint32_t per_second, bool steady) {
  if (now_us - cold.claim_second_us >= 1'000'000) {
    cold.claim_second_us = now_us;
    cold.claims_this_second = 0;
  }
  if (cold.claims_this_second >= per_second) {
    ++cold.claims_dropped;
    return;
  }
  ++cold.claims_this_second;
  StoredClaim kept{now_us, claim.duration_us, claim.kind, false};
  if (claim.kind != ClaimKind::metrics && now_us - cold.gap_end_us <= kNearUs) {
    kept.corroborated = true;
    ++cold.claims_corroborated;
    cold.soften = true;
  } else if (claim.kind == ClaimKind::stutter && claim.duration_us >= 100'000 && steady) {
    hot.hits |= bit(Channel::claim_mismatch);
  }
  cold.claims[cold.claims_seen++ % cold.claims.size()] = kept;
}

void update_state(Hot& hot, Cold& cold, const Bets& bets) {
  const float e = *std::max_element(cold.e.begin(), cold.e.end());
  cold.max_e = std::max(cold.max_e, e);
  hot.suspicion =
      e <= 1 ? std::uint8_t{0} : static_cast<std::uint8_t>(std::min(255.0F, 8 * std::log2(e)));
  const auto old = static_cast<PlayerState>((hot.flags & kStateMask) >> kStateShift);
  PlayerState state = e >= bets.review_at  ? PlayerState::review
                      : e >= bets.watch_at ? PlayerState::watch
                                           : PlayerState::ok;
  if (old == PlayerState::review) state = old;
  hot.flags = static_cast<std::uint16_t>((hot.flags & ~kStateMask) |
                                         (static_cast<unsigned>(state) << kStateShift));
}

float confidence_of(std::uint8_t suspicion) {
  constexpr float kBelowOne = 0x1.fffffep-1F;  // Source: the largest float below 1.
  return suspicion == 0 ? 0.0F
                        : std::min(kBelowOne, 1 - std::exp2(-static_cast<float>(suspicion) / 8));
}

}  // namespace gk::referee
