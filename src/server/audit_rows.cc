#include "server/audit_rows.h"

#include <memory>

#include "accounts/audit.h"
#include "base/try.h"
#include "monitor/loop_driver.h"
#include "store/submit_for_loop.h"

namespace gk::server {

void add_audit_row(const RoomsContext& context, store::Writer& state, const api::Principal& by,
                   const AuditWords& words, std::function<void(Result<void>)> done) {
  accounts::AuditRow row;
  row.at_us = context.clock.wall().time_since_epoch().count();
  row.actor_id = by.user_id;
  row.actor = by.name;
  row.action = words.action;
  row.target = words.target;
  row.correlation_id = words.correlation_id;
  row.before = words.before;
  row.after = words.after;
  // shared: the job fills it in on the writer thread, the acknowledgement reads it after.
  const auto head = std::make_shared<accounts::AuditHead>();
  store::submit_for_loop(
      state, monitor::post_to(context.loop),
      [row, head](store::Database& db) -> Result<void> {
        GK_TRY(*head, accounts::append_audit(db, row));
        return {};
      },
      [row, head, done = std::move(done), &log = context.log](Result<void> written) {
        if (written) accounts::log_audit_head(log, row, *head);
        done(std::move(written));
      });
}

}  // namespace gk::server
