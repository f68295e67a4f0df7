// detector.h: finds game servers on this machine, to be offered as games. It looks at programs by
// name and at the ports that they and the usual kinds have, on loopback only, and asks each what it
// is without logging in.

#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/worker_pool.h"
#include "games/rules/detect.h"
#include "games/wire.h"

namespace gk::games {

/// What looks like a game server.
struct Suspect {
  std::string kind;
  std::uint16_t port = 0;  ///< 0: its kind has none.
  std::string process;     ///< Name; empty: not known, its port speaks for it.
  int pid = 0;
  std::string world;    ///< Of Luanti: its folder.
  bool has_mod = true;  ///< Of Luanti: the link's mod is in that world.
  bool proven = false;  ///< It answered as its kind does.
};

/// Source: chosen.
struct DetectorOptions {
  std::size_t max_suspects = 32;  ///< Of one look; the later ones are left out.
  std::size_t max_looks = 4;      ///< At a time; the newest is refused.
  Millis answer{700};             ///< For a probe; OpenTTD answers in its next frame.
};

/// Reads /proc. Blocks for some milliseconds: for a pool.
std::vector<Suspect> look_around(std::size_t max_suspects);

/// Thread: loop.
class Detector {
 public:
  using Done = std::function<void(Result<std::vector<Suspect>>)>;

  /// Requires: the pool and what the environment refers to outlive it.
  Detector(const LinkEnvironment& environment, WorkerPool& pool, DetectorOptions options = {});
  ~Detector();
  Detector(const Detector&) = delete;
  Detector& operator=(const Detector&) = delete;

  /// Those that answered, and those of kinds that show nothing before a log-in.
  /// Errors: resource_exhausted.
  void look(Done done);

 private:
  struct Look;
  void probe(const std::shared_ptr<Look>& look, std::vector<Suspect> suspects);
  void on_bytes(const std::shared_ptr<Look>& look, std::size_t place, std::string_view bytes);
  void settle(const std::shared_ptr<Look>& look);
  void end(const std::shared_ptr<Look>& look);

  const LinkEnvironment environment_;
  WorkerPool& pool_;
  const DetectorOptions options_;
  std::list<std::shared_ptr<Look>> looks_;  // Shared: with the events of their probes.
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // Shared: weak copies in late callbacks.
};

}  // namespace gk::games
