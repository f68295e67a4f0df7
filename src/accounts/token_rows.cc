#include "accounts/token_rows.h"

#include <algorithm>
#include <map>

#include "base/try.h"

namespace gk::accounts {
namespace {

std::int64_t micros(WallTime time) { return time.time_since_epoch().count(); }
WallTime wall_time(std::int64_t us) { return WallTime(Micros(us)); }

std::optional<WallTime> optional_time(const store::Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return wall_time(row.integer(column));
}

void bind_time(store::Statement& statement, int index, const std::optional<WallTime>& time) {
  if (time) {
    statement.bind(index, micros(*time));
  } else {
    statement.bind_null(index);
  }
}

/// Zeros for anything that is not a digest.
Digest digest_column(const store::Statement& row, int column) {
  Digest out{};
  const store::Blob blob = row.blob(column);
  if (blob.size() == out.size()) std::copy(blob.begin(), blob.end(), out.begin());
  return out;
}

std::string joined(const std::vector<std::string>& scopes) {
  std::string out;
  for (const std::string& scope : scopes) out += (out.empty() ? "" : " ") + scope;
  return out;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

Error used_before() {
  return {Errc::failed_precondition, "the code was used before; wait for the next one"};
}

Result<void> load_recovery_codes(store::Database& database,
                                 std::map<std::string, std::vector<Digest>>& codes) {
  GK_TRY(store::Statement * query, database.query("SELECT user_id, digest FROM recovery_codes"));
  for (;;) {
    GK_TRY(const bool more, query->step());
    if (!more) return {};
    codes[std::string(query->text(0))].push_back(digest_column(*query, 1));
  }
}

}  // namespace

Result<std::vector<ApiTokenRecord>> load_api_tokens(store::Database& database) {
  GK_TRY(store::Statement * query,
         database.query("SELECT id, token_digest, user_id, name, scopes, created_at_us, "
                        "expires_at_us, last_used_at_us FROM api_tokens"));
  std::vector<ApiTokenRecord> tokens;
  for (;;) {
    GK_TRY(const bool more, query->step());
    if (!more) return tokens;
    tokens.push_back({.id = std::string(query->text(0)),
                      .token = digest_column(*query, 1),
                      .user_id = std::string(query->text(2)),
                      .name = std::string(query->text(3)),
                      .scopes = split(query->text(4)),
                      .created_at = wall_time(query->integer(5)),
                      .expires_at = optional_time(*query, 6),
                      .last_used_at = optional_time(*query, 7)});
  }
}

Result<void> insert_api_token(store::Database& database, const ApiTokenRecord& token) {
  GK_TRY(store::Statement * insert,
         database.query("INSERT INTO api_tokens (id, token_digest, user_id, name, scopes, "
                        "created_at_us, expires_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7)"));
  insert->bind(1, token.id).bind_blob(2, token.token).bind(3, token.user_id);
  insert->bind(4, token.name).bind(5, joined(token.scopes)).bind(6, micros(token.created_at));
  bind_time(*insert, 7, token.expires_at);
  return insert->run();
}

Result<void> delete_api_token(store::Database& database, const std::string& id) {
  GK_TRY(store::Statement * remove, database.query("DELETE FROM api_tokens WHERE id = $1"));
  return remove->bind(1, id).run();
}

Result<void> delete_api_tokens_of(store::Database& database, const std::string& user_id) {
  GK_TRY(store::Statement * remove, database.query("DELETE FROM api_tokens WHERE user_id = $1"));
  return remove->bind(1, user_id).run();
}

Result<void> update_last_used(store::Database& database,
                              std::span<const std::pair<std::string, WallTime>> used) {
  for (const auto& [id, at] : used) {
    GK_TRY(store::Statement * update,
           database.query("UPDATE api_tokens SET last_used_at_us = $1 WHERE id = $2"));
    GK_CHECK_OK(update->bind(1, micros(at)).bind(2, id).run());
  }
  return {};
}

Result<std::optional<RefreshUse>> use_refresh_token(store::Database& database, const Digest& family,
                                                    const Digest& token, const Digest& successor,
                                                    WallTime now) {
  GK_TRY(store::Statement * query,
         database.query("SELECT id, refresh_digest, previous_digest, rotated_at_us FROM sessions "
                        "WHERE family_digest = $1"));
  query->bind_blob(1, family);
  GK_TRY(const bool found, query->step());
  if (!found) return std::optional<RefreshUse>();
  const RefreshState state{.current = digest_column(*query, 1),
                           .previous = digest_column(*query, 2),
                           .rotated_at = wall_time(query->integer(3))};
  RefreshUse use{.verdict = judge_refresh(state, token, now),
                 .session_id = std::string(query->text(0))};
  query->reset();
  if (use.verdict != RefreshVerdict::rotate) return std::optional(std::move(use));
  const RefreshState next = rotated(state, successor, now);
  GK_TRY(store::Statement * update,
         database.query("UPDATE sessions SET refresh_digest = $1, previous_digest = $2, "
                        "rotated_at_us = $3 WHERE id = $4 AND refresh_digest = $5"));
  update->bind_blob(1, next.current).bind_blob(2, next.previous).bind(3, micros(next.rotated_at));
  GK_CHECK_OK(update->bind(4, use.session_id).bind_blob(5, token).run());
  if (database.changes() != 1) {
    return Error{Errc::internal, "a refresh token was used up by somebody outside the writer"};
  }
  return std::optional(std::move(use));
}

Result<std::vector<SecondFactor>> load_second_factors(store::Database& database) {
  std::map<std::string, std::vector<Digest>> codes;
  GK_CHECK_OK(load_recovery_codes(database, codes));
  GK_TRY(store::Statement * query,
         database.query("SELECT user_id, sealed_secret, confirmed, last_step FROM second_factors"));
  std::vector<SecondFactor> factors;
  for (;;) {
    GK_TRY(const bool more, query->step());
    if (!more) return factors;
    SecondFactor factor{.user_id = std::string(query->text(0)),
                        .sealed_secret = query->blob(1),
                        .confirmed = query->integer(2) != 0,
                        .last_step = query->integer(3),
                        .recovery = {}};
    factor.recovery = std::move(codes[factor.user_id]);
    factors.push_back(std::move(factor));
  }
}

Result<void> write_enrolment(store::Database& database, const SecondFactor& factor) {
  GK_TRY(store::Statement * clear,
         database.query("DELETE FROM second_factors WHERE user_id = $1 AND confirmed = 0"));
  GK_CHECK_OK(clear->bind(1, factor.user_id).run());
  GK_TRY(store::Statement * insert,
         database.query("INSERT INTO second_factors (user_id, sealed_secret, confirmed, last_step) "
                        "VALUES ($1, $2, 0, $3)"));
  insert->bind(1, factor.user_id).bind_blob(2, factor.sealed_secret).bind(3, factor.last_step);
  auto done = insert->run();
  if (!done && done.error().code == Errc::already_exists) {
    return Error{Errc::already_exists, "a second factor is in use; disable it first"};
  }
  return done;
}

Result<void> confirm_enrolment(store::Database& database, const SecondFactor& factor) {
  GK_TRY(store::Statement * update,
         database.query("UPDATE second_factors SET confirmed = 1, last_step = $1 "
                        "WHERE user_id = $2 AND confirmed = 0 AND sealed_secret = $3"));
  update->bind(1, factor.last_step).bind(2, factor.user_id).bind_blob(3, factor.sealed_secret);
  GK_CHECK_OK(update->run());
  if (database.changes() == 0) {
    return Error{Errc::failed_precondition, "the enrolment was confirmed or replaced meanwhile"};
  }
  return replace_recovery_codes(database, factor.user_id, factor.recovery);
}

Result<void> replace_recovery_codes(store::Database& database, const std::string& user_id,
                                    std::span<const Digest> codes) {
  GK_TRY(store::Statement * present,
         database.query("SELECT 1 FROM second_factors WHERE user_id = $1 AND confirmed = 1"));
  present->bind(1, user_id);
  GK_TRY(const bool found, present->step());
  present->reset();
  if (!found) return Error{Errc::failed_precondition, "the second factor was disabled meanwhile"};
  GK_TRY(store::Statement * clear, database.query("DELETE FROM recovery_codes WHERE user_id = $1"));
  GK_CHECK_OK(clear->bind(1, user_id).run());
  for (const Digest& code : codes) {
    GK_TRY(store::Statement * add,
           database.query("INSERT INTO recovery_codes (user_id, digest) VALUES ($1, $2)"));
    GK_CHECK_OK(add->bind(1, user_id).bind_blob(2, code).run());
  }
  return {};
}

Result<void> delete_second_factor(store::Database& database, const std::string& user_id) {
  GK_TRY(store::Statement * codes, database.query("DELETE FROM recovery_codes WHERE user_id = $1"));
  GK_CHECK_OK(codes->bind(1, user_id).run());
  GK_TRY(store::Statement * factor,
         database.query("DELETE FROM second_factors WHERE user_id = $1"));
  return factor->bind(1, user_id).run();
}

Result<void> write_factor_use(store::Database& database, const std::string& user_id,
                              const FactorUse& use) {
  if (use.step) {
    GK_TRY(store::Statement * update,
           database.query("UPDATE second_factors SET last_step = $1 WHERE user_id = $2 "
                          "AND last_step < $1"));
    GK_CHECK_OK(update->bind(1, *use.step).bind(2, user_id).run());
    if (database.changes() == 0) return used_before();
  }
  if (use.recovery) {
    GK_TRY(store::Statement * remove,
           database.query("DELETE FROM recovery_codes WHERE user_id = $1 AND digest = $2"));
    GK_CHECK_OK(remove->bind(1, user_id).bind_blob(2, *use.recovery).run());
    if (database.changes() == 0) return used_before();
  }
  return {};
}

Result<std::optional<std::pair<std::string, std::int64_t>>> read_preferences(
    store::Database& database, const std::string& user_id) {
  GK_TRY(store::Statement * query,
         database.query("SELECT body, version FROM preferences WHERE user_id = $1"));
  query->bind(1, user_id);
  GK_TRY(const bool found, query->step());
  std::optional<std::pair<std::string, std::int64_t>> out;
  if (found) out.emplace(query->text(0), query->integer(1));
  query->reset();
  return out;
}

Result<void> write_preferences(store::Database& database, const std::string& user_id,
                               std::string_view body, std::int64_t was) {
  const bool first = was == 0;
  GK_TRY(store::Statement * write,
         database.query(first ? "INSERT INTO preferences (body, version, user_id) "
                                "VALUES ($1, $2, $3) ON CONFLICT (user_id) DO NOTHING"
                              : "UPDATE preferences SET body = $1, version = $2 "
                                "WHERE user_id = $3 AND version = $4"));
  write->bind(1, body).bind(2, was + 1).bind(3, user_id);
  if (!first) write->bind(4, was);
  GK_CHECK_OK(write->run());
  if (database.changes() == 0) {
    return Error{Errc::failed_precondition, "the preferences were changed meanwhile; read again"};
  }
  return {};
}

}  // namespace gk::accounts
