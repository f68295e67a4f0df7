// backup_folder.h: a whole data folder as one backup: databases, configuration, key, manifest.
//
// The folder appears under its name when all of it is on disk and checked; a failure leaves
// nothing. Restoring is an offline command (gamekeeper db restore). Guide: docs/storage.md.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "gamekeeper/result.h"

namespace gk::store {

inline constexpr std::array<std::string_view, 2> kBackupDatabases = {"state.db", "telemetry.db"};
/// What else a daemon needs to be the same again. Logs and the socket are not part of it.
inline constexpr std::string_view kBackupConfig = "config";
/// Without it second factors and refresh tokens of the backup would be void.
inline constexpr std::string_view kBackupKey = "accounts.key";
inline constexpr std::string_view kBackupManifest = "backup.json";
/// What a backup is called while it is made.
inline constexpr std::string_view kPartial = ".partial";

/// Copies what is in `data` to the new folder `folder` (0700); a daemon may run on `data`.
/// Errors: already_exists (`folder`), not_found (a database), unavailable (disk full or failing),
///         data_loss (the copy is damaged). After an error there is no `folder`, whole or partial.
/// Thread: safe for different folders.     Cost: reads all, writes all, reads the copy; blocks.
Result<void> backup_folder(const std::string& data, const std::string& folder, WallTime now);

/// Puts `from`'s copies of configuration and key into `to`; what is not there is left out.
/// Errors: unavailable, as sys::replace_file().
Result<void> copy_config_and_key(const std::string& from, const std::string& to);

/// What the manifest of a backup says.
struct BackupManifest {
  WallTime created_at{};
  std::uint64_t bytes = 0;  ///< Of the databases.
};

/// Errors: not_found (`folder` is no whole backup), data_loss (its manifest is not ours).
Result<BackupManifest> read_manifest(const std::string& folder);

}  // namespace gk::store
