// tally_store_fake_test.h: tallies in memory, behind a disk that can fail.

#pragma once

#include <utility>

#include "macros/tally_store.h"

namespace gk::macros {

/// Thread: loop.
class FakeTallyStore final : public TallyStore {
 public:
  explicit FakeTallyStore(net::Loop& loop) : loop_(loop) {}
  bool broken = false;                 ///< Every call fails.
  bool keeps_what_it_refuses = false;  ///< The planted bug: a failed write is on disk all the same.
  PendingTallies::Entries rows;
  std::map<Quarter, Micros> daemon;  ///< How long it was there.

  void add(Entries entries, Done done) override {
    if (!broken || keeps_what_it_refuses) {
      for (const auto& [key, entry] : *entries) {
        if (key.macro_id.empty()) {
          daemon[key.quarter] += entry.tally.run_time;
          continue;
        }
        add_tally(rows[key].tally, entry.tally);
        rows[key].macro_name = entry.macro_name;
      }
    }
    answer(std::move(done));
  }
  void scan(TallyQuery query, Sink sink, Done done) override {
    for (const auto& [quarter, time] : daemon) {
      QuarterTally tally;
      tally.run_time = time;
      if (!broken && quarter <= query.to) sink({quarter, "", ""}, "", tally);
    }
    for (const auto& [key, entry] : rows) {
      const bool wanted = key.quarter >= query.from && key.quarter <= query.to &&
                          (query.macro_id.empty() || query.macro_id == key.macro_id) &&
                          (query.game.empty() || query.game == key.game);
      if (wanted && !broken) sink(key, entry.macro_name, entry.tally);
    }
    answer(std::move(done));
  }

 private:
  void answer(Done done) {
    loop_.post([done = std::move(done), fails = broken] {
      done(fails ? Result<void>(Error{Errc::unavailable, "the disk is full"}) : Result<void>());
    });
  }
  net::Loop& loop_;
};

}  // namespace gk::macros
