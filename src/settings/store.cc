#include "settings/store.h"

#include <array>
#include <memory>

#include "base/json.h"
#include "base/json_writer.h"
#include "base/try.h"
#include "store/submit_for_loop.h"

namespace gk::settings {
namespace {

constexpr std::string_view kFirst = R"sql(
CREATE TABLE settings_revisions (
  id INTEGER PRIMARY KEY,
  at_us INTEGER NOT NULL,
  user_id TEXT NOT NULL,
  author TEXT NOT NULL,
  cause TEXT NOT NULL,
  comment TEXT NOT NULL,
  correlation_id TEXT NOT NULL,
  changes TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;
)sql";

constexpr std::array<store::Migration, 1> kSteps{
    {{.number = 1, .name = "revisions of the configuration", .sqlite = kFirst}}};

std::vector<Change> read_changes(std::string_view json) {
  std::vector<Change> out;
  const auto tree = parse_json(json);
  if (!tree || !tree->is_array()) return out;
  for (const JsonValue& item : tree->as_array()) {
    const JsonValue* key = item.find("key");
    const JsonValue* before = item.find("before");
    const JsonValue* after = item.find("after");
    if (key == nullptr || !key->is_string() || before == nullptr || after == nullptr) continue;
    out.push_back({key->as_string(), to_json(*before), to_json(*after)});
  }
  return out;
}

Result<void> read_all(store::Database& db, RevisionStore::Stored& out) {
  GK_TRY(store::Statement * rows,
         db.query("SELECT id, at_us, user_id, author, cause, comment, correlation_id, changes, "
                  "length(CAST(text AS BLOB)), text FROM settings_revisions ORDER BY id"));
  for (;;) {
    GK_TRY(const bool more, rows->step());
    if (!more) return {};
    out.revisions.push_back({.id = rows->integer(0),
                             .at = WallTime(Micros(rows->integer(1))),
                             .author = {.user_id = std::string(rows->text(2)),
                                        .name = std::string(rows->text(3)),
                                        .cause = std::string(rows->text(4)),
                                        .comment = std::string(rows->text(5)),
                                        .correlation_id = std::string(rows->text(6))},
                             .changes = read_changes(rows->text(7)),
                             .bytes = static_cast<std::size_t>(rows->integer(8))});
    out.newest_text = rows->text(9);
  }
}

}  // namespace

store::RoomMigrations settings_migrations() { return {"settings", kSteps}; }

std::string changes_json(const std::vector<Change>& changes) {
  std::string out;
  JsonWriter w(out);
  w.begin_array();
  for (const Change& change : changes) {
    w.begin_object().field("key", change.key).key("before").raw(change.before);
    w.key("after").raw(change.after).end_object();
  }
  w.end_array();
  return out;
}

Result<RevisionStore::Stored> SqlRevisionStore::load() {
  Stored out;
  GK_CHECK_OK(writer_.run([&](store::Database& db) { return read_all(db, out); }));
  return out;
}

void SqlRevisionStore::save(const Revision& revision, std::string text,
                            std::function<void(Result<void>)> done) {
  store::submit_for_loop(
      writer_, [&loop = loop_](std::function<void()> task) { loop.post(std::move(task)); },
      [r = revision, text = std::move(text), keep = keep_,
       audit = audit_](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * put,
               db.query("INSERT INTO settings_revisions (id, at_us, user_id, author, cause, "
                        "comment, correlation_id, changes, text) "
                        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"));
        put->bind(1, r.id).bind(2, r.at.time_since_epoch().count()).bind(3, r.author.user_id);
        put->bind(4, r.author.name).bind(5, r.author.cause).bind(6, r.author.comment);
        put->bind(7, r.author.correlation_id).bind(8, changes_json(r.changes)).bind(9, text);
        GK_CHECK_OK(put->run());
        GK_TRY(store::Statement * prune, db.query("DELETE FROM settings_revisions WHERE id <= $1"));
        GK_CHECK_OK(prune->bind(1, r.id - keep).run());
        return audit ? audit(db, r) : Result<void>();
      },
      std::move(done));
}

void SqlRevisionStore::text(std::int64_t id, std::function<void(Result<std::string>)> done) {
  const auto found = std::make_shared<std::string>();  // shared: job and answer
  store::submit_for_loop(
      writer_, [&loop = loop_](std::function<void()> task) { loop.post(std::move(task)); },
      [id, found](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * row,
               db.query("SELECT text FROM settings_revisions WHERE id = $1"));
        row->bind(1, id);
        GK_TRY(const bool there, row->step());
        if (!there) {
          row->reset();
          return Error{Errc::not_found, "there is no revision " + std::to_string(id)};
        }
        *found = row->text(0);
        row->reset();
        return {};
      },
      [found, done = std::move(done)](const Result<void>& read) {
        if (!read) return done(read.error());
        done(std::move(*found));
      });
}

}  // namespace gk::settings
