// stores.h: the two database files with their writers.

#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "gamekeeper/result.h"
#include "server/config.h"
#include "store/database.h"
#include "store/writer.h"

namespace gk::server {

/// Acknowledged is on disk, in both. What telemetry.db was not handed yet (10 s of samples) is lost
/// with the process.
struct Stores {
  std::string data_dir;
  std::unique_ptr<store::Writer> state;
  std::unique_ptr<store::Writer> telemetry;

  /// Opens or creates both files and brings their tables up to date. Blocks. A damaged
  /// telemetry.db is set aside as telemetry.db.corrupt-<time> (the two newest are kept).
  /// Errors: as Database::open() and migrate(); the message names the file and what to do.
  ///         failed_precondition also when a folder that was in use has lost its state.db.
  static Result<std::unique_ptr<Stores>> open(const std::string& data_dir, const Config& config,
                                              const Clock& clock, Log& log, Metrics& metrics);

  std::string state_path() const { return data_dir + "/state.db"; }
  std::string telemetry_path() const { return data_dir + "/telemetry.db"; }
};

}  // namespace gk::server
