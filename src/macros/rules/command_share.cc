#include "macros/rules/command_share.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "macros/rules/mutant.h"

namespace gk::macros {

namespace {
double seconds(Nanos time) { return std::chrono::duration<double>(time).count(); }
}  // namespace

double CommandShares::decayed(const Count& count, MonoTime now) const {
  return count.value * std::exp2(-seconds(now - count.at) / seconds(settings_.half_life));
}

double CommandShares::sum(const Senders& senders, MonoTime now) const {
  double all = 0;
  for (const auto& [name, count] : senders) all += decayed(count, now);
  return all;
}

void CommandShares::add(std::string_view game, std::string_view sender, MonoTime now) {
  auto at = games_.find(game);
  if (at == games_.end()) {
    if (games_.size() >= settings_.max_games) {
      games_.erase(std::min_element(
          games_.begin(), games_.end(),
          [&](const auto& a, const auto& b) { return sum(a.second, now) < sum(b.second, now); }));
    }
    at = games_.emplace(std::string(game), Senders{}).first;
  }
  Senders& senders = at->second;
  auto who = senders.find(sender);
  if (who == senders.end()) {
    if (senders.size() >= settings_.max_senders) {
      senders.erase(
          std::min_element(senders.begin(), senders.end(), [&](const auto& a, const auto& b) {
            return decayed(a.second, now) < decayed(b.second, now);
          }));
    }
    who = senders.emplace(std::string(sender), Count{}).first;
  }
  who->second = {decayed(who->second, now) + 1, now};
}

std::optional<double> CommandShares::share(std::string_view game, std::string_view sender,
                                           MonoTime now) const {
  double own = 0, all = 0;
  for (const auto& [name, senders] : games_) {
    if (name != game && !GK_MACROS_MUTANT(share_of_all_games)) continue;
    all += sum(senders, now);
    const auto who = senders.find(sender);
    if (who != senders.end()) own += decayed(who->second, now);
  }
  // Less than a trace of one command: silence.
  constexpr double kTrace = 1e-3;  // Source: chosen; 50 s after the last command.
  return all < kTrace ? std::nullopt : std::optional(own / all);
}

double CommandShares::rate(std::string_view game, std::string_view sender, MonoTime now) const {
  const auto at = games_.find(game);
  if (at == games_.end()) return 0;
  const auto who = at->second.find(sender);
  if (who == at->second.end()) return 0;
  // A steady rate r settles at r * half_life / ln 2.
  return decayed(who->second, now) * std::numbers::ln2 / seconds(settings_.half_life);
}

}  // namespace gk::macros
