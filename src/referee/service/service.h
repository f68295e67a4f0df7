// service.h: the loop's side of the referee: options, reviews, sources, topics, data of players.
//
// The judge runs on a thread of its own (ingest_thread.h); this asks it through a Desk and gets the
// answers back on the loop. What must survive a restart goes through RefereeStore, and an
// acknowledged change is on disk.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/topic.h"
#include "monitor/rules/performance.h"
#include "net/loop.h"
#include "net/web_socket.h"
#include "referee/service/desk.h"
#include "referee/service/referee_store.h"
#include "referee/service/review_book.h"

namespace gk::referee {

/// What the service is built from; all of it outlives it.
struct ServiceContext {
  net::Loop& loop;
  const Clock& clock;
  Random& random;
  Log& log;
  Metrics& metrics;
  RefereeStore& store;
  std::string data_dir;
};

/// For stats: what the judge and the ingest counted.
struct Counted {
  JudgeStats judge;
  IngestStats ingest;
  std::size_t players = 0;
};

/// Thread: loop.
class RefereeService {
 public:
  static constexpr std::size_t kMaxSources = 64;           // Source: chosen.
  static constexpr std::size_t kMaxSocketBytes = 4 << 20;  // Waiting for the judge, a WebSocket.

  RefereeService(const ServiceContext& context, Desk& desk);
  ~RefereeService();

  /// Puts what was stored in its place. Before the judge's thread starts.
  /// Errors: invalid_argument (the stored options are not valid any more: the defaults hold).
  Result<void> restore(StoredReferee stored, Bench& bench);
  /// Cases that are opened while this machine has a performance issue say so, for whoever decides
  /// them. Measured issues only: what a client claims is left out. No issue changes a verdict, the
  /// bound or the evidence (decisions/0035). Requires: `issues` outlives this.
  void watch(Topic<monitor::PerformanceIssue>& issues);
  /// What the judge's thread says.
  void take(Digest digest);

  /// Runs `question` on the judge's thread; `answer` comes on the loop.
  /// Errors to `answer`: those of Desk::run().
  template <typename T>
  void ask(std::function<T(Bench&, Now)> question, std::function<void(Result<T>)> answer) {
    const auto kept = std::make_shared<std::function<void(Result<T>)>>(std::move(answer));
    const auto queued = desk_.run([this, question = std::move(question), kept](Bench& bench) {
      // Shared: std::function needs a copyable closure.
      auto result = std::make_shared<Result<T>>(question(bench, now()));
      context_.loop.post([kept, result] { (*kept)(std::move(*result)); });
    });
    if (!queued) context_.loop.post([kept, error = queued.error()] { (*kept)(error); });
  }
  Now now() const;

  const ServiceOptions& options() const { return options_; }
  std::int64_t version() const { return history_.empty() ? 0 : history_.back().version; }
  const std::vector<OptionsVersion>& history() const { return history_; }  ///< Oldest first.
  /// Stores, then lets them hold. Errors to `done`: those of the store and Judge::configure().
  void set_options(const ServiceOptions& options, const std::string& by,
                   std::function<void(Result<void>)> done);

  const ReviewBook& reviews() const { return reviews_; }
  /// Errors to `done`: not_found, failed_precondition (decided already), those of the store.
  void decide(const std::string& id, ReviewState state, const std::string& by,
              const std::string& note, std::function<void(Result<Review>)> done);

  const std::vector<Source>& sources() const { return sources_; }
  /// A new key, shown this once. Errors to `done`: already_exists, resource_exhausted, the store's.
  void add_source(const std::string& name, const std::string& address, const std::string& by,
                  std::function<void(Result<Source>)> done);
  void remove_source(const std::string& name, std::function<void(Result<void>)> done);

  /// Everything kept about a player, as one JSON object. Errors to `done`: not_found.
  void export_player(const std::string& player, std::function<void(Result<std::string>)> done);
  /// Forgets a player. Errors to `done`: not_found, the store's.
  void delete_player(const std::string& player, std::function<void(Result<void>)> done);

  /// Begins a recording `<data>/movement/<name>.jsonl`.
  /// Errors to `done`: already_exists (name, or one runs), unavailable.
  void start_recording(const std::string& name, std::uint64_t max_bytes,
                       std::function<void(Result<RecordingState>)> done);
  void stop_recording(std::function<void(Result<RecordingState>)> done);

  /// Takes binary frames of one socket until it closes. `owner` is the user's name, `session` what
  /// close_session() is told.
  void attach(std::shared_ptr<net::WebSocket> socket, const std::string& owner,
              const std::string& session);
  /// Closes the sockets of an ended session with 4401.
  void close_session(const std::string& session);
  void close_all(std::uint16_t code, std::string_view reason);

  Topic<VerdictRecord>& rejected() { return rejected_; }
  /// The judge's state changed; at most every 250 ms.
  Topic<bool>& changed() { return changed_; }
  /// The body of GET /movement/stats.
  std::string stats_json(const Counted& counted) const;

 private:
  struct Sockets;
  struct Counters;
  void take_case(const ReviewCase& found);
  void apply_rates();
  void show_open();
  std::string measured_now() const;
  std::int64_t version_after() const;
  void count_review(const char* outcome);
  void share_sources();

  const ServiceContext context_;
  Desk& desk_;
  ServiceOptions options_;
  std::vector<OptionsVersion> history_;
  ReviewBook reviews_;
  std::vector<Source> sources_;
  Topic<VerdictRecord> rejected_;
  Topic<bool> changed_;
  bool dirty_ = false;
  net::Handle beat_;
  std::optional<monitor::PerformanceIssue> issue_;  // The last one that was measured.
  Topic<monitor::PerformanceIssue>::Subscription issues_;
  std::unique_ptr<Counters> counters_;
  std::shared_ptr<Sockets> sockets_;  // Shared with callbacks that outlive a socket.
};

}  // namespace gk::referee
