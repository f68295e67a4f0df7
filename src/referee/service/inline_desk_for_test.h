// inline_desk_for_test.h: a desk whose tasks run at once, for tests without a thread.

#pragma once

#include "referee/service/desk.h"

namespace gk::referee {

/// Thread: compatible.
class InlineDesk final : public Desk {
 public:
  InlineDesk(Judge& judge, Ingest& ingest) : bench_{judge, ingest} {}
  bool full = false;  ///< Refuses everything.
  Result<void> run(Task task) override {
    if (full) return Error{Errc::resource_exhausted, "the referee is busy; try again"};
    task(bench_);
    return {};
  }

 private:
  Bench bench_;
};

}  // namespace gk::referee
