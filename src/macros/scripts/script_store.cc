#include "macros/scripts/script_store.h"

#include <array>
#include <memory>

#include "base/try.h"
#include "store/submit_for_loop.h"

namespace gk::macros {
namespace {

constexpr std::string_view kFirst = R"sql(
CREATE TABLE macro_scripts (
  name TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  version INTEGER NOT NULL,
  source TEXT NOT NULL,
  settings TEXT NOT NULL,
  created_at_us INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  changed_at_us INTEGER NOT NULL,
  changed_by TEXT NOT NULL
) STRICT;
CREATE TABLE macro_script_versions (
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  source TEXT NOT NULL,
  saved_at_us INTEGER NOT NULL,
  saved_by TEXT NOT NULL,
  PRIMARY KEY (name, version)
) STRICT;
CREATE TABLE macro_script_state (
  macro_id TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (macro_id, key)
) STRICT;
CREATE TABLE macro_script_runs (
  macro_id TEXT PRIMARY KEY,
  script TEXT NOT NULL,
  game TEXT NOT NULL,
  args TEXT NOT NULL
) STRICT;
CREATE TABLE macro_script_served (
  script TEXT PRIMARY KEY,
  moment_us INTEGER NOT NULL
) STRICT;
)sql";

constexpr std::array<store::Migration, 1> kSteps{
    {{.number = 1, .name = "macro library", .sqlite = kFirst}}};

std::int64_t micros(WallTime time) { return time.time_since_epoch().count(); }
WallTime wall(std::int64_t us) { return WallTime(Micros(us)); }

Result<void> read_scripts(store::Database& db, StoredScripts& out) {
  GK_TRY(store::Statement * rows,
         db.query("SELECT name, kind, version, source, settings, created_at_us, created_by, "
                  "changed_at_us, changed_by FROM macro_scripts ORDER BY name"));
  for (;;) {
    GK_TRY(const bool more, rows->step());
    if (!more) return {};
    Script script;
    script.name = rows->text(0);
    const auto kind = parse_kind(rows->text(1));
    GK_TRY(const JsonValue settings, parse_json(rows->text(4)));
    JsonReader reader(settings, "settings of " + script.name);
    script.settings = read_settings(reader, {});
    if (!kind || !reader.result()) {
      return Error{Errc::data_loss, "macro_scripts: the row of " + script.name + " is damaged"};
    }
    script.kind = *kind;
    script.version = rows->integer(2);
    script.source = rows->text(3);
    script.created_at = wall(rows->integer(5));
    script.created_by = rows->text(6);
    script.changed_at = wall(rows->integer(7));
    script.changed_by = rows->text(8);
    out.scripts.push_back(std::move(script));
  }
}

Result<void> read_rest(store::Database& db, StoredScripts& out) {
  GK_TRY(store::Statement * states,
         db.query("SELECT macro_id, key, value FROM macro_script_state"));
  for (;;) {
    GK_TRY(const bool more, states->step());
    if (!more) break;
    out.states[std::string(states->text(0))][std::string(states->text(1))] = states->text(2);
  }
  GK_TRY(store::Statement * runs,
         db.query("SELECT macro_id, script, game, args FROM macro_script_runs ORDER BY macro_id"));
  for (;;) {
    GK_TRY(const bool more, runs->step());
    if (!more) break;
    out.runs.push_back({std::string(runs->text(0)), std::string(runs->text(1)),
                        std::string(runs->text(2)), std::string(runs->text(3))});
  }
  GK_TRY(store::Statement * served, db.query("SELECT script, moment_us FROM macro_script_served"));
  for (;;) {
    GK_TRY(const bool more, served->step());
    if (!more) return {};
    out.served[std::string(served->text(0))] = wall(served->integer(1));
  }
}

Result<void> put_version(store::Database& db, const Script& script) {
  GK_TRY(store::Statement * add,
         db.query("INSERT INTO macro_script_versions (name, version, source, saved_at_us, "
                  "saved_by) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name, version) DO NOTHING"));
  GK_CHECK_OK(add->bind(1, script.name)
                  .bind(2, script.version)
                  .bind(3, script.source)
                  .bind(4, micros(script.changed_at))
                  .bind(5, script.changed_by)
                  .run());
  GK_TRY(store::Statement * prune,
         db.query("DELETE FROM macro_script_versions WHERE name = $1 AND version NOT IN (SELECT "
                  "version FROM macro_script_versions WHERE name = $1 ORDER BY version DESC "
                  "LIMIT $2)"));
  return prune->bind(1, script.name).bind(2, ScriptLimits::kMaxVersions).run();
}

Result<void> put_script(store::Database& db, const Script& script) {
  std::string settings;
  JsonWriter w(settings);
  w.begin_object();
  write_settings(w, script.settings);
  w.end_object();
  GK_TRY(store::Statement * put,
         db.query("INSERT INTO macro_scripts (name, kind, version, source, settings, "
                  "created_at_us, created_by, changed_at_us, changed_by) "
                  "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (name) DO UPDATE SET "
                  "kind = $2, version = $3, source = $4, settings = $5, changed_at_us = $8, "
                  "changed_by = $9"));
  GK_CHECK_OK(put->bind(1, script.name)
                  .bind(2, kind_name(script.kind))
                  .bind(3, script.version)
                  .bind(4, script.source)
                  .bind(5, settings)
                  .bind(6, micros(script.created_at))
                  .bind(7, script.created_by)
                  .bind(8, micros(script.changed_at))
                  .bind(9, script.changed_by)
                  .run());
  return put_version(db, script);
}

Result<void> remove_rows(store::Database& db, std::string_view sql, const std::string& name) {
  GK_TRY(store::Statement * drop, db.query(sql));
  return drop->bind(1, name).run();
}

}  // namespace

store::RoomMigrations scripts_migrations() { return {"scripts", kSteps}; }

void ScriptStore::submit(store::Writer::Job job, Done done) {
  store::submit_for_loop(
      writer_, [&loop = loop_](std::function<void()> task) { loop.post(std::move(task)); },
      std::move(job), std::move(done));
}

Result<StoredScripts> ScriptStore::load() {
  StoredScripts out;
  const auto read = writer_.run([&](store::Database& db) -> Result<void> {
    GK_CHECK_OK(read_scripts(db, out));
    return read_rest(db, out);
  });
  GK_CHECK_OK(read);
  return out;
}

void ScriptStore::save(std::shared_ptr<const std::vector<Script>> scripts, Done done) {
  submit(
      [scripts = std::move(scripts)](store::Database& db) -> Result<void> {
        for (const Script& script : *scripts) GK_CHECK_OK(put_script(db, script));
        return {};
      },
      std::move(done));
}

void ScriptStore::remove(const std::string& name, Done done) {
  submit(
      [name](store::Database& db) -> Result<void> {
        GK_CHECK_OK(remove_rows(db, "DELETE FROM macro_scripts WHERE name = $1", name));
        GK_CHECK_OK(remove_rows(db, "DELETE FROM macro_script_versions WHERE name = $1", name));
        GK_CHECK_OK(remove_rows(db, "DELETE FROM macro_script_state WHERE macro_id = $1", name));
        GK_CHECK_OK(remove_rows(db, "DELETE FROM macro_script_runs WHERE macro_id = $1", name));
        return remove_rows(db, "DELETE FROM macro_script_served WHERE script = $1", name);
      },
      std::move(done));
}

void ScriptStore::versions(const std::string& name,
                           std::function<void(Result<std::vector<ScriptVersion>>)> done) {
  // Shared by the job, which fills it, and the answer, which reads it after the job.
  auto found = std::make_shared<std::vector<ScriptVersion>>();
  submit(
      [found, name](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * rows,
               db.query("SELECT version, saved_at_us, saved_by, length(CAST(source AS BLOB)) FROM "
                        "macro_script_versions WHERE name = $1 ORDER BY version DESC"));
        rows->bind(1, name);
        for (;;) {
          GK_TRY(const bool more, rows->step());
          if (!more) return {};
          found->push_back({rows->integer(0), wall(rows->integer(1)), std::string(rows->text(2)),
                            static_cast<std::size_t>(rows->integer(3))});
        }
      },
      [found, done = std::move(done)](const Result<void>& result) {
        if (!result) return done(result.error());
        done(std::move(*found));
      });
}

void ScriptStore::version(const std::string& name, std::int64_t version,
                          std::function<void(Result<std::string>)> done) {
  auto found = std::make_shared<std::string>();  // shared: as above
  submit(
      [found, name, version](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * row,
               db.query("SELECT source FROM macro_script_versions WHERE name = $1 AND "
                        "version = $2"));
        GK_TRY(const bool there, row->bind(1, name).bind(2, version).step());
        if (there) *found = row->text(0);
        row->reset();
        if (there) return {};
        return Error{Errc::not_found, "no version " + std::to_string(version) + " of " + name};
      },
      [found, done = std::move(done)](const Result<void>& result) {
        if (!result) return done(result.error());
        done(std::move(*found));
      });
}

void ScriptStore::save_state(const std::string& macro_id, Remembered changes, Done done) {
  submit(
      [macro_id, changes = std::move(changes)](store::Database& db) -> Result<void> {
        for (const auto& [key, value] : changes) {
          GK_TRY(store::Statement * put,
                 db.query(value.empty()
                              ? "DELETE FROM macro_script_state WHERE macro_id = $1 AND key = $2"
                              : "INSERT INTO macro_script_state (macro_id, key, value) VALUES "
                                "($1, $2, $3) ON CONFLICT (macro_id, key) DO UPDATE SET "
                                "value = $3"));
          put->bind(1, macro_id).bind(2, key);
          if (!value.empty()) put->bind(3, value);
          GK_CHECK_OK(put->run());
        }
        return {};
      },
      std::move(done));
}

void ScriptStore::save_run(ResumableRun run, Done done) {
  submit(
      [run = std::move(run)](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * put,
               db.query("INSERT INTO macro_script_runs (macro_id, script, game, args) VALUES "
                        "($1, $2, $3, $4) ON CONFLICT (macro_id) DO UPDATE SET script = $2, "
                        "game = $3, args = $4"));
        return put->bind(1, run.macro_id)
            .bind(2, run.script)
            .bind(3, run.game)
            .bind(4, run.args_json)
            .run();
      },
      std::move(done));
}

void ScriptStore::remove_run(const std::string& macro_id, Done done) {
  submit(
      [macro_id](store::Database& db) {
        return remove_rows(db, "DELETE FROM macro_script_runs WHERE macro_id = $1", macro_id);
      },
      std::move(done));
}

void ScriptStore::save_served(const std::string& script, WallTime moment, Done done) {
  submit(
      [script, moment](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * put,
               db.query("INSERT INTO macro_script_served (script, moment_us) VALUES ($1, $2) "
                        "ON CONFLICT (script) DO UPDATE SET moment_us = $2"));
        return put->bind(1, script).bind(2, micros(moment)).run();
      },
      std::move(done));
}

}  // namespace gk::macros
