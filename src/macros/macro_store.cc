#include "macros/macro_store.h"

#include <algorithm>
#include <array>
#include <memory>

#include "base/try.h"
#include "store/submit_for_loop.h"

namespace gk::macros {
namespace {

constexpr std::string_view kFirst = R"sql(
CREATE TABLE macro_events (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  macro_id TEXT NOT NULL,
  at_us INTEGER NOT NULL,
  event TEXT NOT NULL
) STRICT;
CREATE TABLE macro_evidence (
  event_id TEXT PRIMARY KEY,
  at_us INTEGER NOT NULL,
  evidence TEXT NOT NULL
) STRICT;
CREATE INDEX macro_evidence_by_age ON macro_evidence(at_us);
CREATE TABLE macro_totals (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT;
CREATE TABLE macro_profiles (
  macro_id TEXT PRIMARY KEY,
  patch TEXT NOT NULL,
  changed_at_us INTEGER NOT NULL
) STRICT;
CREATE TABLE macro_override_approvals (
  profile TEXT PRIMARY KEY,
  hash TEXT NOT NULL,
  approved_by TEXT NOT NULL,
  approved_at_us INTEGER NOT NULL
) STRICT;
)sql";

constexpr std::string_view kSecond = R"sql(
CREATE TABLE macro_quarantine (
  macro_id TEXT PRIMARY KEY,
  strikes INTEGER NOT NULL,
  until_us INTEGER NOT NULL,
  needs_confirmation INTEGER NOT NULL,
  reason TEXT NOT NULL,
  changed_at_us INTEGER NOT NULL
) STRICT;
)sql";

constexpr std::string_view kThird = R"sql(
CREATE TABLE macro_last_outputs (
  macro_id TEXT PRIMARY KEY,
  ended_at_us INTEGER NOT NULL,
  exit_code INTEGER,
  signal INTEGER,
  output BLOB NOT NULL
) STRICT;
CREATE TABLE macro_last_levels (
  macro_id TEXT PRIMARY KEY,
  safety_level TEXT NOT NULL,
  started_at_us INTEGER NOT NULL
) STRICT;
)sql";

constexpr std::array<store::Migration, 3> kSteps{
    {{.number = 1, .name = "macro cancellations, evidence and profiles", .sqlite = kFirst},
     {.number = 2, .name = "macros in quarantine", .sqlite = kSecond},
     {.number = 3, .name = "last outputs and levels of macros", .sqlite = kThird}}};

Result<void> read_outputs(store::Database& db, std::vector<ProgramOutput>& out) {
  GK_TRY(store::Statement * rows,
         db.query("SELECT macro_id, ended_at_us, exit_code, signal, output FROM macro_last_outputs "
                  "ORDER BY ended_at_us, macro_id"));
  for (;;) {
    GK_TRY(const bool more, rows->step());
    if (!more) return {};
    ProgramOutput one{.macro_id = std::string(rows->text(0)),
                      .text = {},
                      .status = {},
                      .ended_at = WallTime(WallTime::duration(rows->integer(1)))};
    if (!rows->is_null(2)) {
      one.status = sys::ExitStatus{.code = static_cast<int>(rows->integer(2)),
                                   .signal = static_cast<int>(rows->integer(3))};
    }
    const auto bytes = rows->blob(4);
    one.text.assign(bytes.begin(), bytes.end());
    out.push_back(std::move(one));
  }
}

Result<void> read_levels(store::Database& db,
                         std::vector<std::pair<std::string, SafetyLevel>>& out) {
  GK_TRY(store::Statement * rows, db.query("SELECT macro_id, safety_level FROM macro_last_levels "
                                           "ORDER BY started_at_us, macro_id"));
  for (;;) {
    GK_TRY(const bool more, rows->step());
    if (!more) return {};
    if (const auto level = parse_level(rows->text(1))) out.emplace_back(rows->text(0), *level);
  }
}

Result<void> read_quarantine(store::Database& db, std::vector<QuarantineEntry>& out) {
  GK_TRY(store::Statement * rows,
         db.query("SELECT macro_id, strikes, until_us, needs_confirmation, reason "
                  "FROM macro_quarantine ORDER BY changed_at_us DESC LIMIT 1000"));
  for (;;) {
    GK_TRY(const bool more, rows->step());
    if (!more) return {};
    out.push_back({std::string(rows->text(0)), static_cast<std::uint32_t>(rows->integer(1)),
                   WallTime(WallTime::duration(rows->integer(2))), rows->integer(3) != 0,
                   std::string(rows->text(4))});
  }
}

Result<void> read_pairs(store::Database& db, std::string_view sql,
                        std::map<std::string, std::string>& out) {
  GK_TRY(store::Statement * rows, db.query(sql));
  for (;;) {
    GK_TRY(const bool more, rows->step());
    if (!more) return {};
    out.emplace(rows->text(0), rows->text(1));
  }
}

Result<void> read_all(store::Database& db, StoredMacros& out) {
  GK_CHECK_OK(read_pairs(db, "SELECT macro_id, patch FROM macro_profiles", out.profiles));
  GK_CHECK_OK(read_pairs(db, "SELECT profile, hash FROM macro_override_approvals", out.approvals));
  GK_CHECK_OK(read_quarantine(db, out.quarantine));
  GK_CHECK_OK(read_outputs(db, out.outputs));
  GK_CHECK_OK(read_levels(db, out.levels));
  GK_TRY(store::Statement * total,
         db.query("SELECT value FROM macro_totals WHERE name = 'cancellations'"));
  GK_TRY(const bool has_total, total->step());
  if (has_total) out.total_cancellations = static_cast<std::uint64_t>(total->integer(0));
  total->reset();
  GK_TRY(store::Statement * rows,
         db.query("SELECT event FROM macro_events ORDER BY number DESC LIMIT 1000"));
  for (;;) {
    GK_TRY(const bool more, rows->step());
    if (!more) break;
    GK_TRY(auto event, read_event(rows->text(0)));
    out.events.push_back(std::move(event));
  }
  std::reverse(out.events.begin(), out.events.end());
  return {};
}

std::int64_t micros(WallTime time) { return time.time_since_epoch().count(); }

}  // namespace

store::RoomMigrations macros_migrations() { return {"macros", kSteps}; }

SqlMacroStore::SqlMacroStore(store::Writer& writer, net::Loop& loop, const Clock& clock,
                             MacroStoreLimits limits)
    : writer_(writer), loop_(loop), clock_(clock), limits_(limits) {}

void SqlMacroStore::submit(store::Writer::Job job, Done done) {
  store::submit_for_loop(
      writer_, [&loop = loop_](std::function<void()> task) { loop.post(std::move(task)); },
      std::move(job), std::move(done));
}

Result<StoredMacros> SqlMacroStore::load() {
  StoredMacros out;
  GK_CHECK_OK(writer_.run([&](store::Database& db) { return read_all(db, out); }));
  return out;
}

void SqlMacroStore::save_event(const CancellationEvent& event, Done done) {
  const bool counts = was_done(event.outcome);
  submit(
      [id = event.id, macro = event.macro_id, at = micros(event.timestamp), counts,
       json = event_json(event), keep = limits_.max_events](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * insert,
               db.query("INSERT INTO macro_events (id, macro_id, at_us, event) "
                        "VALUES ($1, $2, $3, $4)"));
        GK_CHECK_OK(insert->bind(1, id).bind(2, macro).bind(3, at).bind(4, json).run());
        if (counts) {
          GK_TRY(store::Statement * add,
                 db.query("INSERT INTO macro_totals (name, value) VALUES ('cancellations', 1) "
                          "ON CONFLICT (name) DO UPDATE SET value = macro_totals.value + 1"));
          GK_CHECK_OK(add->run());
        }
        GK_TRY(store::Statement * prune, db.query("DELETE FROM macro_events WHERE number <= "
                                                  "(SELECT max(number) FROM macro_events) - $1"));
        return prune->bind(1, keep).run();
      },
      std::move(done));
}

void SqlMacroStore::save_evidence(const std::string& event_id, std::string json, Done done) {
  submit(
      [event_id, json = std::move(json), at = micros(clock_.wall()),
       keep = limits_.max_evidence](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * put,
               db.query("INSERT INTO macro_evidence (event_id, at_us, evidence) "
                        "VALUES ($1, $2, $3) ON CONFLICT (event_id) DO UPDATE SET evidence = $3"));
        GK_CHECK_OK(put->bind(1, event_id).bind(2, at).bind(3, json).run());
        GK_TRY(store::Statement * prune,
               db.query("DELETE FROM macro_evidence WHERE event_id NOT IN (SELECT event_id FROM "
                        "macro_evidence ORDER BY at_us DESC, event_id DESC LIMIT $1)"));
        return prune->bind(1, keep).run();
      },
      std::move(done));
}

void SqlMacroStore::load_evidence(const std::string& event_id, Evidence done) {
  // Shared by the job, which fills it, and the answer, which reads it after the job.
  auto found = std::make_shared<std::string>();
  submit(
      [found, event_id](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * row,
               db.query("SELECT evidence FROM macro_evidence WHERE event_id = $1"));
        GK_TRY(const bool there, row->bind(1, event_id).step());
        if (!there) return Error{Errc::not_found, "no evidence of cancellation " + event_id};
        *found = row->text(0);
        row->reset();
        return {};
      },
      [found, done = std::move(done)](const Result<void>& result) {
        if (result) {
          done(std::move(*found));
        } else {
          done(result.error());
        }
      });
}

void SqlMacroStore::save_profile(const std::string& macro_id, std::string json, Done done) {
  submit(
      [macro_id, json = std::move(json),
       at = micros(clock_.wall())](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * put,
               db.query("INSERT INTO macro_profiles (macro_id, patch, changed_at_us) "
                        "VALUES ($1, $2, $3) ON CONFLICT (macro_id) DO UPDATE SET "
                        "patch = $2, changed_at_us = $3"));
        return put->bind(1, macro_id).bind(2, json).bind(3, at).run();
      },
      std::move(done));
}

void SqlMacroStore::delete_profile(const std::string& macro_id, Done done) {
  submit(
      [macro_id](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * gone, db.query("DELETE FROM macro_profiles WHERE macro_id = $1"));
        return gone->bind(1, macro_id).run();
      },
      std::move(done));
}

void SqlMacroStore::save_approval(const std::string& profile, const std::string& hash,
                                  const std::string& by, Done done) {
  submit(
      [profile, hash, by, at = micros(clock_.wall())](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * put,
               db.query("INSERT INTO macro_override_approvals "
                        "(profile, hash, approved_by, approved_at_us) VALUES ($1, $2, $3, $4) "
                        "ON CONFLICT (profile) DO UPDATE SET hash = $2, approved_by = $3, "
                        "approved_at_us = $4"));
        return put->bind(1, profile).bind(2, hash).bind(3, by).bind(4, at).run();
      },
      std::move(done));
}

void SqlMacroStore::save_quarantine(const QuarantineEntry& entry, Done done) {
  submit(
      [entry, at = micros(clock_.wall())](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * put,
               db.query("INSERT INTO macro_quarantine (macro_id, strikes, until_us, "
                        "needs_confirmation, reason, changed_at_us) "
                        "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (macro_id) DO UPDATE SET "
                        "strikes = $2, until_us = $3, needs_confirmation = $4, reason = $5, "
                        "changed_at_us = $6"));
        GK_CHECK_OK(put->bind(1, entry.macro_id)
                        .bind(2, static_cast<std::int64_t>(entry.strikes))
                        .bind(3, micros(entry.until))
                        .bind(4, static_cast<std::int64_t>(entry.needs_confirmation))
                        .bind(5, entry.reason)
                        .bind(6, at)
                        .run());
        // As many as the rules keep; the one that may start soonest loses.
        GK_TRY(store::Statement * prune,
               db.query("DELETE FROM macro_quarantine WHERE macro_id NOT IN (SELECT macro_id FROM "
                        "macro_quarantine ORDER BY needs_confirmation DESC, until_us DESC "
                        "LIMIT 1000)"));
        return prune->run();
      },
      std::move(done));
}

void SqlMacroStore::delete_quarantine(const std::string& macro_id, Done done) {
  submit(
      [macro_id](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * gone,
               db.query("DELETE FROM macro_quarantine WHERE macro_id = $1"));
        return gone->bind(1, macro_id).run();
      },
      std::move(done));
}

void SqlMacroStore::save_output(const ProgramOutput& output, Done done) {
  submit(
      [output, at = micros(output.ended_at.value_or(clock_.wall())),
       keep = limits_.runs.outputs](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * put,
               db.query("INSERT OR REPLACE INTO macro_last_outputs (macro_id, ended_at_us, "
                        "exit_code, signal, output) VALUES ($1, $2, $3, $4, $5)"));
        put->bind(1, output.macro_id).bind(2, at);
        if (output.status) put->bind(3, output.status->code).bind(4, output.status->signal);
        if (!output.status) put->bind_null(3).bind_null(4);
        put->bind_blob(5, std::span(reinterpret_cast<const std::uint8_t*>(output.text.data()),
                                    output.text.size()));
        GK_CHECK_OK(put->run());
        GK_TRY(store::Statement * prune,
               db.query("DELETE FROM macro_last_outputs WHERE macro_id NOT IN (SELECT macro_id "
                        "FROM macro_last_outputs ORDER BY ended_at_us DESC, macro_id LIMIT $1)"));
        return prune->bind(1, keep).run();
      },
      std::move(done));
}

void SqlMacroStore::save_level(const std::string& macro_id, std::optional<SafetyLevel> level,
                               Done done) {
  submit(
      [macro_id, level, at = micros(clock_.wall()),
       keep = limits_.runs.levels](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * old,
               db.query("DELETE FROM macro_last_levels WHERE macro_id = $1"));
        GK_CHECK_OK(old->bind(1, macro_id).run());
        if (!level) return {};
        GK_TRY(store::Statement * put,
               db.query("INSERT INTO macro_last_levels (macro_id, safety_level, started_at_us) "
                        "VALUES ($1, $2, $3)"));
        GK_CHECK_OK(put->bind(1, macro_id).bind(2, level_name(*level)).bind(3, at).run());
        GK_TRY(store::Statement * prune,
               db.query("DELETE FROM macro_last_levels WHERE macro_id NOT IN (SELECT macro_id "
                        "FROM macro_last_levels ORDER BY started_at_us DESC, macro_id LIMIT $1)"));
        return prune->bind(1, keep).run();
      },
      std::move(done));
}

}  // namespace gk::macros
