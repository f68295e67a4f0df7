// no_games.h: a port without any game, for a daemon that has no links.

#pragma once

#include "games/port.h"

namespace gk::games {

/// Thread: loop.
class NoGames final : public Port {
 public:
  void send(SendRequest request, Replied done) override {
    done(Error{Errc::not_found, "no game link " + request.game});
  }
  std::size_t fence(std::string_view) override { return 0; }
  void lift_fence(std::string_view) override {}
  void set_pace(std::string_view, Nanos) override {}
  std::optional<GameHealth> health(std::string_view) const override { return std::nullopt; }
  std::vector<std::string> names() const override { return {}; }
  Topic<GameLine>& lines() override { return lines_; }
  Topic<CommandSeen>& commands() override { return commands_; }

 private:
  Topic<GameLine> lines_;
  Topic<CommandSeen> commands_;
};

}  // namespace gk::games
