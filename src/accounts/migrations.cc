#include "accounts/migrations.h"

#include <array>

namespace gk::accounts {
namespace {

constexpr std::string_view kFirst = R"sql(
CREATE TABLE roles (
  name TEXT PRIMARY KEY,
  builtin INTEGER NOT NULL
) STRICT;
CREATE TABLE role_scopes (
  role TEXT NOT NULL REFERENCES roles(name) ON DELETE CASCADE,
  scope TEXT NOT NULL,
  PRIMARY KEY (role, scope)
) STRICT, WITHOUT ROWID;
CREATE TABLE users (
  id TEXT PRIMARY KEY,
  username TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL REFERENCES roles(name),
  password_hash TEXT NOT NULL,
  disabled INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL DEFAULT 1,
  created_at_us INTEGER NOT NULL
) STRICT;
CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  token_digest BLOB NOT NULL UNIQUE,
  user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  address TEXT NOT NULL,
  limit_key TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  created_at_us INTEGER NOT NULL,
  last_seen_at_us INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_user ON sessions(user_id);
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  at_us INTEGER NOT NULL,
  actor_id TEXT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  before_json TEXT,
  after_json TEXT,
  correlation_id TEXT NOT NULL,
  previous_hash BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT;
CREATE TRIGGER audit_refuses_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_refuses_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
)sql";

constexpr std::string_view kTokens = R"sql(
ALTER TABLE sessions ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN family_digest BLOB;
ALTER TABLE sessions ADD COLUMN refresh_digest BLOB;
ALTER TABLE sessions ADD COLUMN previous_digest BLOB;
ALTER TABLE sessions ADD COLUMN rotated_at_us INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX sessions_by_family ON sessions(family_digest);
CREATE TABLE api_tokens (
  id TEXT PRIMARY KEY,
  token_digest BLOB NOT NULL UNIQUE,
  user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  scopes TEXT NOT NULL,
  created_at_us INTEGER NOT NULL,
  expires_at_us INTEGER,
  last_used_at_us INTEGER
) STRICT;
CREATE INDEX api_tokens_by_user ON api_tokens(user_id);
CREATE TABLE second_factors (
  user_id TEXT PRIMARY KEY REFERENCES users(id) ON DELETE CASCADE,
  sealed_secret BLOB NOT NULL,
  confirmed INTEGER NOT NULL,
  last_step INTEGER NOT NULL
) STRICT;
CREATE TABLE recovery_codes (
  user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  digest BLOB NOT NULL,
  PRIMARY KEY (user_id, digest)
) STRICT, WITHOUT ROWID;
CREATE TABLE preferences (
  user_id TEXT PRIMARY KEY REFERENCES users(id) ON DELETE CASCADE,
  body TEXT NOT NULL,
  version INTEGER NOT NULL
) STRICT;
)sql";

constexpr std::string_view kAuditByRequest = R"sql(
CREATE INDEX audit_by_correlation ON audit(correlation_id, seq);
)sql";

constexpr std::array<store::Migration, 3> kSteps{
    {{.number = 1, .name = "users, roles, sessions and audit", .sqlite = kFirst},
     {.number = 2, .name = "tokens, second factors, preferences", .sqlite = kTokens},
     {.number = 3, .name = "the audit by request", .sqlite = kAuditByRequest}}};

}  // namespace

store::RoomMigrations accounts_migrations() { return {.room = "accounts", .steps = kSteps}; }

}  // namespace gk::accounts
