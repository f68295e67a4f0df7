// library.h: the macros that can be started by name. Texts and settings with their versions;
// import and export; what is read once and run often.
//
// Running is script_runner.h, starting by itself scheduler.h. Design: docs/macro-library.md.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/topic.h"
#include "base/worker_pool.h"
#include "macros/scripts/rules/step_check.h"
#include "macros/scripts/script.h"
#include "macros/scripts/script_store.h"
#include "net/loop.h"

namespace gk::macros {

/// A macro of the library with what its text says.
struct LibraryEntry {
  Script script;
  std::string description, category;
  std::string game;         ///< Its setting, else what the text names.
  bool needs_game = false;  ///< It acts on one, so it does not start without.
  /// Steps: the program. Lua: only its on_cancel. Shared with the runs of it.
  std::shared_ptr<const StepProgram> program;
};

struct ScriptChanged {
  enum class Kind : std::uint8_t { saved, removed };
  std::string name;
  Kind kind = Kind::saved;
};

/// A new text or new settings.
struct ScriptPut {
  std::string name;
  std::optional<ScriptKind> kind;     ///< Needed for a new name.
  std::optional<std::string> source;  ///< Needed for a new name.
  ScriptSettings settings;            ///< As a whole.
  std::optional<std::int64_t> expected_version;
  std::string by;
};

/// Says what is wrong with the grammar of a Lua text; comes once, on the loop.
using LuaCheck = std::function<void(const std::string& name, const std::string& source,
                                    std::function<void(Result<void>)> done)>;

/// Thread:     loop.
/// Invariants: at most kMaxScripts; what is in memory is on disk; one change a name at a time.
class ScriptLibrary {
 public:
  using Done = std::function<void(Result<void>)>;

  /// Requires: all references outlive the library. `lua_check` may be empty: then only the head of
  /// a Lua text is checked.
  ScriptLibrary(ScriptStore& store, const Clock& clock, Log& log, WorkerPool& pool, net::Loop& loop,
                LuaCheck lua_check);
  ScriptLibrary(const ScriptLibrary&) = delete;
  ScriptLibrary& operator=(const ScriptLibrary&) = delete;

  /// A text that is no longer readable stays, without a program: it cannot be started.
  void restore(std::vector<Script> scripts);

  /// Null: none of that name.
  const LibraryEntry* find(std::string_view name) const;
  const std::map<std::string, LibraryEntry, std::less<>>& entries() const { return entries_; }

  /// Errors to `done`: invalid_argument (name, text: with places), failed_precondition (another
  ///   version than expected; a change of this name is under way), resource_exhausted (full, too
  ///   long), not_found (no text for a new name is given), and those of the store.
  void put(ScriptPut request, Done done);
  /// Errors: not_found, failed_precondition (a change is under way), those of the store.
  void remove(const std::string& name, Done done);
  /// Makes the text of an older version the newest. Errors: not_found, as put().
  void bring_back(const std::string& name, std::int64_t version, const std::string& by, Done done);
  void versions(const std::string& name,
                std::function<void(Result<std::vector<ScriptVersion>>)> done);
  void version(const std::string& name, std::int64_t version,
               std::function<void(Result<std::string>)> done);

  /// A check of a text that need not be in the library.
  void check(ScriptKind kind, const std::string& name, const std::string& source, CheckLevel level,
             std::function<void(CheckReport)> done);

  /// {"gamekeeper_macros": 1, "scripts": […]} of `names`; all when empty. Errors: not_found.
  Result<std::string> export_json(const std::vector<std::string>& names) const;
  /// All of a bundle or nothing. A name that exists gets a new version when `replace`, otherwise it
  /// is an error. What comes in is disabled and without a schedule unless the bundle's settings are
  /// trusted with `keep_settings`. `done` gets the names. The texts are read on the pool: 16 MiB
  /// would hold the loop for 190 ms.
  /// Errors: invalid_argument (with the place in the bundle), already_exists, resource_exhausted
  ///         (also: the pool is full).
  struct Import {
    bool replace = false;
    bool keep_settings = false;
    std::string by;
  };
  using Imported = std::function<void(Result<std::vector<std::string>>)>;
  void import_json(JsonValue bundle, Import how, Imported done);

  Topic<ScriptChanged>& changed() { return changed_; }

 private:
  /// One macro of a bundle, or of a put(): what is asked for and what its text says.
  struct Draft {
    ScriptPut put;
    LibraryEntry read;
  };
  /// Macros that are to be stored together. Shared by the steps on the way and by the writer.
  struct Batch {
    std::shared_ptr<std::vector<Script>> scripts;
    std::vector<LibraryEntry> entries;  ///< As many; their scripts come in when they are stored.
  };

  /// What its text says; complaints when it is not readable.
  static LibraryEntry read(Script script, Complaints& complaints);
  static Result<std::vector<Draft>> read_bundle(const JsonValue& bundle, const Import& how);
  Result<Script> next_of(ScriptPut request) const;
  void import_drafts(std::vector<Draft> drafts, bool replace, const Imported& done);
  void store_all(std::shared_ptr<Batch> batch, Done done);
  void check_lua_of(std::shared_ptr<Batch> batch, std::size_t from, Done done);

  ScriptStore& store_;
  const Clock& clock_;
  Log& log_;
  WorkerPool& pool_;
  net::Loop& loop_;
  LuaCheck lua_check_;
  std::map<std::string, LibraryEntry, std::less<>> entries_;
  std::set<std::string, std::less<>> changing_;  // Names whose write is under way.
  Topic<ScriptChanged> changed_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // Shared: weak copies in late callbacks.
};

/// One macro as the API shows it; with its text when `with_source`.
std::string script_json(const LibraryEntry& entry, bool with_source);

}  // namespace gk::macros
