#include "macros/tally_store.h"

#include <array>
#include <memory>
#include <utility>

#include "base/try.h"
#include "store/submit_for_loop.h"

namespace gk::macros {
namespace {

constexpr std::array<store::Migration, 1> kSteps{{{
    .number = 1,
    .name = "what macros did by quarter hour",
    .sqlite = R"sql(
CREATE TABLE macro_tally (
  quarter INTEGER NOT NULL,
  macro_id TEXT NOT NULL,
  game TEXT NOT NULL,
  macro_name TEXT NOT NULL,
  runs INTEGER NOT NULL,
  run_us INTEGER NOT NULL,
  commands INTEGER NOT NULL,
  commands_failed INTEGER NOT NULL,
  warnings INTEGER NOT NULL,
  throttles INTEGER NOT NULL,
  pauses INTEGER NOT NULL,
  demand_known_us INTEGER NOT NULL,
  demand_pct_s REAL NOT NULL,
  demand_peak_pct REAL,
  memory_peak_pct REAL,
  PRIMARY KEY (quarter, macro_id, game)
) STRICT, WITHOUT ROWID;
CREATE TABLE macro_tally_cancellation (
  quarter INTEGER NOT NULL,
  macro_id TEXT NOT NULL,
  game TEXT NOT NULL,
  rule TEXT NOT NULL,
  cancellations INTEGER NOT NULL,
  PRIMARY KEY (quarter, macro_id, game, rule)
) STRICT, WITHOUT ROWID;
)sql",
}}};

constexpr std::string_view kAdd =
    "INSERT INTO macro_tally (quarter, macro_id, game, macro_name, runs, run_us, commands, "
    "commands_failed, warnings, throttles, pauses, demand_known_us, demand_pct_s, "
    "demand_peak_pct, memory_peak_pct) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) "
    "ON CONFLICT (quarter, macro_id, game) DO UPDATE SET macro_name = excluded.macro_name, "
    "runs = runs + excluded.runs, run_us = run_us + excluded.run_us, "
    "commands = commands + excluded.commands, "
    "commands_failed = commands_failed + excluded.commands_failed, "
    "warnings = warnings + excluded.warnings, throttles = throttles + excluded.throttles, "
    "pauses = pauses + excluded.pauses, "
    "demand_known_us = demand_known_us + excluded.demand_known_us, "
    "demand_pct_s = demand_pct_s + excluded.demand_pct_s, "
    // The larger of two, of which either may be unknown.
    "demand_peak_pct = max(coalesce(demand_peak_pct, excluded.demand_peak_pct), "
    "coalesce(excluded.demand_peak_pct, demand_peak_pct)), "
    "memory_peak_pct = max(coalesce(memory_peak_pct, excluded.memory_peak_pct), "
    "coalesce(excluded.memory_peak_pct, memory_peak_pct))";

// The macros that a report has room for: those that ran longest, then those first by name. The
// daemon, whose id is empty, is none of them and is always told.
constexpr std::string_view kWanted =
    " WHERE quarter BETWEEN $1 AND $2 AND (macro_id = '' OR (($3 = '' OR macro_id = $3) "
    "AND ($4 = '' OR game = $4) "
    "AND macro_id IN (SELECT macro_id FROM macro_tally WHERE quarter BETWEEN $1 AND $2 "
    "AND macro_id <> '' AND ($3 = '' OR macro_id = $3) AND ($4 = '' OR game = $4) "
    "GROUP BY macro_id ORDER BY sum(run_us) DESC, macro_id LIMIT $5))) "
    "ORDER BY quarter, macro_id, game";

Result<void> add_one(store::Database& db, const TallyKey& key, const PendingTallies::Entry& entry) {
  const QuarterTally& t = entry.tally;
  GK_TRY(store::Statement * add, db.query(kAdd));
  add->bind(1, key.quarter).bind(2, std::string_view(key.macro_id));
  add->bind(3, std::string_view(key.game)).bind(4, std::string_view(entry.macro_name));
  add->bind(5, t.runs).bind(6, t.run_time.count()).bind(7, t.commands);
  add->bind(8, t.commands_failed).bind(9, t.warnings).bind(10, t.throttles).bind(11, t.pauses);
  add->bind(12, t.demand_known.count()).bind(13, t.demand_pct_s);
  add->bind(14, t.demand_peak_pct).bind(15, t.memory_peak_pct);
  GK_CHECK_OK(add->run());
  for (const auto& [rule, count] : t.cancellations) {
    GK_TRY(store::Statement * more,
           db.query("INSERT INTO macro_tally_cancellation (quarter, macro_id, game, rule, "
                    "cancellations) VALUES ($1, $2, $3, $4, $5) "
                    "ON CONFLICT (quarter, macro_id, game, rule) DO UPDATE SET "
                    "cancellations = cancellations + excluded.cancellations"));
    more->bind(1, key.quarter).bind(2, std::string_view(key.macro_id));
    more->bind(3, std::string_view(key.game)).bind(4, std::string_view(rule)).bind(5, count);
    GK_CHECK_OK(more->run());
  }
  return {};
}

Result<void> sweep_by_age(store::Database& db, Quarter now, const TallyLimits& limits) {
  for (const std::string table : {"macro_tally", "macro_tally_cancellation"}) {
    GK_TRY(store::Statement * old,
           db.query("DELETE FROM " + table + " WHERE quarter <= $1 OR quarter > $2"));
    GK_CHECK_OK(old->bind(1, now - limits.keep).bind(2, now + limits.future).run());
  }
  return {};
}

Result<void> sweep_by_number(store::Database& db, const TallyLimits& limits) {
  GK_TRY(store::Statement * count, db.query("SELECT count(*) FROM macro_tally"));
  GK_TRY(const bool there, count->step());
  const std::int64_t rows = there ? count->integer(0) : 0;
  count->reset();
  if (rows <= limits.max_rows) return {};
  // Whole quarters, so that no macro of one is judged by half of what ran.
  GK_TRY(store::Statement * cut, db.query("SELECT quarter FROM macro_tally ORDER BY quarter, "
                                          "macro_id, game LIMIT 1 OFFSET $1"));
  GK_TRY(const bool any, cut->bind(1, rows - limits.max_rows - 1).step());
  const Quarter last = any ? cut->integer(0) : 0;
  cut->reset();
  for (const std::string table : {"macro_tally", "macro_tally_cancellation"}) {
    GK_TRY(store::Statement * drop, db.query("DELETE FROM " + table + " WHERE quarter <= $1"));
    GK_CHECK_OK(drop->bind(1, last).run());
  }
  return {};
}

void bind_query(store::Statement& rows, const TallyQuery& query) {
  rows.bind(1, query.from).bind(2, query.to).bind(3, std::string_view(query.macro_id));
  rows.bind(4, std::string_view(query.game)).bind(5, query.macros);
}

TallyKey key_of(const store::Statement& row) {
  return {row.integer(0), std::string(row.text(1)), std::string(row.text(2))};
}

std::optional<double> real_or_none(const store::Statement& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(row.real(column));
}

Result<void> read_tallies(store::Database& db, const TallyQuery& query,
                          const TallyStore::Sink& sink) {
  GK_TRY(store::Statement * rows,
         db.query("SELECT quarter, macro_id, game, macro_name, runs, run_us, commands, "
                  "commands_failed, warnings, throttles, pauses, demand_known_us, demand_pct_s, "
                  "demand_peak_pct, memory_peak_pct FROM macro_tally" +
                  std::string(kWanted)));
  bind_query(*rows, query);
  const auto number = [&](int column) { return static_cast<std::uint64_t>(rows->integer(column)); };
  for (;;) {
    GK_TRY(const bool more, rows->step());
    if (!more) return {};
    QuarterTally t;
    t.runs = number(4);
    t.run_time = Micros(rows->integer(5));
    t.commands = number(6);
    t.commands_failed = number(7);
    t.warnings = number(8);
    t.throttles = number(9);
    t.pauses = number(10);
    t.demand_known = Micros(rows->integer(11));
    t.demand_pct_s = rows->real(12);
    t.demand_peak_pct = real_or_none(*rows, 13);
    t.memory_peak_pct = real_or_none(*rows, 14);
    sink(key_of(*rows), rows->text(3), t);
  }
}

// Since when it is known at all whether the daemon ran: what is older was counted by one that did
// not tell. Only those rows are passed over.
Result<void> read_first_of_daemon(store::Database& db, const TallyQuery& query,
                                  const TallyStore::Sink& sink) {
  GK_TRY(store::Statement * row, db.query("SELECT quarter FROM macro_tally WHERE macro_id = '' "
                                          "ORDER BY quarter LIMIT 1"));
  GK_TRY(const bool there, row->step());
  if (there && row->integer(0) < query.from) sink({row->integer(0), "", ""}, "", {});
  row->reset();
  return {};
}

Result<void> read_cancellations(store::Database& db, const TallyQuery& query,
                                const TallyStore::Sink& sink) {
  GK_TRY(store::Statement * rows,
         db.query("SELECT quarter, macro_id, game, rule, cancellations FROM "
                  "macro_tally_cancellation" +
                  std::string(kWanted)));
  bind_query(*rows, query);
  for (;;) {
    GK_TRY(const bool more, rows->step());
    if (!more) return {};
    QuarterTally t;
    t.cancellations[std::string(rows->text(3))] = static_cast<std::uint64_t>(rows->integer(4));
    sink(key_of(*rows), "", t);
  }
}

}  // namespace

store::RoomMigrations tallies_migrations() { return {"macro_tallies", kSteps}; }

SqlTallyStore::SqlTallyStore(store::Writer& writer, std::string path, WorkerPool& pool,
                             net::Loop& loop, const Clock& clock, TallyLimits limits)
    : writer_(writer),
      path_(std::move(path)),
      pool_(pool),
      loop_(loop),
      clock_(clock),
      limits_(limits) {}

Result<void> SqlTallyStore::start() {
  std::optional<Quarter> newest;
  GK_CHECK_OK(writer_.run([&](store::Database& db) -> Result<void> {
    GK_TRY(store::Statement * row, db.query("SELECT max(quarter) FROM macro_tally"));
    GK_TRY(const bool there, row->step());
    if (there && !row->is_null(0)) newest = row->integer(0);
    row->reset();
    return {};
  }));
  if (newest) guard_.start(quarter_start(*newest), clock_.wall(), clock_.mono());
  return {};
}

void SqlTallyStore::add(Entries entries, Done done) {
  const Quarter now = quarter_of(clock_.wall());
  const bool by_age = guard_.may_remove(clock_.wall(), clock_.mono());
  const bool sweeps = std::exchange(swept_, now) != now;
  store::submit_for_loop(
      writer_, [&loop = loop_](std::function<void()> task) { loop.post(std::move(task)); },
      [entries = std::move(entries), now, sweeps, by_age,
       limits = limits_](store::Database& db) -> Result<void> {
        for (const auto& [key, entry] : *entries) GK_CHECK_OK(add_one(db, key, entry));
        if (sweeps && by_age) GK_CHECK_OK(sweep_by_age(db, now, limits));
        return sweeps ? sweep_by_number(db, limits) : Result<void>();
      },
      std::move(done));
}

void SqlTallyStore::scan(TallyQuery query, Sink sink, Done done) {
  // One transaction: both tables as of one moment.
  const auto read = [path = path_, query = std::move(query), sink = std::move(sink)] {
    const auto run = [&]() -> Result<void> {
      GK_TRY(const auto db,
             store::Database::open(
                 {.path = path, .durability = store::Durability::normal, .read_only = true}));
      GK_CHECK_OK(db->execute("BEGIN"));
      GK_CHECK_OK(read_first_of_daemon(*db, query, sink));
      GK_CHECK_OK(read_tallies(*db, query, sink));
      return read_cancellations(*db, query, sink);
    };
    return run();
  };
  const auto posted = pool_.post(
      [read, done, &loop = loop_] { loop.post([done, outcome = read()] { done(outcome); }); });
  if (!posted) loop_.post([done, error = posted.error()] { done(error); });
}

}  // namespace gk::macros
