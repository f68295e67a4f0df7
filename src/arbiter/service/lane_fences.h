// lane_fences.h: which macros get no lane any more, by their names and by what they asked with.
//
// A process macro has a connection of its own, which is fenced as a whole (lane_socket.h). An
// external macro asks like any other program, over HTTP or lanes.sock: it is known by its name, by
// its process, and by the token or process that registered it or asked for a lane in its name. So
// it cannot go on under another name. Not here: what it holds and waits for (lane_service.h).

#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gamekeeper/result.h"

namespace gk::arbiter {

/// Source: chosen; more macros than run (256) and are in quarantine (1,000) together.
struct LaneFenceLimits {
  std::size_t macros = 2'048;   ///< Known; the one entered first loses. [1, 65,536]
  std::size_t identities = 8;   ///< Of a macro; the newest is not kept. [1, 64]
  bool ignores_others = false;  ///< The planted bug of a test: only the name is fenced.
};

/// How far a fence reaches.
enum class FenceReach : std::uint8_t {
  name,     ///< Nobody may ask in the macro's name: it was stopped.
  program,  ///< Nor may what asked in its name ask in another, but for macros that run.
};

/// Thread: compatible.
class LaneFences {
 public:
  explicit LaneFences(LaneFenceLimits limits = {}) : limits_(limits) {}

  /// A macro starts: its fence is lifted. `process`: the identity of its process, empty if it gave
  /// none; `others`: of who started it.
  void enter(const std::string& macro, const std::string& process,
             const std::vector<std::string>& others);
  /// Its start failed: a fence that enter() lifted is there again.
  void take_back(const std::string& macro);
  /// It ended without a fence.
  void leave(const std::string& macro);
  /// From now on it is refused. Allocates only for a macro that was never entered.
  void fence(std::string_view macro, FenceReach reach);
  /// Somebody asks in the name of a macro.
  void note(const std::string& actor, const std::vector<std::string>& identities);

  /// Whether `identities` may ask as `actor`. Errors: permission_denied (names the macro).
  /// Cost: O(identities × macros of each).
  Result<void> check(const std::string& actor, const std::vector<std::string>& identities) const;
  /// False: nothing is known, so nothing needs a check.
  bool any() const { return !macros_.empty(); }
  std::size_t size() const { return macros_.size(); }

 private:
  struct Macro {
    std::uint64_t number = 0;
    bool runs = false, fenced = false, was_fenced = false;
    FenceReach reach = FenceReach::name;
    std::string process;
    std::vector<std::string> identities;
  };
  using Macros = std::map<std::string, Macro, std::less<>>;

  void learn(const std::string& name, Macro& macro, const std::string& identity);
  void erase(Macros::iterator macro);
  Macro& make(const std::string& name);

  const LaneFenceLimits limits_;
  Macros macros_;
  std::map<std::string, std::set<std::string>, std::less<>> users_;  // Identity → macros.
  std::uint64_t last_number_ = 0;
};

}  // namespace gk::arbiter
