#include "accounts/audit.h"

#include <limits>

#include <algorithm>
#include <string>

#include "base/json.h"
#include "base/try.h"

namespace gk::accounts {
namespace {

/// A digest column; zeros when its length is wrong, which no chain accepts.
Digest digest_column(const store::Statement& row, int column) {
  const store::Blob blob = row.blob(column);
  Digest out{};
  if (blob.size() == out.size()) std::copy(blob.begin(), blob.end(), out.begin());
  return out;
}

std::optional<std::string> optional_text(const store::Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return std::string(row.text(column));
}

void bind_optional(store::Statement& statement, int index, const std::optional<std::string>& text) {
  if (text) {
    statement.bind(index, *text);
  } else {
    statement.bind_null(index);
  }
}

Result<AuditHead> head_of(store::Database& database) {
  GK_TRY(store::Statement * query,
         database.query("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1"));
  GK_TRY(const bool found, query->step());
  if (!found) return AuditHead{};
  return AuditHead{.seq = query->integer(0), .hash = digest_column(*query, 1)};
}

AuditRow read_row(const store::Statement& query) {
  AuditRow row;
  row.seq = query.integer(0);
  row.at_us = query.integer(1);
  row.actor_id = query.text(2);
  row.actor = query.text(3);
  row.action = query.text(4);
  row.target = query.text(5);
  row.before = optional_text(query, 6);
  row.after = optional_text(query, 7);
  row.correlation_id = query.text(8);
  row.previous = digest_column(query, 9);
  row.hash = digest_column(query, 10);
  return row;
}

}  // namespace

std::string target_name_in(const AuditRow& row) {
  for (const auto* json : {&row.after, &row.before}) {
    if (!*json) continue;
    const auto parsed = parse_json(**json);
    if (!parsed || !parsed->is_object()) continue;
    for (const std::string_view key : {"username", "name"}) {
      const JsonValue* name = parsed->find(key);
      if (name != nullptr && name->is_string()) return name->as_string();
    }
  }
  return {};
}

Result<AuditHead> append_audit(store::Database& database, AuditRow row) {
  GK_TRY(const AuditHead head, head_of(database));
  const AuditRow full = chained(std::move(row), head);
  GK_TRY(store::Statement * insert,
         database.query("INSERT INTO audit (seq, at_us, actor_id, actor, action, target, "
                        "before_json, after_json, correlation_id, previous_hash, hash) "
                        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"));
  insert->bind(1, full.seq).bind(2, full.at_us).bind(3, full.actor_id).bind(4, full.actor);
  insert->bind(5, full.action).bind(6, full.target);
  bind_optional(*insert, 7, full.before);
  bind_optional(*insert, 8, full.after);
  insert->bind(9, full.correlation_id).bind_blob(10, full.previous).bind_blob(11, full.hash);
  GK_CHECK_OK(insert->run());
  return AuditHead{.seq = full.seq, .hash = full.hash};
}

void log_audit_head(Log& log, const AuditRow& row, const AuditHead& head) {
  std::string message = row.actor + ": " + row.action;
  if (!row.target.empty()) message += " " + row.target;
  if (const std::string name = target_name_in(row); !name.empty() && name != row.target) {
    message += " (" + name + ")";
  }
  log.info("accounts.audit", message,
           {{"action", row.action},
            {"actor", row.actor},
            {"target", row.target},
            {"audit_seq", head.seq},
            {"audit_hash", to_hex(head.hash)},
            {"correlation_id", row.correlation_id}});
}

Result<AuditHead> verify_audit(store::Database& database,
                               const std::optional<AuditHead>& expected) {
  GK_TRY(store::Statement * query,
         database.query("SELECT seq, at_us, actor_id, actor, action, target, before_json, "
                        "after_json, correlation_id, previous_hash, hash FROM audit ORDER BY seq"));
  AuditVerifier verifier;
  bool met = !expected || expected->seq == 0;
  for (;;) {
    GK_TRY(const bool more, query->step());
    if (!more) break;
    if (const auto fault = verifier.add(read_row(*query))) {
      return Error{Errc::data_loss, "the audit was tampered with: " + *fault};
    }
    met = met || verifier.head() == *expected;
  }
  if (!met) {
    return Error{Errc::data_loss, "the audit was tampered with: row " +
                                      std::to_string(expected->seq) +
                                      " is not there with the hash that was kept elsewhere"};
  }
  return verifier.head();
}

Result<std::vector<AuditRow>> list_audit(store::Database& database, const AuditQuery& query) {
  // A bare "seq < $1" begins at the place of the page; "$1 IS NULL OR" would read all rows above
  // it. The same holds for the request, which is looked up in an index only when it is asked for.
  std::string sql =
      "SELECT seq, at_us, actor_id, actor, action, target, before_json, after_json, "
      "correlation_id, previous_hash, hash FROM audit "
      "WHERE seq < $1 AND ($2 IS NULL OR actor = $2) AND ($3 IS NULL OR action = $3 OR "
      "substr(action, 1, length($3) + 1) = $3 || '.') AND ($4 IS NULL OR target = $4) ";
  sql += query.correlation_id ? "AND correlation_id = $5 ORDER BY seq DESC LIMIT $6"
                              : "ORDER BY seq DESC LIMIT $5";
  GK_TRY(store::Statement * rows, database.query(sql));
  rows->bind(1, query.before_seq.value_or(std::numeric_limits<std::int64_t>::max()));
  rows->bind(2, query.actor).bind(3, query.action).bind(4, query.target);
  if (query.correlation_id) rows->bind(5, *query.correlation_id);
  rows->bind(query.correlation_id ? 6 : 5, static_cast<std::int64_t>(query.limit));
  std::vector<AuditRow> out;
  for (;;) {
    GK_TRY(const bool more, rows->step());
    if (!more) return out;
    out.push_back(read_row(*rows));
  }
}

}  // namespace gk::accounts
