// write_behind.h: state that changes often and of which only the newest matters, written a moment
// later: many changes of one thing become one write, and a value that did not change none.
//
// For what may be a moment old after a crash (learned baselines, last uses). What must be on disk
// when its caller is told goes straight to the Writer; or use flush(), which hurries for whoever
// waits. A change stays here until it is on disk: a full disk delays it and loses nothing.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "store/writer.h"

namespace gk::store {

struct WriteBehindOptions {
  std::string name{};                   ///< Metric label.
  Nanos flush_every = Millis(100);      ///< From the first change on. [10 ms, 10 s]
  Nanos retry_after = Seconds(1);       ///< After a batch that failed. [100 ms, 1 min]
  std::size_t max_changes = 16'384;     ///< Not yet on disk; beyond, the newest key is refused.
  std::size_t max_remembered = 16'384;  ///< Values known to be on disk; any is forgotten.
};

/// Thread: loop; `done` callbacks come through `post`, never from within a call.
class WriteBehind {
 public:
  using Post = std::function<void(std::function<void()>)>;
  /// Asks for tick() after a delay. A later call replaces an earlier one.
  using WakeAfter = std::function<void(Nanos)>;
  using Done = std::function<void(Result<void>)>;
  /// Writes the value. May run more than once, when a batch failed: it must not move from itself.
  using Apply = std::function<Result<void>(Database&)>;

  /// Requires: the writer and what `post` refers to outlive this.
  WriteBehind(Writer& writer, Post post, WakeAfter wake_after, WriteBehindOptions options,
              Metrics& metrics);
  ~WriteBehind();  ///< Hands what is left to the writer, which commits it before it ends.
  WriteBehind(const WriteBehind&) = delete;
  WriteBehind& operator=(const WriteBehind&) = delete;

  /// `key` now has `value`; `apply` writes it. Nothing is written when that is what the disk has.
  /// Values are compared, not hashed: two values that look alike cost a user nothing.
  /// Errors: resource_exhausted (too many changes wait).
  Result<void> put(std::string_view key, std::string value, Apply apply);
  /// Forgets a change that waits, and what is known of the disk. For a key that is deleted: hand
  /// the deletion to the writer after this call, so that it comes behind what is under way.
  void forget(std::string_view key);
  /// Writes now. `done` when all that was put before is on disk, or could not be written now (it
  /// stays, and is tried again).
  void flush(Done done);
  /// The flush that is due; see WakeAfter.
  void tick();

  struct Stats {
    std::uint64_t writes = 0;        ///< Changes written.
    std::uint64_t batches = 0;       ///< Transactions asked for.
    std::uint64_t writes_saved = 0;  ///< Changes that were unchanged or overtaken by a newer one.
    std::uint64_t bytes_saved = 0;   ///< Their values.
    std::size_t waiting = 0;         ///< Not known to be on disk.
  };
  Stats stats() const;

 private:
  struct Change {
    std::string value;
    Apply apply;
    bool under_way = false;  // In the batch that the writer has.
  };
  struct Link;

  void saved(std::size_t bytes);
  void start_batch();
  void end_batch(const Result<void>& result);
  void remember(const std::string& key, std::string value);

  const WriteBehindOptions options_;
  Writer& writer_;
  const Post post_;
  const WakeAfter wake_after_;
  Counter writes_, batches_, writes_saved_, bytes_saved_;
  Gauge waiting_gauge_;

  std::map<std::string, Change, std::less<>> changes_;  // Written in order of key.
  std::map<std::string, std::string, std::less<>> on_disk_;
  std::vector<std::string> batch_;  // Keys of the batch that is under way.
  std::vector<Done> waiting_now_;   // For the batch that is under way.
  std::vector<Done> waiting_next_;  // For the one after it.
  bool in_batch_ = false;
  bool timer_set_ = false;
  Stats stats_;
  std::shared_ptr<Link> link_;  // Shared with answers of the writer that are not there yet.
};

}  // namespace gk::store
