// profile_book.h: which profile holds for a macro: custom ones from the store, override files from
// config/macro_safety/, built-in ones.

#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "macros/macro_store.h"
#include "macros/rules/override_file.h"
#include "macros/rules/safety_profile.h"
#include "macros/time_zone.h"
#include "macros/zone_book.h"

namespace gk::macros {

/// The state of one override file.
struct OverrideState {
  std::string profile;
  std::string hash;  ///< BLAKE2b-256 of the file's bytes, hex; what an approval names.
  bool approved = false;
  OverrideSplit split;
  std::vector<std::string> warnings;
};

/// Bounds of what is kept. Source: chosen.
struct ProfileBookLimits {
  std::size_t max_custom = 1'000;  ///< Profiles set over the API; the newest is refused.
  std::size_t max_files = 64;      ///< Override files; the newest is refused.
  std::size_t max_file_bytes = 256 * 1024;
};

/// Thread: loop. load_file() and load_all() read small files on the loop.
class ProfileBook {
 public:
  using Done = std::function<void(Result<void>)>;

  /// `directory`: config/macro_safety; may be absent. Requires: store and log outlive the book.
  ProfileBook(std::string directory, MacroStore& store, Log& log, ProfileBookLimits limits = {},
              ZoneBook::Load load_zone = macros::load_zone);

  /// Takes over what the store had, then reads every *.safe.json of the directory. Bad files are
  /// logged and skipped.
  void restore(const StoredMacros& stored);

  MacroSafetyProfile resolve(std::string_view macro_id) const;
  /// The same with the fields of `on_top` set, as if an admin had.
  MacroSafetyProfile resolve(std::string_view macro_id, const ProfilePatch& on_top) const;
  /// Built-in, custom and overridden ones, by id.
  std::vector<MacroSafetyProfile> all() const;
  /// Errors: invalid_argument (there is no profile of that id; names those that there are).
  Result<void> check_known(std::string_view macro_id) const;
  /// The zones of a profile's windows, in their order; null: the system does not know it.
  std::vector<const Zone*> zones(const MacroSafetyProfile& profile) const;
  bool zone_exists(const std::string& name) const { return zones_.find(name) != nullptr; }
  bool has_custom(std::string_view macro_id) const { return custom_.count(macro_id) > 0; }
  /// The custom fields as they were set; "{}" when there are none.
  std::string custom_json(std::string_view macro_id) const;

  /// Sets the custom fields of a macro; `done` after they are on disk. Holds from then on.
  void set_custom(const std::string& macro_id, ProfilePatch patch, std::string json, Done done);
  void delete_custom(const std::string& macro_id, Done done);

  /// Reads config/macro_safety/{profile}.safe.json. A bad file changes nothing.
  /// Errors: invalid_argument (every fault with file, line, key, range; or a bad name), not_found,
  ///         permission_denied (leads out of the directory), resource_exhausted.
  Result<const OverrideState*> load_file(std::string_view profile);
  /// A file of the directory was written, or is gone: then its entries hold no more. What is wrong
  /// is logged, and what held holds on. An empty name: reads all files again.
  void file_changed(const std::string& name, bool gone);
  /// The state after the last load. Errors: not_found (not loaded).
  Result<const OverrideState*> overrides(std::string_view profile) const;
  /// Approves the loaded file if `hash` is its hash; then all of it holds.
  void approve(const std::string& profile, const std::string& hash, const std::string& by,
               std::function<void(Result<const OverrideState*>)> done);

 private:
  void load_all();
  void load_named(const std::string& name);
  void split(OverrideState& state);
  const ProfilePatch* custom_of(std::string_view macro_id) const;
  ProfilePatch override_of(std::string_view macro_id) const;

  const std::string directory_;
  MacroStore& store_;
  Log& log_;
  const ProfileBookLimits limits_;
  PatchMap custom_;
  std::map<std::string, std::string, std::less<>> custom_json_;  // Of the same macros.
  std::map<std::string, OverrideState, std::less<>> files_;
  std::map<std::string, PatchMap, std::less<>> contents_;  // Of the files, unsplit.
  std::map<std::string, std::string, std::less<>> approvals_;
  mutable ZoneBook zones_;  // A cache.
};

/// The JSON of the contract; `etag` changes with every other field.
std::string profile_json(const MacroSafetyProfile& profile);
std::string profile_etag(const MacroSafetyProfile& profile);

}  // namespace gk::macros
