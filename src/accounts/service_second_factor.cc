// The second factor: codes of an authenticator app, and recovery codes for when the phone is gone.

#include <algorithm>
#include <utility>

#include "accounts/rules/totp.h"
#include "accounts/service.h"
#include "accounts/token_rows.h"
#include "base/try.h"

namespace gk::accounts {
namespace {

api::Problem code_problem(std::string detail, std::string message) {
  return {.type = "unauthenticated",
          .detail = std::move(detail),
          .errors = {{"code", std::move(message)}}};
}

api::Problem wrong_code() {
  return code_problem("the code is wrong or was used before",
                      "expected an unused code of the authenticator app, or a recovery code");
}

std::vector<Digest> digests_of(const std::vector<std::string>& codes) {
  std::vector<Digest> out;
  for (const std::string& code : codes) out.push_back(recovery_code_digest(code).value());
  return out;
}

}  // namespace

const SecondFactor* AccountsService::second_factor(const std::string& user_id) const {
  const auto found = factors_.find(user_id);
  return found == factors_.end() ? nullptr : &found->second;
}

/// What `code` uses up, which nobody can use again from now on; nothing when it is wrong.
FactorUse AccountsService::claim_factor(SecondFactor& factor, const std::string& code) const {
  FactorUse use;
  if (const auto secret = unseal(factor_key_, factor.sealed_secret)) {
    use.step = match_totp(*secret, code, clock_.wall(), factor.last_step);
  } else {
    log_.error("accounts.second_factor_unreadable",
               "the key file is not the one that this user's authenticator was enrolled with; a "
               "recovery code or a reset is needed",
               {{"user_id", factor.user_id}});
  }
  if (use.step) {
    factor.last_step = *use.step;
    return use;
  }
  const auto digest = recovery_code_digest(code);
  if (!digest) return use;
  const auto found = std::find_if(factor.recovery.begin(), factor.recovery.end(),
                                  [&](const Digest& known) { return same_digest(known, *digest); });
  if (found == factor.recovery.end()) return use;
  use.recovery = *digest;
  factor.recovery.erase(found);
  return use;
}

std::variant<FactorUse, api::Problem> AccountsService::judge_factor(const UserRecord& user,
                                                                    const std::string& code,
                                                                    const Visitor& visitor) {
  const auto found = factors_.find(user.id);
  if (found == factors_.end() || !found->second.confirmed) return FactorUse{};
  if (code.empty()) {
    return code_problem("a code of the authenticator app is needed as well",
                        "expected six digits, or a recovery code");
  }
  const GcraDecision decision =
      factor_limiter_.take(visitor.limit_key, user.username, clock_.mono());
  if (!decision.allowed) return too_many(decision.retry_after);
  FactorUse use = claim_factor(found->second, code);
  if (!use.step && !use.recovery) {
    logins_wrong_.inc();
    log_.warn("accounts.second_factor_failed", "right password, wrong code",
              {{"user_id", user.id},
               {"address", visitor.address},
               {"correlation_id", visitor.correlation_id}});
    return wrong_code();
  }
  factor_limiter_.succeeded(visitor.limit_key, user.username, clock_.mono());
  return use;
}

void AccountsService::enrol_second_factor(const Caller& caller, std::string password,
                                          const Visitor& visitor, Then<Enrolment> then) {
  const SecondFactor* present = second_factor(caller.principal.user_id);
  if (present != nullptr && present->confirmed) {
    return then(conflict("a second factor is in use; disable it first"));
  }
  with_password(
      caller, std::move(password), visitor,
      [this, caller, then](const Outcome<UserRecord>& checked) {
        if (const auto* problem = std::get_if<api::Problem>(&checked)) return then(*problem);
        const auto& user = std::get<UserRecord>(checked);
        const std::string secret = new_totp_secret(random_);
        const SecondFactor factor{.user_id = user.id,
                                  .sealed_secret = seal(factor_key_, secret, random_)};
        const Enrolment answer{.secret = base32(secret), .uri = otpauth_uri(secret, user.username)};
        changes_.commit([factor](store::Database& db) { return write_enrolment(db, factor); },
                        audit_row(caller, "2fa.begin", factor.user_id),
                        [this, factor, answer, then](const Result<void>& result) {
                          if (!result) return then(api::problem_from(result.error()));
                          const SecondFactor* now = second_factor(factor.user_id);
                          if (now != nullptr && now->confirmed) {
                            return then(conflict("a second factor was confirmed meanwhile"));
                          }
                          factors_.insert_or_assign(factor.user_id, factor);
                          then(answer);
                        });
      });
}

void AccountsService::confirm_second_factor(const Caller& caller, const std::string& code,
                                            const Visitor& visitor,
                                            Then<std::vector<std::string>> then) {
  const auto found = factors_.find(caller.principal.user_id);
  if (found == factors_.end()) return then(conflict("begin the enrolment first"));
  if (found->second.confirmed) return then(conflict("the second factor is in use already"));
  const GcraDecision decision =
      factor_limiter_.take(visitor.limit_key, caller.principal.name, clock_.mono());
  if (!decision.allowed) return then(too_many(decision.retry_after));
  SecondFactor factor = found->second;
  if (!claim_factor(factor, code).step) {
    return then(invalid_field("code", "expected the present code of the authenticator app"));
  }
  factor_limiter_.succeeded(visitor.limit_key, caller.principal.name, clock_.mono());
  factor.confirmed = true;
  const std::vector<std::string> codes = new_recovery_codes(random_);
  factor.recovery = digests_of(codes);
  changes_.commit([factor](store::Database& db) { return confirm_enrolment(db, factor); },
                  audit_row(caller, "2fa.enable", factor.user_id),
                  [this, factor, codes, then](const Result<void>& result) {
                    if (!result) return then(api::problem_from(result.error()));
                    if (users_.by_id(factor.user_id) != nullptr) {
                      factors_.insert_or_assign(factor.user_id, factor);
                    }
                    then(codes);
                  });
}

void AccountsService::with_password_and_code(const Caller& caller, std::string password,
                                             std::string code, const Visitor& visitor,
                                             Then<FactorUse> then) {
  const SecondFactor* present = second_factor(caller.principal.user_id);
  if (present == nullptr || !present->confirmed) {
    return then(conflict("no second factor is in use"));
  }
  with_password(caller, std::move(password), visitor,
                [this, code = std::move(code), visitor, then](const Outcome<UserRecord>& checked) {
                  if (const auto* problem = std::get_if<api::Problem>(&checked)) {
                    return then(*problem);
                  }
                  auto judged = judge_factor(std::get<UserRecord>(checked), code, visitor);
                  if (auto* problem = std::get_if<api::Problem>(&judged)) {
                    // Who asks is known here: 403, or a page would send them to log in again.
                    if (problem->type == "unauthenticated") problem->type = "forbidden";
                    return then(std::move(*problem));
                  }
                  then(std::get<FactorUse>(std::move(judged)));
                });
}

void AccountsService::disable_second_factor(const Caller& caller, std::string password,
                                            std::string code, const Visitor& visitor,
                                            Then<Success> then) {
  with_password_and_code(caller, std::move(password), std::move(code), visitor,
                         [this, caller, then](const Outcome<FactorUse>& used) {
                           if (const auto* problem = std::get_if<api::Problem>(&used))
                             return then(*problem);
                           const std::string id = caller.principal.user_id;
                           changes_.commit(
                               [id](store::Database& db) { return delete_second_factor(db, id); },
                               audit_row(caller, "2fa.disable", id),
                               [this, id, then](const Result<void>& result) {
                                 if (!result) return then(api::problem_from(result.error()));
                                 factors_.erase(id);
                                 then(Success{});
                               });
                         });
}

void AccountsService::renew_recovery_codes(const Caller& caller, std::string password,
                                           std::string code, const Visitor& visitor,
                                           Then<std::vector<std::string>> then) {
  with_password_and_code(caller, std::move(password), std::move(code), visitor,
                         [this, caller, then](const Outcome<FactorUse>& used) {
                           if (const auto* problem = std::get_if<api::Problem>(&used)) {
                             return then(*problem);
                           }
                           write_recovery_codes(caller, std::get<FactorUse>(used), then);
                         });
}

void AccountsService::write_recovery_codes(const Caller& caller, const FactorUse& used,
                                           Then<std::vector<std::string>> then) {
  const std::vector<std::string> codes = new_recovery_codes(random_);
  const std::string id = caller.principal.user_id;
  changes_.commit(
      [id, used, digests = digests_of(codes)](store::Database& db) -> Result<void> {
        GK_CHECK_OK(write_factor_use(db, id, used));
        return replace_recovery_codes(db, id, digests);
      },
      audit_row(caller, "2fa.recovery_codes", id),
      [this, id, codes, then](const Result<void>& result) {
        if (!result) return then(api::problem_from(result.error()));
        const auto found = factors_.find(id);
        if (found != factors_.end()) found->second.recovery = digests_of(codes);
        then(codes);
      });
}

void AccountsService::remove_second_factor(const Caller& caller, const std::string& user_id,
                                           Then<Success> then) {
  if (user_id == caller.principal.user_id) {
    return then(forbidden("your own is disabled with password and code, at auth/2fa/disable"));
  }
  const UserRecord* user = users_.by_id(user_id);
  if (auto problem = refuse_change(caller, user, std::nullopt)) return then(std::move(*problem));
  if (second_factor(user_id) == nullptr) return then(not_found("the user has no second factor"));
  changes_.commit([user_id](store::Database& db) { return delete_second_factor(db, user_id); },
                  audit_row(caller, "2fa.remove", user_id),
                  [this, user_id, then](const Result<void>& result) {
                    if (!result) return then(api::problem_from(result.error()));
                    factors_.erase(user_id);
                    then(Success{});
                  });
}

}  // namespace gk::accounts
