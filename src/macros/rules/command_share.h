// command_share.h: who sends how much to which game, as the culprit test needs it.

#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "gamekeeper/time.h"

namespace gk::macros {

/// Source: chosen; docs/decisions/0018-ladder-and-behaviour.md.
struct CommandShareSettings {
  Nanos half_life{Seconds(5)};    ///< Older commands count less.
  std::size_t max_games = 64;     ///< The idlest loses.
  std::size_t max_senders = 512;  ///< Of one game; the idlest loses.
};

/// Decayed counts of commands by game and sender.
/// Thread: compatible.  Cost: O(log n) a command; share() O(senders of the game).
class CommandShares {
 public:
  explicit CommandShares(const CommandShareSettings& settings = {}) : settings_(settings) {}

  /// Requires: `now` never decreases, here and below.
  void add(std::string_view game, std::string_view sender, MonoTime now);
  /// Of all recent commands to the game; nothing: nobody sent any.
  std::optional<double> share(std::string_view game, std::string_view sender, MonoTime now) const;
  /// Commands a second of one sender to one game.
  double rate(std::string_view game, std::string_view sender, MonoTime now) const;

 private:
  struct Count {
    double value = 0;
    MonoTime at{};
  };
  using Senders = std::map<std::string, Count, std::less<>>;
  double decayed(const Count& count, MonoTime now) const;
  double sum(const Senders& senders, MonoTime now) const;

  CommandShareSettings settings_;
  std::map<std::string, Senders, std::less<>> games_;
};

}  // namespace gk::macros
