// macro_store.h: what of this room must survive a restart: cancellations with their evidence,
// custom profiles, approvals of override files. Nothing here is needed to cancel.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "macros/event.h"
#include "macros/rules/quarantine.h"
#include "macros/run_memory.h"
#include "net/loop.h"
#include "store/migrations.h"
#include "store/writer.h"

namespace gk::macros {

/// What was stored.
struct StoredMacros {
  std::vector<CancellationEvent> events;  ///< Newest last, at most 1,000.
  std::uint64_t total_cancellations = 0;
  std::map<std::string, std::string> profiles;   ///< macro_id → JSON patch.
  std::map<std::string, std::string> approvals;  ///< Override profile → approved hash.
  std::vector<QuarantineEntry> quarantine{};     ///< At most 1,000.
  std::vector<ProgramOutput> outputs{};          ///< Of programs that ended; newest last.
  std::vector<std::pair<std::string, SafetyLevel>> levels{};  ///< Of last starts; newest last.
};

/// Thread: loop; `done` comes on the loop, and never before the call returns.
class MacroStore {
 public:
  using Done = std::function<void(Result<void>)>;
  using Evidence = std::function<void(Result<std::string>)>;

  virtual ~MacroStore() = default;
  virtual Result<StoredMacros> load() = 0;  ///< At start-up only: blocks.
  virtual void save_event(const CancellationEvent& event, Done done) = 0;
  virtual void save_evidence(const std::string& event_id, std::string json, Done done) = 0;
  virtual void load_evidence(const std::string& event_id, Evidence done) = 0;
  virtual void save_profile(const std::string& macro_id, std::string json, Done done) = 0;
  virtual void delete_profile(const std::string& macro_id, Done done) = 0;
  virtual void save_approval(const std::string& profile, const std::string& hash,
                             const std::string& by, Done done) = 0;
  virtual void save_quarantine(const QuarantineEntry& entry, Done done) = 0;
  virtual void delete_quarantine(const std::string& macro_id, Done done) = 0;
  /// The last output of a program and how it ended; replaces that of its run before.
  virtual void save_output(const ProgramOutput& output, Done done) = 0;
  /// What the last start of a macro asked for; nothing: its profile's.
  virtual void save_level(const std::string& macro_id, std::optional<SafetyLevel> level,
                          Done done) = 0;
};

/// The schema of this room in state.db. Evidence is there too, beside its event: a cancellation
/// that is on disk while its evidence is lost would be an accusation without proof.
store::RoomMigrations macros_migrations();

/// Bounds of the tables; the oldest rows lose.
struct MacroStoreLimits {
  std::int64_t max_events = 10'000;
  std::int64_t max_evidence = 500;  ///< Of some 80 KB each.
  RunMemoryLimits runs{};           ///< As many as are kept in memory.
};

/// The store over state.db's writer.
class SqlMacroStore final : public MacroStore {
 public:
  /// Requires: both outlive the store; the migrations have run.
  SqlMacroStore(store::Writer& writer, net::Loop& loop, const Clock& clock,
                MacroStoreLimits limits = {});

  Result<StoredMacros> load() override;
  void save_event(const CancellationEvent& event, Done done) override;
  void save_evidence(const std::string& event_id, std::string json, Done done) override;
  void load_evidence(const std::string& event_id, Evidence done) override;
  void save_profile(const std::string& macro_id, std::string json, Done done) override;
  void delete_profile(const std::string& macro_id, Done done) override;
  void save_approval(const std::string& profile, const std::string& hash, const std::string& by,
                     Done done) override;
  void save_quarantine(const QuarantineEntry& entry, Done done) override;
  void delete_quarantine(const std::string& macro_id, Done done) override;
  void save_output(const ProgramOutput& output, Done done) override;
  void save_level(const std::string& macro_id, std::optional<SafetyLevel> level,
                  Done done) override;

 private:
  void submit(store::Writer::Job job, Done done);

  store::Writer& writer_;
  net::Loop& loop_;
  const Clock& clock_;
  const MacroStoreLimits limits_;
};

}  // namespace gk::macros
