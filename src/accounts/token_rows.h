// token_rows.h: the SQL of API tokens, refresh families, second factors and preferences. Each
// function runs on the connection it is given, as those of rows.h.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "accounts/records.h"
#include "gamekeeper/result.h"
#include "store/database.h"

namespace gk::accounts {

Result<std::vector<ApiTokenRecord>> load_api_tokens(store::Database& database);
Result<void> insert_api_token(store::Database& database, const ApiTokenRecord& token);
Result<void> delete_api_token(store::Database& database, const std::string& id);
Result<void> delete_api_tokens_of(store::Database& database, const std::string& user_id);
/// Id and last use of each.
Result<void> update_last_used(store::Database& database,
                              std::span<const std::pair<std::string, WallTime>> used);

/// What became of a refresh token.
struct RefreshUse {
  RefreshVerdict verdict = RefreshVerdict::reused;
  std::string session_id;
};
/// Judges the token with the digest `token`, and uses it up when it is its family's newest: then
/// `successor` is. Judgement and use are one statement of one writer job, so of two that race one
/// rotates. Nullopt: no such family.
Result<std::optional<RefreshUse>> use_refresh_token(store::Database& database, const Digest& family,
                                                    const Digest& token, const Digest& successor,
                                                    WallTime now);

Result<std::vector<SecondFactor>> load_second_factors(store::Database& database);
/// Writes a factor that is not confirmed, in place of another such.
/// Errors: already_exists (the user has a confirmed one).
Result<void> write_enrolment(store::Database& database, const SecondFactor& factor);
/// Confirms the enrolment with this secret, and writes its first recovery codes.
/// Errors: failed_precondition (it was confirmed or replaced meanwhile).
Result<void> confirm_enrolment(store::Database& database, const SecondFactor& factor);
/// Errors: failed_precondition (the user has no confirmed factor any more).
Result<void> replace_recovery_codes(store::Database& database, const std::string& user_id,
                                    std::span<const Digest> codes);
Result<void> delete_second_factor(store::Database& database, const std::string& user_id);
/// Uses the step or the recovery code up, if there is one.
/// Errors: failed_precondition (the step, or a later one, or the code was used before).
Result<void> write_factor_use(store::Database& database, const std::string& user_id,
                              const FactorUse& use);

/// JSON and version; nullopt when nothing was written yet.
Result<std::optional<std::pair<std::string, std::int64_t>>> read_preferences(
    store::Database& database, const std::string& user_id);
/// Errors: failed_precondition (the version is not `was`; 0: nothing may be there).
Result<void> write_preferences(store::Database& database, const std::string& user_id,
                               std::string_view body, std::int64_t was);

}  // namespace gk::accounts
