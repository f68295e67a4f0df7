// tallies.h: counts what macros do, for the trend reports: listens to the service, the monitor and
// the game links, and hands what it counted to the store every few seconds.
//
// It only listens: nothing that decides, fences or kills calls it or waits for it.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "games/port.h"
#include "macros/lifecycle.h"
#include "macros/observer.h"
#include "macros/rules/quarter_tally.h"
#include "macros/service.h"
#include "macros/tally_store.h"
#include "net/loop.h"

namespace gk::macros {

struct TalliesOptions {
  Nanos flush_every =
      Seconds(10);                ///< From the first change on: what kill -9 can cost. [1 s, 1 min]
  double memory_total_bytes = 0;  ///< For a macro's share; 0: unknown, and the share too.
  /// A sample that is further from the one before it does not tell how long its value held.
  Nanos longest_step = Seconds(5);
};

/// Thread: loop.
class MacroTallies {
 public:
  /// Requires: all outlive it.
  MacroTallies(TalliesOptions options, net::Loop& loop, const Clock& clock, Log& log,
               Metrics& metrics, MacroService& service, Observer& observer, TallyStore& store);
  ~MacroTallies();  ///< Hands what is left to the store.
  MacroTallies(const MacroTallies&) = delete;
  MacroTallies& operator=(const MacroTallies&) = delete;

  /// The game links, whose commands count; null: none do.
  void set_games(games::Port* games);
  /// Counts up to now and writes. `done` when it is on disk, or could not be written: then it
  /// stays, is tried again, and counts from then on.
  void flush(std::function<void(Result<void>)> done);

 private:
  struct Live {
    std::string name, game;
    MonoTime counted_to{};
  };
  using Added = std::function<void(QuarterTally&)>;

  void on_notice(const MacroNotice& notice);
  void on_snapshot(const monitor::Snapshot& snapshot);
  void on_command(const games::CommandSeen& seen);
  void count_run(std::string_view macro_id, Live& live);
  void count_daemon();
  void count(std::string_view macro_id, const Live& live, const Added& add);
  void count(std::string_view macro_id, const Added& add);
  void write_later();
  void write();

  const TalliesOptions options_;
  net::Loop& loop_;
  const Clock& clock_;
  Log& log_;
  TallyStore& store_;
  PendingTallies pending_;
  std::map<std::string, Live, std::less<>> live_;
  Live daemon_;                            // Under the empty id.
  std::optional<Quarter> daemon_counted_;  // The quarter in which it was counted last.
  MonoTime last_snapshot_{};
  std::vector<std::function<void(Result<void>)>> waiting_;  // For the write that comes next.
  bool writing_ = false;
  bool write_again_ = false;
  net::Handle timer_;
  Gauge lost_;
  Topic<MacroNotice>::Subscription notices_;
  Topic<CancellationEvent>::Subscription cancelled_;
  Topic<Observer::Published>::Subscription snapshots_;
  Topic<games::CommandSeen>::Subscription commands_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // Shared: weak copies in late callbacks.
};

}  // namespace gk::macros
