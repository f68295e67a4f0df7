// desk.h: how the loop reaches the judge, which another thread owns.

#pragma once

#include <functional>

#include "gamekeeper/result.h"
#include "referee/service/ingest.h"

namespace gk::referee {

/// What a task may touch: everything that the judge's thread owns.
struct Bench {
  Judge& judge;
  Ingest& ingest;
};

/// Runs tasks on the judge's thread, in order.
/// Thread: loop. The fake of the tests runs them at once.
class Desk {
 public:
  using Task = std::function<void(Bench&)>;
  virtual ~Desk() = default;
  /// Errors: resource_exhausted (too much waits), cancelled (stopping). The task is not run.
  virtual Result<void> run(Task task) = 0;
};

}  // namespace gk::referee
