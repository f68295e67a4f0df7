// The macro's game: which samples are its, how far it slowed, and whose commands did that.
#include <algorithm>
#include <cmath>

#include "macros/rules/macro_watch_tick.h"

namespace gk::macros {

using monitor::ExternalSample;
using monitor::Signal;

namespace {

constexpr std::string_view kGame = "game:";  // Source: subjects of the game links' samples.

double seconds(Nanos time) { return std::chrono::duration<double>(time).count(); }

// The worst known sample of one signal that concerns `game`, of the best source.
const ExternalSample* worst_of(const monitor::Snapshot& snapshot, std::string_view signal,
                               std::string_view game, bool low_is_bad, MonoTime now) {
  const ExternalSample* worst = nullptr;
  for (const ExternalSample& sample : snapshot.external) {
    if (sample.signal != signal || !sample.value.is_known(now)) continue;
    const std::string_view subject = sample.subject;
    if (subject.starts_with(kGame) && subject.substr(kGame.size()) != game) continue;
    const bool better_source = worst != nullptr && sample.source < worst->source;
    const bool same_source = worst == nullptr || sample.source == worst->source;
    const bool is_worse =
        worst == nullptr || (low_is_bad ? sample.value.value() < worst->value.value()
                                        : sample.value.value() > worst->value.value());
    if (better_source || (same_source && is_worse)) worst = &sample;
  }
  return worst;
}

}  // namespace

Signal MacroWatch::game_signal(const Entry& entry, const Rule& rule, const Tick& tick) const {
  return game_signal(entry, rule, *tick.snapshot, tick.now);
}

// The scope of a rule on the game is the macro's game: what another game suffers is not its doing.
Signal MacroWatch::game_signal(const Entry& entry, const Rule& rule,
                               const monitor::Snapshot& snapshot, MonoTime now) const {
  if (entry.means.game.empty() || snapshot.external.empty()) return snapshot.*rule.field;
  const ExternalSample* sample = worst_of(snapshot, rule.signal, entry.means.game,
                                          rule.test.direction() == Direction::below, now);
  return sample == nullptr ? Signal::unknown("no sample of this game") : sample->value;
}

void MacroWatch::learn_games(const Tick& tick) {
  // The best fades by half in five minutes, so a game that has grown is judged by what it is now.
  constexpr double kHalfLife = 300;  // Source: chosen, s.
  constexpr double kWell = 0.95;     // Source: chosen, of the best.
  for (const auto& [id, entry] : entries_) {
    if (tick.snapshot == nullptr) return;
    Game& game = games_[entry.means.game];
    if (game.at == tick.now) continue;
    const double since = seconds(game.at == MonoTime{} ? Nanos(0) : tick.now - game.at);
    game.at = tick.now;
    game.slope.reset();
    game.is_well = false;
    const auto& shared = tick.snapshot->tick_ratio;
    const bool scoped = !entry.means.game.empty() && !tick.snapshot->external.empty();
    const ExternalSample* own =
        scoped ? worst_of(*tick.snapshot, "tick_ratio", entry.means.game, true, tick.now) : nullptr;
    const Signal& signal = own != nullptr ? own->value : shared;
    if ((scoped && own == nullptr) || !signal.is_known(tick.now)) continue;
    game.best_tick = std::max(signal.value(), game.best_tick * std::exp2(-since / kHalfLife));
    if (game.best_tick <= 0) continue;
    const double ratio = signal.value() / game.best_tick;
    game.slope = std::clamp((1 - ratio) / (1 - settings_.tick_ratio_min), 0.0, 1.0);
    game.is_well = ratio >= kWell;
  }
}

// What the macro sends while its game is well is not what slows the game down.
void MacroWatch::learn_usual_rate(Entry& entry, const Tick& tick) {
  constexpr double kMemory = 10;  // Source: chosen, s.
  const auto game = games_.find(entry.means.game);
  if (game == games_.end() || !game->second.is_well) return;
  const double part = std::min(1.0, seconds(tick.since_last) / kMemory);
  entry.usual_rate += part * (command_rate(entry, tick.now) - entry.usual_rate);
  entry.usual_time += tick.since_last;
}

const Verdict& MacroWatch::game_verdict(const Entry& entry, Tick& tick) const {
  const std::string& game = entry.means.game;
  const auto known = tick.game_verdicts.find(game);
  if (known != tick.game_verdicts.end()) return known->second;
  std::vector<Suspect> suspects = tick.suspects;
  for (Suspect& suspect : suspects) {
    const Entry& other = entries_.find(suspect.macro_id)->second;
    if (!game.empty() && !other.means.game.empty() && other.means.game != game) {
      suspect.command_share = 0;
      continue;
    }
    suspect.command_share = commands_.share(game, other.subject, tick.now);
    const double rate = commands_.rate(game, other.subject, tick.now);
    if (rate < settings_.least_surge_rate) continue;
    const bool is_learned = other.usual_time >= Seconds(2);  // Source: chosen.
    suspect.surge = is_learned ? std::clamp(1 - other.usual_rate / rate, 0.0, 1.0) : 1.0;
  }
  MachineLoad load = tick.load;
  const auto state = games_.find(game);
  if (state != games_.end()) load.tick_slope = state->second.slope;
  return tick.game_verdicts
      .emplace(game, find_culprit(Blame::game, suspects, load, settings_.culprit))
      .first->second;
}

}  // namespace gk::macros
