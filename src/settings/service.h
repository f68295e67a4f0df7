// service.h: the configuration file of a running daemon: read again, replaced, restored.

#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/topic.h"
#include "base/worker_pool.h"
#include "settings/schema.h"
#include "settings/store.h"
#include "sys/dir_watch.h"

namespace gk::settings {

struct SettingsOptions {
  std::string file;                        ///< Of the configuration; it may be missing.
  std::size_t max_text_bytes = 64 * 1024;  ///< Source: chosen; ours has 3 KiB with all keys.
  std::size_t max_waiting = 16;            ///< Changes that wait for one that runs; then refused.
  std::size_t max_revisions = 50;          ///< The oldest loses.
};

/// What became of a change.
struct Outcome {
  enum class Kind : std::uint8_t { changed, unchanged, invalid, failed };
  Kind kind = Kind::failed;
  std::vector<Complaint> complaints;  ///< Of invalid: the old configuration still holds.
  Error error{Errc::internal, ""};    ///< Of failed.
  std::int64_t revision = 0;          ///< That holds now.
  std::vector<Change> changes;
  std::vector<std::string> restart_required;  ///< Keys that wait for the next start.
};

/// Published on every attempt that changed something, or found the file wrong.
struct ConfigChanged {
  bool valid = true;
  Outcome outcome;
  Author author;
  WallTime at{};
};

/// Thread: loop. Late answers of pool and store are ignored after destruction.
class SettingsService {
 public:
  using Post = std::function<void(std::function<void()>)>;
  using Done = std::function<void(const Outcome&)>;

  /// `text` is what the daemon started with; it is valid.
  SettingsService(SettingsOptions options, std::string text, Schema& schema, RevisionStore& store,
                  WorkerPool& pool, Post post, const Clock& clock, Log& log, Metrics& metrics);

  /// Takes over what is stored; a text that was changed while the daemon was away becomes a
  /// revision. Blocks. Errors: the store's.
  Result<void> restore();

  /// Reads the file again. An invalid file changes nothing.
  void reload(Author author, Done done);
  /// Replaces the file by `text`, if it is valid.
  void replace(std::string text, Author author, Done done);
  /// As replace(), with the text of a revision. Errors in Outcome: not_found.
  void restore_revision(std::int64_t id, Author author, Done done);
  /// What replace() would do, without doing it.
  Outcome preview(std::string_view text) const;
  void text_of_revision(std::int64_t id, std::function<void(Result<std::string>)> done) {
    store_.text(id, std::move(done));
  }

  const std::string& text() const { return text_; }
  const std::string& file() const { return options_.file; }
  std::size_t max_text_bytes() const { return options_.max_text_bytes; }
  std::int64_t revision() const { return revisions_.empty() ? 0 : revisions_.back().id; }
  const std::deque<Revision>& revisions() const { return revisions_; }  ///< Oldest first.
  const std::vector<Value>& values() const { return values_; }
  std::vector<std::string> restart_required() const { return waiting_for_restart(values_); }
  /// What is wrong with the file on disk, when it was read last; empty: nothing.
  const std::vector<Complaint>& complaints() const { return complaints_; }
  Schema& schema() const { return schema_; }
  Topic<ConfigChanged>& changed() { return changed_; }

 private:
  using Task = std::function<void(Done)>;
  /// What a pool thread found out about a text.
  struct Read {
    std::optional<Error> error;
    std::string text;
    Checked checked;
  };

  void queue(Task task, Done done);
  void next();
  void on_pool(std::function<Read()> work, Author author, Done done);
  void take(Read read, const Author& author, const Done& done);
  void commit(Read read, const Author& author, const Done& done);
  Outcome refused(std::vector<Complaint> complaints, const Author& author);
  std::vector<Change> changes_to(const std::vector<Value>& values) const;
  std::vector<std::string> waiting_for_restart(const std::vector<Value>& values) const;
  Revision make_revision(const Author& author, std::vector<Change> changes, std::size_t bytes);
  void keep(Revision revision);
  void publish(const Outcome& outcome, const Author& author);
  Outcome state(Outcome::Kind kind) const;

  const SettingsOptions options_;
  Schema& schema_;
  RevisionStore& store_;
  WorkerPool& pool_;
  const Post post_;
  const Clock& clock_;
  Log& log_;
  Gauge revision_gauge_;
  Gauge valid_gauge_;
  std::string text_;             // In force.
  std::vector<Value> values_;    // Of text_.
  std::vector<Value> at_start_;  // What the keys that are not live still are.
  std::vector<Complaint> complaints_;
  std::deque<Revision> revisions_;
  Topic<ConfigChanged> changed_;
  std::deque<std::pair<Task, Done>> waiting_;
  bool running_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // shared: weak copies in late answers
};

}  // namespace gk::settings
