// session_store.h: sessions, modes and the history of commands in state.db.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/loop.h"
#include "store/migrations.h"
#include "store/writer.h"

namespace gk::sessions {

/// What was stored, as JSON texts.
struct StoredSessions {
  std::vector<std::string> sessions;                       ///< Oldest first.
  std::vector<std::pair<std::string, std::string>> modes;  ///< Name and mode.
  std::vector<std::string> commands;                       ///< Oldest first.
};

/// Thread: loop; `done` comes on the loop, and never before the call returns.
class SessionStore {
 public:
  using Done = std::function<void(Result<void>)>;

  virtual ~SessionStore() = default;
  virtual Result<StoredSessions> load() = 0;  ///< At start-up only: blocks.
  virtual void save_session(const std::string& id, std::string json, Done done) = 0;
  virtual void delete_session(const std::string& id, Done done) = 0;
  virtual void save_mode(const std::string& name, std::string json, Done done) = 0;
  virtual void delete_mode(const std::string& name, Done done) = 0;
  virtual void save_command(const std::string& id, std::string json, Done done) = 0;
};

store::RoomMigrations sessions_migrations();

/// The store over state.db's writer. Bounds are kept by whoever calls, but for the commands: of
/// those the newest `max_commands` stay.
class SqlSessionStore final : public SessionStore {
 public:
  /// Requires: all outlive the store; the migrations have run.
  SqlSessionStore(store::Writer& writer, net::Loop& loop, const Clock& clock,
                  std::int64_t max_commands = 1'000);

  Result<StoredSessions> load() override;
  void save_session(const std::string& id, std::string json, Done done) override;
  void delete_session(const std::string& id, Done done) override;
  void save_mode(const std::string& name, std::string json, Done done) override;
  void delete_mode(const std::string& name, Done done) override;
  void save_command(const std::string& id, std::string json, Done done) override;

 private:
  void submit(store::Writer::Job job, Done done);
  void save(std::string_view sql, const std::string& key, std::string json, Done done);
  void remove(std::string_view sql, const std::string& key, Done done);

  store::Writer& writer_;
  net::Loop& loop_;
  const Clock& clock_;
  const std::int64_t max_commands_;
};

}  // namespace gk::sessions
