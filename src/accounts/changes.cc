#include "accounts/changes.h"

#include <utility>

#include "accounts/audit.h"
#include "base/span.h"
#include "base/try.h"

namespace gk::accounts {

Changes::Changes(store::Writer& writer, Post post, const Clock& clock, Log& log)
    : writer_(writer),
      post_(std::move(post)),
      clock_(clock),
      log_(log),
      alive_(std::make_shared<const char>('\0')) {}

void Changes::commit(store::Writer::Job job, std::optional<AuditRow> audit, Done done) {
  if (audit) audit->at_us = clock_.wall().time_since_epoch().count();
  // shared: the job fills it in on the writer thread, the acknowledgement reads it after.
  const auto head = std::make_shared<AuditHead>();
  // shared: std::function wants copyable closures, and both need the row.
  const auto row = std::make_shared<const std::optional<AuditRow>>(std::move(audit));
  const std::string request = *row ? (*row)->correlation_id : std::string();
  auto on_loop = [post = post_, alive = std::weak_ptr(alive_), done, &log = log_, &clock = clock_,
                  span = PendingSpan(clock_, "accounts.change", request)](Result<void> result) {
    post([alive, done, &log, &clock, span, result = std::move(result)] {
      if (alive.lock() == nullptr) return;
      span.end_with(log, clock, result);
      done(result);
    });
  };
  auto submitted = writer_.submit(
      [job = std::move(job), row, head](store::Database& database) -> Result<void> {
        GK_CHECK_OK(job(database));
        if (!*row) return {};
        GK_TRY(*head, append_audit(database, **row));
        return {};
      },
      [on_loop, row, head, &log = log_](Result<void> result) {
        if (result && *row) log_audit_head(log, **row, *head);
        on_loop(std::move(result));
      });
  if (!submitted) on_loop(std::move(submitted));
}

}  // namespace gk::accounts
