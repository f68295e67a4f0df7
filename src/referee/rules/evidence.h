// evidence.h: suspicion that is calibrated: one bet a block and channel (an e-detector).
//
// E grows when honest play would rarely look like this and shrinks otherwise; while an honest
// player is hit in at most a share m of the blocks, whatever came before, a false alarm at
// threshold T takes T blocks on average (Ville; arXiv 2309.09111). Blocks, not samples, because
// hits within one lag episode come together.

#pragma once

#include <array>
#include <cstdint>

#include "referee/rules/state.h"

namespace gk::referee {

/// How the bets are placed.
struct Bets {
  std::array<float, kChannels> honest_rate{};  // m
  std::array<float, kChannels> lambda{};
  std::array<float, kChannels> clean{};  // Factor of a block without a hit.
  float watch_at = 1e2F, review_at = 1e4F;
};

/// The defaults for `options`.
Bets make_bets(const RefereeOptions& options);

/// Recomputes `clean` after a change of a rate.
void refresh_clean(Bets& bets);

/// Settles the bets of the block that ends at `now_us` and starts the next.
void close_block(Hot& hot, Cold& cold, const ProfileLimits& limits, const Bets& bets,
                 std::int64_t now_us, std::int64_t block_us);

/// Largest E if the running block were settled now.
float projected_e(const Hot& hot, const Cold& cold, const Bets& bets);

/// A silence of `gap_us` ended at `now_us`. Long ones feed the gap channel when the round trip
/// stayed short meanwhile: movements were held back, not the link.
void note_gap(Cold& cold, std::int64_t gap_us, std::int64_t now_us);

/// Takes a claim: rate limit, ring of 8, corroboration by silences that the server saw.
/// `steady`: arrivals around now contradict a claim of a stall.
void note_claim(Hot& hot, Cold& cold, const Claim& claim, std::int64_t now_us,
                std::uint32_t per_second, bool steady);

/// The state bits, from E; review stays until an operator clears it.
void update_state(Hot& hot, Cold& cold, const Bets& bets);

/// Fraction [0, 1): 1 - 1/E of Hot::suspicion.
float confidence_of(std::uint8_t suspicion);

}  // namespace gk::referee
