// transport.h: what the service needs of whoever sends: the child process, or a fake in tests.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gamekeeper/result.h"
#include "notices/rules/frames.h"

namespace gk::notices {

/// Thread: loop.
class Transport {
 public:
  virtual ~Transport() = default;
  /// Sends one POST; `number` is the transport's own. `done` comes once, on the loop, never before
  /// this returns, within some 20 s.
  virtual void post(PostRequest request, std::function<void(const Attempt&)> done) = 0;
};

/// A line for the players of a game. The server connects it with the game links.
using GameSender = std::function<void(const std::string& game, const std::string& command,
                                      std::function<void(Result<void>)> done)>;

/// Seals what a stolen database must not tell. The server hands in the installation's key.
struct SecretBox {
  std::function<std::vector<std::uint8_t>(const std::string&)> seal;
  std::function<std::optional<std::string>(const std::vector<std::uint8_t>&)> open;
};

}  // namespace gk::notices
