// referee_store.h: what of the referee survives a restart: reviews, options with their history,
// baselines, sources. In state.db.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/loop.h"
#include "referee/rules/review_queue.h"
#include "referee/service/baseline.h"
#include "referee/service/review_book.h"
#include "referee/service/sources.h"
#include "store/migrations.h"
#include "store/write_behind.h"
#include "store/writer.h"

namespace gk::referee {

/// One version of the options.
struct OptionsVersion {
  std::int64_t version = 0;  ///< From 1.
  WallTime at{};
  std::string by;
  std::string json;
};

/// What was stored.
struct StoredReferee {
  std::vector<Review> reviews;
  std::array<ReviewCount, kChannels> counts{};
  std::vector<OptionsVersion> options;  ///< Oldest first, at most 100.
  std::vector<std::pair<std::string, PlayerBaseline>> baselines;
  std::vector<Source> sources;
};

/// The schema of this room.
store::RoomMigrations referee_migrations();

/// Thread: loop; `done` comes on the loop, never before the call returns.
class RefereeStore {
 public:
  using Done = std::function<void(Result<void>)>;
  static constexpr std::int64_t kMaxOptions = 100;       // Source: chosen; the oldest go.
  static constexpr std::int64_t kMaxBaselines = 10'000;  // Source: chosen; the oldest go.

  /// Requires: all outlive the store; the migrations have run.
  RefereeStore(store::Writer& writer, net::Loop& loop, const Clock& clock, Metrics& metrics,
               Nanos flush_every = Millis(100));

  /// At start-up only: blocks.
  Result<StoredReferee> load();
  /// Deletes reviews that were opened, and baselines that were last learned, before `time`.
  static store::Writer::Job forget_before(WallTime time);
  /// Inserts or replaces; `gone` are removed in the same transaction.
  void save_review(const Review& review, const std::vector<std::string>& gone, Done done);
  /// The decision and its count, together.
  void save_decision(const Review& review, const ReviewCount& count, Done done);
  void save_options(const OptionsVersion& version, Done done);
  /// Written behind: a moment later, the newest of each player only. What a crash then costs is
  /// learned again.
  void save_baselines(std::vector<std::pair<std::string, PlayerBaseline>> baselines);
  /// Baselines are on disk when `done` comes.
  void flush(Done done) { baselines_.flush(std::move(done)); }
  void save_source(const Source& source, const std::string& by, Done done);
  void delete_source(const std::string& name, Done done);
  /// Reviews and baseline of one player.
  void delete_player(const std::string& player, Done done);

 private:
  void submit(store::Writer::Job job, Done done);
  std::int64_t now_us() const { return clock_.wall().time_since_epoch().count(); }

  store::Writer& writer_;
  net::Loop& loop_;
  const Clock& clock_;
  store::WriteBehind baselines_;
  net::Handle flush_timer_;
  std::uint64_t prunes_ = 0;
};

}  // namespace gk::referee
