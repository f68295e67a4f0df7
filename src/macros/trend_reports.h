// trend_reports.h: what macros did and how the machine and the games fared, by day: collects the
// tallies and the recorded signals and folds them into the days of a zone, off the loop. HTTP is
// routes_trends.cc.

#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/worker_pool.h"
#include "macros/observer.h"
#include "macros/rules/zone.h"
#include "macros/tallies.h"
#include "macros/tally_store.h"
#include "net/loop.h"

namespace gk::macros {

struct TrendRequest {
  std::size_t days = 7;   ///< With today. [1, 30]
  std::string time_zone;  ///< IANA; empty: the machine's.
  std::string macro_id;   ///< Empty: all.
  std::string game;       ///< Empty: all.
  bool operator==(const TrendRequest&) const = default;
};

/// Source: chosen.
struct TrendReportLimits {
  std::size_t macros = 200;  ///< In a report; those that ran least are left out.
  std::size_t games = 16;    ///< The last by name are left out.
  std::size_t waiting = 16;  ///< Reports behind the one that is made; the newest is refused.
};

/// Where the parts of a report come from; all of it outlives the reports.
struct TrendSources {
  Observer& observer;
  MacroTallies& tallies;
  TallyStore& store;
  std::function<std::vector<std::string>()> games;            ///< Names of the game links.
  std::function<Result<Zone>(const std::string& name)> zone;  ///< On a thread of the pool.
  std::function<std::string()> local_zone;                    ///< The same.
};

/// Thread: loop. One report is made at a time; who asks for the same meanwhile gets the same.
class TrendReports {
 public:
  /// Requires: all outlive it.
  TrendReports(net::Loop& loop, WorkerPool& pool, const Clock& clock, TrendSources sources,
               TrendReportLimits limits = {});

  /// `done` gets the JSON of the report.
  /// Requires: days in range.
  /// Errors to `done`: invalid_argument (no such zone), resource_exhausted (too many reports wait,
  ///                   or the pool is full), those of the stores.
  using Done = std::function<void(Result<std::string>)>;
  void run(TrendRequest request, Done done);

 private:
  struct Job;
  using JobPtr = std::shared_ptr<Job>;  // Shared: the callbacks of its steps.
  using Step = void (TrendReports::*)(const JobPtr&);

  void begin(const JobPtr& job);
  void load_tallies(const JobPtr& job);
  void load_metrics(const JobPtr& job);
  void write(const JobPtr& job);
  void answer(const JobPtr& job);
  void end(const JobPtr& job, const Result<std::string>& result);
  void off_loop(const JobPtr& job, std::function<Result<void>(Job&)> work, Step then);

  net::Loop& loop_;
  WorkerPool& pool_;
  const Clock& clock_;
  const TrendSources sources_;
  const TrendReportLimits limits_;
  std::deque<JobPtr> queue_;                              // The first is being made.
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // Shared: weak copies in late callbacks.
};

}  // namespace gk::macros
