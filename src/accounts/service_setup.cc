// The first run: a one-time code makes the first administrator.

#include <utility>

#include "accounts/rows.h"
#include "accounts/rules/password_policy.h"
#include "accounts/rules/roles.h"
#include "accounts/rules/username.h"
#include "accounts/service.h"
#include "accounts/setup_file.h"
#include "base/try.h"

namespace gk::accounts {
namespace {

void log_setup_file(Log& log, const Result<void>& written, const std::string& path) {
  if (written) {
    log.info("accounts.setup_code", "no administrator exists; the setup code is in the file",
             {{"file", path}});
  } else {
    log.error("accounts.setup_code_not_written", written.error().message, {{"file", path}});
  }
}

}  // namespace

std::string AccountsService::setup_file() const { return options_.data_dir + "/setup-code"; }

std::string AccountsService::take_setup_code() { return std::exchange(code_to_show_, {}); }

void AccountsService::new_setup_code_at_start() {
  code_to_show_ = new_setup_code(random_);
  setup_code_.emplace(code_to_show_, clock_.mono(), options_.setup_code);
  log_setup_file(log_, write_setup_file(setup_file(), code_to_show_), setup_file());
}

void AccountsService::renew_setup_code() {
  const std::string code = new_setup_code(random_);
  auto posted = pool_.post([code, path = setup_file(), &log = log_] {
    log_setup_file(log, write_setup_file(path, code), path);
  });
  if (!posted) return;  // The void one stays, and tick() tries again.
  code_to_show_.clear();
  setup_code_.emplace(code, clock_.mono(), options_.setup_code);
}

void AccountsService::retire_setup_code() {
  if (!set_up_) set_up_ = users_.has_admin();
  if (!set_up_ || !setup_code_) return;
  setup_code_.reset();
  code_to_show_.clear();
  auto posted = pool_.post([path = setup_file()] { remove_setup_file(path); });
  if (!posted) remove_setup_file(setup_file());  // One unlink; the code is void anyway.
}

std::optional<api::Problem> AccountsService::refuse_setup(const std::string& code,
                                                          const Visitor& visitor) {
  if (set_up_ || !setup_code_) return conflict("setup is complete already");
  const GcraDecision decision = setup_attempts_.take(visitor.limit_key, clock_.mono());
  if (!decision.allowed) return too_many(decision.retry_after);
  switch (setup_code_->claim(code, clock_.mono())) {
    case SetupCodeVerdict::right: return std::nullopt;
    case SetupCodeVerdict::busy: return conflict("setup is being completed by another request");
    case SetupCodeVerdict::wrong: break;
    case SetupCodeVerdict::expired:
    case SetupCodeVerdict::spent:
      if (setup_code_->is_void(clock_.mono())) renew_setup_code();
      break;
  }
  log_.warn("accounts.setup_refused", "setup was tried with a code that is not valid",
            {{"address", visitor.address}, {"correlation_id", visitor.correlation_id}});
  // One answer for wrong, expired and spent: a guess learns nothing from it.
  return forbidden("the code is not valid or has expired; the present one is in the file " +
                   setup_file());
}

void AccountsService::set_up(const std::string& code, NewUser admin, const Visitor& visitor,
                             Then<NewSession> then) {
  if (auto problem = refuse_setup(code, visitor)) return then(std::move(*problem));
  Faults faults;
  const auto name = parse_username(admin.username);
  if (!name) faults.emplace_back("username", name.error().message);
  if (auto fault = password_fault(admin.password, admin.username)) {
    faults.emplace_back("password", std::move(*fault));
  }
  if (!faults.empty()) {
    setup_code_->release();
    return then(invalid(std::move(faults)));
  }
  UserRecord user{.id = new_id(),
                  .username = *name,
                  .role = std::string(kAdminRole),
                  .password_hash = {},
                  .created_at = clock_.wall()};
  auto posted = hasher_.hash(std::move(admin.password),
                             [this, user, visitor, then](Result<std::string> hash) mutable {
                               if (!hash) {
                                 if (setup_code_) setup_code_->release();
                                 return then(overloaded());
                               }
                               user.password_hash = std::move(*hash);
                               write_first_admin(std::move(user), visitor, std::move(then));
                             });
  if (posted) return;
  setup_code_->release();
  then(overloaded());
}

void AccountsService::write_first_admin(UserRecord admin, const Visitor& visitor,
                                        Then<NewSession> then) {
  std::string token = new_session_token(random_);
  const SessionRecord session = new_session(admin, visitor, token, SessionKind::cookie);
  AuditRow audit;
  audit.actor = "setup";
  audit.action = "setup.complete";
  audit.target = admin.id;
  audit.after = user_json(admin);
  audit.correlation_id = visitor.correlation_id;
  changes_.commit(
      [admin, session](store::Database& db) -> Result<void> {
        GK_CHECK_OK(require_no_admin(db));
        GK_CHECK_OK(insert_user(db, admin));
        return insert_session(db, session);
      },
      std::move(audit),
      [this, admin, session, token, visitor, then](const Result<void>& result) {
        if (!result) {
          if (setup_code_) setup_code_->release();
          return then(api::problem_from(result.error()));
        }
        user_written(admin);
        limiter_.remember(visitor.limit_key, admin.username, clock_.mono());
        then(admit(admin, session, token));
      });
}

}  // namespace gk::accounts
