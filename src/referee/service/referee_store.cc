#include "referee/service/referee_store.h"

#include <algorithm>
#include <array>

#include "base/try.h"
#include "store/submit_for_loop.h"

namespace gk::referee {
namespace {

using store::Database;
using store::Statement;

constexpr std::string_view kFirst = R"sql(
CREATE TABLE referee_reviews (
  id TEXT PRIMARY KEY,
  player TEXT NOT NULL,
  opened_at_us INTEGER NOT NULL,
  max_e REAL NOT NULL,
  channel INTEGER NOT NULL,
  state TEXT NOT NULL,
  decided_by TEXT NOT NULL,
  decided_at_us INTEGER NOT NULL,
  note TEXT NOT NULL,
  rejected INTEGER NOT NULL,
  path TEXT NOT NULL
) STRICT;
CREATE INDEX referee_reviews_by_player ON referee_reviews(player);
CREATE TABLE referee_counts (
  channel INTEGER PRIMARY KEY,
  accepted INTEGER NOT NULL,
  dismissed INTEGER NOT NULL
) STRICT;
CREATE TABLE referee_options (
  version INTEGER PRIMARY KEY,
  at_us INTEGER NOT NULL,
  changed_by TEXT NOT NULL,
  options TEXT NOT NULL
) STRICT;
CREATE TABLE referee_baselines (
  player TEXT PRIMARY KEY,
  updated_at_us INTEGER NOT NULL,
  sessions INTEGER NOT NULL,
  minutes REAL NOT NULL,
  gaps_per_minute REAL NOT NULL,
  rtt_ms REAL NOT NULL,
  interval_ms REAL NOT NULL,
  nominal_ms REAL NOT NULL
) STRICT;
CREATE INDEX referee_baselines_by_age ON referee_baselines(updated_at_us);
CREATE TABLE referee_sources (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  address TEXT NOT NULL,
  key BLOB NOT NULL,
  created_at_us INTEGER NOT NULL,
  created_by TEXT NOT NULL
) STRICT;
)sql";

constexpr std::array<store::Migration, 1> kSteps{
    {{.number = 1, .name = "reviews, options, baselines and sources", .sqlite = kFirst}}};

WallTime wall(std::int64_t us) { return WallTime(Micros(us)); }
std::int64_t micros(WallTime time) { return time.time_since_epoch().count(); }

/// Calls `take` for each row.
template <typename Take>
Result<void> each_row(Database& db, std::string_view sql, Take take) {
  GK_TRY(Statement * rows, db.query(sql));
  for (;;) {
    GK_TRY(const bool more, rows->step());
    if (!more) return {};
    take(*rows);
  }
}

Review review_of(const Statement& row) {
  const auto channel = std::clamp<std::int64_t>(row.integer(4), 0, kChannels - 1);
  return {.id = std::string(row.text(0)),
          .player = std::string(row.text(1)),
          .opened_at = wall(row.integer(2)),
          .max_e = row.real(3),
          .channel = static_cast<Channel>(channel),
          .state = parse_review_state(row.text(5)).value_or(ReviewState::open),
          .decided_by = std::string(row.text(6)),
          .note = std::string(row.text(8)),
          .decided_at = wall(row.integer(7)),
          .rejected = static_cast<std::uint32_t>(row.integer(9)),
          .path_json = std::string(row.text(10))};
}

Result<void> read_reviews(Database& db, StoredReferee& out) {
  GK_CHECK_OK(each_row(db,
                       "SELECT id, player, opened_at_us, max_e, channel, state, decided_by, "
                       "decided_at_us, note, rejected, path FROM referee_reviews "
                       "ORDER BY opened_at_us DESC LIMIT 2000",
                       [&](const Statement& row) { out.reviews.push_back(review_of(row)); }));
  return each_row(
      db, "SELECT channel, accepted, dismissed FROM referee_counts", [&](const Statement& row) {
        const auto channel = row.integer(0);
        if (channel < 0 || channel >= static_cast<std::int64_t>(kChannels)) return;
        out.counts[static_cast<std::size_t>(channel)] = {
            static_cast<std::uint32_t>(row.integer(1)), static_cast<std::uint32_t>(row.integer(2))};
      });
}

Result<void> read_rest(Database& db, StoredReferee& out) {
  GK_CHECK_OK(each_row(
      db, "SELECT version, at_us, changed_by, options FROM referee_options ORDER BY version",
      [&](const Statement& row) {
        out.options.push_back({row.integer(0), wall(row.integer(1)), std::string(row.text(2)),
                               std::string(row.text(3))});
      }));
  GK_CHECK_OK(each_row(db,
                       "SELECT player, sessions, minutes, gaps_per_minute, rtt_ms, interval_ms, "
                       "nominal_ms FROM referee_baselines ORDER BY updated_at_us",
                       [&](const Statement& row) {
                         out.baselines.emplace_back(
                             row.text(0),
                             PlayerBaseline{static_cast<std::uint64_t>(row.integer(1)), row.real(2),
                                            row.real(3), row.real(4), row.real(5), row.real(6)});
                       }));
  return each_row(db, "SELECT number, name, address, key FROM referee_sources ORDER BY number",
                  [&](const Statement& row) {
                    Source source{static_cast<std::uint32_t>(row.integer(0)),
                                  std::string(row.text(1)),
                                  std::string(row.text(2)),
                                  {}};
                    const store::Blob key = row.blob(3);
                    std::copy_n(key.begin(), std::min(key.size(), source.key.size()),
                                source.key.begin());
                    out.sources.push_back(std::move(source));
                  });
}

Result<void> put_review(Database& db, const Review& r) {
  GK_TRY(Statement * put,
         db.query("INSERT INTO referee_reviews (id, player, opened_at_us, max_e, channel, state, "
                  "decided_by, decided_at_us, note, rejected, path) "
                  "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
                  "ON CONFLICT (id) DO UPDATE SET max_e = $4, channel = $5, state = $6, "
                  "decided_by = $7, decided_at_us = $8, note = $9, rejected = $10, path = $11"));
  put->bind(1, r.id).bind(2, r.player).bind(3, micros(r.opened_at)).bind(4, r.max_e);
  put->bind(5, static_cast<int>(r.channel)).bind(6, std::string_view(review_state_name(r.state)));
  put->bind(7, r.decided_by).bind(8, micros(r.decided_at)).bind(9, r.note);
  return put->bind(10, r.rejected).bind(11, r.path_json).run();
}

std::string baseline_key(const std::string& player) { return "player/" + player; }

/// What tells one baseline from another.
std::string text_of(const PlayerBaseline& b) {
  std::string out;
  JsonWriter w(out);
  w.begin_array().value(b.sessions).value(b.minutes).value(b.gaps_per_minute);
  w.value(b.rtt_ms).value(b.interval_ms).value(b.nominal_ms).end_array();
  return out;
}

Result<void> put_baseline(Database& db, const std::string& player, const PlayerBaseline& b,
                          std::int64_t at) {
  GK_TRY(Statement * put,
         db.query("INSERT INTO referee_baselines (player, updated_at_us, sessions, "
                  "minutes, gaps_per_minute, rtt_ms, interval_ms, nominal_ms) "
                  "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (player) DO UPDATE "
                  "SET updated_at_us = $2, sessions = $3, minutes = $4, "
                  "gaps_per_minute = $5, rtt_ms = $6, interval_ms = $7, nominal_ms = $8"));
  put->bind(1, player).bind(2, at).bind(3, b.sessions).bind(4, b.minutes);
  put->bind(5, b.gaps_per_minute).bind(6, b.rtt_ms).bind(7, b.interval_ms);
  return put->bind(8, b.nominal_ms).run();
}

}  // namespace

store::RoomMigrations referee_migrations() { return {"referee", kSteps}; }

RefereeStore::RefereeStore(store::Writer& writer, net::Loop& loop, const Clock& clock,
                           Metrics& metrics, Nanos flush_every)
    : writer_(writer),
      loop_(loop),
      clock_(clock),
      baselines_(
          writer, [&loop](std::function<void()> task) { loop.post(std::move(task)); },
          [this](Nanos delay) { flush_timer_ = loop_.after(delay, [this] { baselines_.tick(); }); },
          {.name = "referee_baselines", .flush_every = flush_every}, metrics) {}

store::Writer::Job RefereeStore::forget_before(WallTime time) {
  return [before = time.time_since_epoch().count()](Database& db) -> Result<void> {
    GK_TRY(Statement * reviews, db.query("DELETE FROM referee_reviews WHERE opened_at_us < $1"));
    GK_CHECK_OK(reviews->bind(1, before).run());
    GK_TRY(Statement * baselines,
           db.query("DELETE FROM referee_baselines WHERE updated_at_us < $1"));
    return baselines->bind(1, before).run();
  };
}

void RefereeStore::submit(store::Writer::Job job, Done done) {
  store::submit_for_loop(
      writer_, [&loop = loop_](std::function<void()> task) { loop.post(std::move(task)); },
      std::move(job), std::move(done));
}

Result<StoredReferee> RefereeStore::load() {
  StoredReferee out;
  const auto read = writer_.run([&](Database& db) -> Result<void> {
    GK_CHECK_OK(read_reviews(db, out));
    return read_rest(db, out);
  });
  if (!read) return read.error();
  return out;
}

void RefereeStore::save_review(const Review& review, const std::vector<std::string>& gone,
                               Done done) {
  submit(
      [review, gone](Database& db) -> Result<void> {
        for (const std::string& id : gone) {
          GK_TRY(Statement * drop, db.query("DELETE FROM referee_reviews WHERE id = $1"));
          GK_CHECK_OK(drop->bind(1, id).run());
        }
        return put_review(db, review);
      },
      std::move(done));
}

void RefereeStore::save_decision(const Review& review, const ReviewCount& count, Done done) {
  submit(
      [review, count](Database& db) -> Result<void> {
        GK_CHECK_OK(put_review(db, review));
        GK_TRY(Statement * put,
               db.query("INSERT INTO referee_counts (channel, accepted, dismissed) "
                        "VALUES ($1, $2, $3) ON CONFLICT (channel) DO UPDATE SET "
                        "accepted = $2, dismissed = $3"));
        put->bind(1, static_cast<int>(review.channel)).bind(2, count.accepted);
        return put->bind(3, count.dismissed).run();
      },
      std::move(done));
}

void RefereeStore::save_options(const OptionsVersion& version, Done done) {
  submit(
      [version](Database& db) -> Result<void> {
        GK_TRY(Statement * put,
               db.query("INSERT INTO referee_options (version, at_us, changed_by, options) "
                        "VALUES ($1, $2, $3, $4)"));
        put->bind(1, version.version).bind(2, micros(version.at)).bind(3, version.by);
        GK_CHECK_OK(put->bind(4, version.json).run());
        GK_TRY(Statement * prune, db.query("DELETE FROM referee_options WHERE version <= $1"));
        return prune->bind(1, version.version - kMaxOptions).run();
      },
      std::move(done));
}

void RefereeStore::save_baselines(std::vector<std::pair<std::string, PlayerBaseline>> baselines) {
  for (const auto& [player, b] : baselines) {
    // A full queue of changes loses this one; the player's next session brings another.
    (void)baselines_.put(baseline_key(player), text_of(b),
                         [who = player, kept = b, at = now_us()](Database& db) {
                           return put_baseline(db, who, kept, at);
                         });
  }
  // Its key sorts behind those of the players, so it runs last, and once a flush.
  (void)baselines_.put("~prune", std::to_string(++prunes_), [](Database& db) -> Result<void> {
    GK_TRY(Statement * prune,
           db.query("DELETE FROM referee_baselines WHERE player NOT IN (SELECT player FROM "
                    "referee_baselines ORDER BY updated_at_us DESC LIMIT $1)"));
    return prune->bind(1, kMaxBaselines).run();
  });
}

void RefereeStore::save_source(const Source& source, const std::string& by, Done done) {
  submit(
      [source, by, at = now_us()](Database& db) -> Result<void> {
        GK_TRY(Statement * put,
               db.query("INSERT INTO referee_sources (number, name, address, key, created_at_us, "
                        "created_by) VALUES ($1, $2, $3, $4, $5, $6)"));
        put->bind(1, source.number).bind(2, source.name).bind(3, source.address);
        return put->bind_blob(4, source.key).bind(5, at).bind(6, by).run();
      },
      std::move(done));
}

void RefereeStore::delete_source(const std::string& name, Done done) {
  submit(
      [name](Database& db) -> Result<void> {
        GK_TRY(Statement * drop, db.query("DELETE FROM referee_sources WHERE name = $1"));
        return drop->bind(1, name).run();
      },
      std::move(done));
}

void RefereeStore::delete_player(const std::string& player, Done done) {
  baselines_.forget(baseline_key(player));
  submit(
      [player](Database& db) -> Result<void> {
        GK_TRY(Statement * reviews, db.query("DELETE FROM referee_reviews WHERE player = $1"));
        GK_CHECK_OK(reviews->bind(1, player).run());
        GK_TRY(Statement * baseline, db.query("DELETE FROM referee_baselines WHERE player = $1"));
        return baseline->bind(1, player).run();
      },
      std::move(done));
}

}  // namespace gk::referee
