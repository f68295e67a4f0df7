// simulations.h: collects recorded history and runs a profile over it (rules/simulation.h), off the
// loop. It never acts. HTTP is routes_simulate.cc.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/ring.h"
#include "base/worker_pool.h"
#include "macros/macro_store.h"
#include "macros/observer.h"
#include "macros/profile_book.h"
#include "macros/rules/simulation.h"

namespace gk::macros {

/// Source: chosen.
struct SimulationsLimits {
  Micros longest{std::chrono::hours(24 * 7)};  ///< Between `from` and `to`.
  std::size_t samples = 90'000;  ///< Raw ones of a signal: 25 h at 1 Hz. The oldest lose, of all.
  std::size_t others = 3;        ///< Other macros whose demand counts; the last by name lose.
  std::size_t evidence = 20;     ///< Case files read; the oldest lose.
};

/// Where the level of a simulation comes from.
enum class LevelSource : std::uint8_t { profile, request, last_run };

struct SimulateRequest {
  MacroSafetyProfile profile;                       ///< Its macro_id is the subject.
  LevelSource level_source = LevelSource::profile;  ///< Only told.
  WatchedMacro means;
  WallTime from{}, to{};
  std::string correlation_id;  ///< For the log.
};

/// Thread: loop. One simulation at a time.
class Simulations {
 public:
  /// Requires: all outlive it. `events`: the cancellations that are remembered.
  Simulations(net::Loop& loop, WorkerPool& pool, Observer& observer, MacroStore& store,
              const ProfileBook& profiles, std::function<const Ring<CancellationEvent>&()> events,
              std::function<WatchSettings()> settings, Log& log, const Clock& clock,
              SimulationsLimits limits = {});

  /// `done` gets the JSON of the result.
  /// Errors to `done`: invalid_argument (times), resource_exhausted (another runs, or the pool is
  ///                   full), those of the history.
  using Done = std::function<void(Result<std::string>)>;
  void run(SimulateRequest request, Done done);

 private:
  struct Job;

  void load_next(const std::shared_ptr<Job>& job);
  void load_evidence(const std::shared_ptr<Job>& job);
  void work(const std::shared_ptr<Job>& job);
  void end(const std::shared_ptr<Job>& job, Result<std::string> result);

  net::Loop& loop_;
  WorkerPool& pool_;
  Observer& observer_;
  MacroStore& store_;
  const ProfileBook& profiles_;
  const std::function<const Ring<CancellationEvent>&()> events_;
  const std::function<WatchSettings()> settings_;
  Log& log_;
  const Clock& clock_;
  const SimulationsLimits limits_;
  bool busy_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // Shared: weak copies in late callbacks.
};

/// The samples in the evidence of a cancellation, as series of `macro_id`'s history.
/// Errors: data_loss (not such a text).
Result<std::vector<RecordedSeries>> read_evidence_series(std::string_view json,
                                                         const std::string& macro_id);

}  // namespace gk::macros
