// adversary.h: an optimiser that tries to gain distance from the referee.
//
// It chooses when packets arrive, what its clock says, what it claims about its performance and
// how long it delays pongs, and at every packet moves as far as is just accepted (found by
// bisection on a copy of the judge). Random search, then hill climbing. What it reports is the
// largest excess of accepted distance over (1 + eps + leak) times the window, in seconds at full
// speed: the theorem says (1 + eps) * Bcap + slack at most.

#pragma once

#include <algorithm>
#include <vector>

#include "referee/offline/dice.h"
#include "referee/rules/core.h"

namespace gk::referee {

/// What the adversary may do.
struct AttackOptions {
  RefereeOptions referee{};
  double longest_silence_s = 3.5;  ///< 0: packets every 50 ms, so no silence at all.
  bool claims = true, fake_rtt = true, clock = true;
  double warm_s = 0;      ///< Honest running on a steady link first; not counted.
  double long_run_s = 0;  ///< Plain greedy running after the genes.
  int tries = 200;
  std::uint64_t seed = 1;
};

/// One thing an adversary does some times over.
struct Gene {
  double silence_s, clock_s, rtt_s;
  int repeat;
  bool greedy, claim;
};

/// Thread: compatible.
template <class Bugs>
class Adversary {
 public:
  explicit Adversary(const AttackOptions& options) : options_(options), dice_(options.seed) {
    options_.referee.max_players = options_.referee.max_profiles = 1;
    options_.referee.max_items = options_.referee.max_explanations = 1;
  }

  /// The best excess found, seconds at full speed.
  double attack() {
    double best = 0;
    std::vector<Gene> champion;
    for (int i = 0; i < options_.tries; ++i) {
      std::vector<Gene> genes = champion;
      if (genes.empty() || i < options_.tries / 3) {
        genes.resize(4 + dice_.below(8));
        for (Gene& gene : genes) gene = random_gene();
      } else {
        const std::size_t edits = 1 + dice_.below(2);
        for (std::size_t k = 0; k < edits; ++k) genes[dice_.below(genes.size())] = random_gene();
      }
      const double gain = play(genes);
      if (gain <= best) continue;
      best = gain;
      champion = genes;
    }
    return best;
  }

  /// The theorem's bound for these options.
  double bound() const {
    const auto& o = options_.referee;
    return (1 + o.speed_tolerance) * static_cast<double>(o.max_credit_us) * 1e-6 +
           static_cast<double>(o.slack_us) * 1e-6;
  }

 private:
  static constexpr float kSpeed = 1;

  Gene random_gene() {
    Gene gene{};
    gene.silence_s = options_.longest_silence_s > 0
                         ? std::pow(dice_.uniform(), 3) * options_.longest_silence_s
                         : 0.05;
    gene.clock_s = dice_.chance(0.3) ? 1e-6 : std::pow(dice_.uniform(), 3) * 4;
    if (dice_.chance(0.3)) gene.clock_s = gene.silence_s;
    gene.rtt_s = options_.fake_rtt && dice_.chance(0.3) ? dice_.uniform() * 3 : -1;
    gene.repeat = 1 + static_cast<int>(dice_.below(30));
    gene.greedy = dice_.chance(0.5);
    gene.claim = options_.claims && dice_.chance(0.5);
    return gene;
  }

  struct Run {
    Core<Bugs> core;
    PlayerId player;
    std::int64_t server_us = 0, client_us = 0;
    std::uint32_t sequence = 0;
    double x = 0, lowest = 1e9, best = 0;
  };

  Verdict move_by(Run& run, double way) const {
    Move move;
    move.player = run.player;
    move.received_us = run.server_us;
    move.client_us = run.client_us;
    move.position.x = static_cast<float>(run.x + way);
    move.sequence = run.sequence;
    move.has_clock = options_.clock;
    return run.core.move(move);
  }

  void step(Run& run, double silence_s, double clock_s, bool greedy, double way) const {
    run.server_us += std::llround(silence_s * 1e6);
    run.client_us += std::max<std::int64_t>(1, std::llround(clock_s * 1e6));
    ++run.sequence;
    if (greedy) {
      double low = 0;
      double high = 8;
      for (int i = 0; i < 16; ++i) {
        Run copy = run;
        const double middle = (low + high) / 2;
        (move_by(copy, middle).outcome == MoveOutcome::accepted ? low : high) = middle;
      }
      way = low;
    }
    if (move_by(run, way).outcome == MoveOutcome::accepted) run.x += way;
  }

  void measure(Run& run) const {
    const auto& o = options_.referee;
    const double slope = 1 + o.speed_tolerance + o.pool_leak;
    // Where the referee believes the player to be: a refusal that moved him would show here.
    const double x =
        static_cast<double>(run.core.status(run.player, run.server_us).value().position.x);
    const double above = x / kSpeed - slope * static_cast<double>(run.server_us) * 1e-6;
    run.lowest = std::min(run.lowest, above);
    run.best = std::max(run.best, above - run.lowest);
    run.x = x;
  }

  double play(const std::vector<Gene>& genes) const {
    Run run{Core<Bugs>(options_.referee), {}};
    MoveProfile profile;
    profile.max_speed = kSpeed;
    run.player =
        run.core.add_player(run.core.add_profile(profile).value(), 0, std::nullopt).value();
    (void)move_by(run, 0);
    for (double t = 0; t < options_.warm_s; t += 0.05) step(run, 0.05, 0.05, false, 0.05 * kSpeed);
    measure(run);
    run.lowest = 1e9;
    run.best = 0;
    measure(run);
    for (const Gene& gene : genes) {
      for (int i = 0; i < gene.repeat; ++i) {
        if (gene.rtt_s >= 0)
          (void)run.core.rtt(run.player, std::llround(gene.rtt_s * 1e6), run.server_us);
        if (gene.claim)
          (void)run.core.claim(run.player, {ClaimKind::stutter, 3, 3'000'000}, run.server_us);
        // Also moves that will be refused: they must not leave anything behind.
        step(run, gene.silence_s, gene.clock_s, gene.greedy, gene.claim && i % 7 == 0 ? 6 : 0);
        measure(run);
      }
    }
    for (double t = 0; t < options_.long_run_s; t += 0.05) {
      step(run, 0.05, 0.05, true, 0);
      measure(run);
    }
    return run.best;
  }

  AttackOptions options_;
  Dice dice_;
};

}  // namespace gk::referee
