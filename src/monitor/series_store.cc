#include "monitor/series_store.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "base/try.h"

namespace gk::monitor {
namespace {

static_assert(std::endian::native == std::endian::little, "chunks are stored as they are");
constexpr std::size_t kSampleBytes = 16;

constexpr std::array<store::Migration, 1> kMigrations = {{{
    .number = 1,
    .name = "series",
    .sqlite = R"sql(
CREATE TABLE series(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  subject TEXT NOT NULL,
  unit TEXT NOT NULL,
  UNIQUE(name, subject)
) STRICT;
CREATE TABLE series_chunk(
  series_id INTEGER NOT NULL REFERENCES series(id) ON DELETE CASCADE,
  from_us INTEGER NOT NULL,
  to_us INTEGER NOT NULL,
  samples INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;
CREATE INDEX series_chunk_by_time ON series_chunk(series_id, to_us);
CREATE TABLE series_aggregate(
  series_id INTEGER NOT NULL REFERENCES series(id) ON DELETE CASCADE,
  from_us INTEGER NOT NULL,
  to_us INTEGER NOT NULL,
  samples INTEGER NOT NULL,
  min REAL NOT NULL,
  max REAL NOT NULL,
  avg REAL NOT NULL,
  p95 REAL NOT NULL,
  p99 REAL NOT NULL
) STRICT;
CREATE INDEX series_aggregate_by_time ON series_aggregate(series_id, to_us);
)sql",
}}};

std::int64_t to_us(WallTime time) { return time.time_since_epoch().count(); }
WallTime from_us(std::int64_t us) { return WallTime(Micros(us)); }
std::int64_t to_us_before(WallTime time, Nanos ago) {
  return to_us(time - std::chrono::duration_cast<Micros>(ago));
}

Result<std::int64_t> series_id(store::Database& db, const SeriesChange& change) {
  GK_TRY(store::Statement * add,
         db.query("INSERT INTO series(name, subject, unit) VALUES($1, $2, $3) "
                  "ON CONFLICT(name, subject) DO UPDATE SET unit = excluded.unit RETURNING id"));
  add->bind(1, std::string_view(change.key.name));
  add->bind(2, std::string_view(change.key.subject));
  add->bind(3, std::string_view(change.unit));
  GK_TRY(const bool row, add->step());
  if (!row) return Error{Errc::internal, "series: RETURNING gave no row"};
  const std::int64_t id = add->integer(0);
  GK_CHECK_OK(add->run());
  return id;
}

Result<void> add_chunk(store::Database& db, std::int64_t id, std::span<const Sample> raw) {
  if (raw.empty()) return {};
  GK_TRY(store::Statement * add,
         db.query("INSERT INTO series_chunk(series_id, from_us, to_us, samples, data) "
                  "VALUES($1, $2, $3, $4, $5)"));
  const store::Blob data = encode_samples(raw);
  add->bind(1, id).bind(2, to_us(raw.front().at)).bind(3, to_us(raw.back().at));
  add->bind(4, static_cast<std::int64_t>(raw.size())).bind_blob(5, data);
  return add->run();
}

Result<void> add_aggregate(store::Database& db, std::int64_t id, const Aggregate& a) {
  GK_TRY(store::Statement * add,
         db.query("INSERT INTO series_aggregate(series_id, from_us, to_us, samples, min, max, avg, "
                  "p95, p99) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9)"));
  add->bind(1, id).bind(2, to_us(a.from)).bind(3, to_us(a.to));
  add->bind(4, static_cast<std::int64_t>(a.count));
  add->bind(5, a.min).bind(6, a.max).bind(7, a.avg).bind(8, a.p95).bind(9, a.p99);
  return add->run();
}

Result<void> drop_folded(store::Database& db, std::int64_t id, const SeriesChange& change,
                         WallTime now, const SeriesRetention& retention) {
  if (change.aggregates.empty()) return {};  // Only a fold makes chunks superfluous.
  GK_TRY(store::Statement * drop,
         db.query("DELETE FROM series_chunk WHERE series_id = $1 AND to_us < $2"));
  drop->bind(1, id).bind(
      2, std::min(to_us(change.raw_from), to_us_before(now, retention.raw_at_least)));
  return drop->run();
}

Result<void> delete_where(store::Database& db, const std::string& sql, std::int64_t limit) {
  GK_TRY(store::Statement * drop, db.query("DELETE FROM " + sql));
  drop->bind(1, limit);
  return drop->run();
}

Result<void> sweep_by_age(store::Database& db, WallTime now, const SeriesRetention& retention) {
  const std::int64_t oldest = to_us_before(now, retention.aggregates);
  const std::int64_t newest = to_us_before(now, -retention.future);
  for (const std::string table : {"series_aggregate", "series_chunk"}) {
    GK_CHECK_OK(delete_where(db, table + " WHERE to_us < $1", oldest));
    GK_CHECK_OK(delete_where(db, table + " WHERE from_us > $1", newest));
  }
  return delete_where(db,
                      "series_chunk WHERE to_us < $1 AND series_id IN "
                      "(SELECT id FROM series WHERE subject <> '')",
                      to_us_before(now, retention.raw_of_subjects));
}

Result<std::int64_t> number(store::Database& db, std::string_view sql) {
  GK_TRY(store::Statement * count, db.query(sql));
  GK_TRY(const bool row, count->step());
  const std::int64_t out = row ? count->integer(0) : 0;
  count->reset();
  return out;
}

/// In order of rowid, which is that of saving: a clock that jumped does not matter.
Result<void> sweep_by_number(store::Database& db, const SeriesRetention& retention) {
  for (;;) {
    GK_TRY(const std::int64_t raw,
           number(db, "SELECT COALESCE(SUM(samples), 0) FROM series_chunk"));
    if (raw <= retention.max_raw) break;
    GK_TRY(const std::int64_t chunks, number(db, "SELECT COUNT(*) FROM series_chunk"));
    GK_CHECK_OK(delete_where(
        db, "series_chunk WHERE rowid IN (SELECT rowid FROM series_chunk ORDER BY rowid LIMIT $1)",
        chunks / 8 + 1));
  }
  GK_TRY(const std::int64_t folds, number(db, "SELECT COUNT(*) FROM series_aggregate"));
  GK_CHECK_OK(delete_where(db,
                           "series_aggregate WHERE rowid IN (SELECT rowid FROM series_aggregate "
                           "ORDER BY rowid LIMIT $1)",
                           std::max<std::int64_t>(0, folds - retention.max_aggregates)));
  GK_TRY(const std::int64_t series, number(db, "SELECT COUNT(*) FROM series"));
  return delete_where(
      db,
      "series WHERE id IN (SELECT s.id FROM series s ORDER BY max("
      "COALESCE((SELECT max(rowid) FROM series_chunk c WHERE c.series_id = s.id), 0), "
      "COALESCE((SELECT max(rowid) FROM series_aggregate a WHERE a.series_id = s.id), 0)) LIMIT "
      "$1)",
      std::max<std::int64_t>(0, series - retention.max_series));
}

Result<void> sweep(store::Database& db, const SeriesBatch& batch,
                   const SeriesRetention& retention) {
  if (batch.sweep == Sweep::by_age) GK_CHECK_OK(sweep_by_age(db, batch.now, retention));
  GK_CHECK_OK(sweep_by_number(db, retention));
  return db.execute(
      "DELETE FROM series WHERE NOT EXISTS (SELECT 1 FROM series_chunk c WHERE c.series_id = "
      "series.id) AND NOT EXISTS (SELECT 1 FROM series_aggregate a WHERE a.series_id = series.id)");
}

Result<void> write_batch(store::Database& db, const SeriesBatch& batch,
                         const SeriesRetention& retention) {
  for (const auto& change : batch.changes) {
    GK_TRY(const std::int64_t id, series_id(db, change));
    GK_CHECK_OK(add_chunk(db, id, change.raw));
    for (const auto& item : change.aggregates) GK_CHECK_OK(add_aggregate(db, id, item));
    GK_CHECK_OK(drop_folded(db, id, change, batch.now, retention));
  }
  return batch.sweep == Sweep::none ? Result<void>() : sweep(db, batch, retention);
}

Result<void> read_aggregates(store::Database& db, std::int64_t id, WallTime from, WallTime to,
                             std::vector<Aggregate>& out) {
  GK_TRY(store::Statement * rows,
         db.query("SELECT from_us, to_us, samples, min, max, avg, p95, p99 FROM series_aggregate "
                  "WHERE series_id = $1 AND to_us >= $2 AND from_us <= $3 ORDER BY to_us"));
  rows->bind(1, id).bind(2, to_us(from)).bind(3, to_us(to));
  for (;;) {
    GK_TRY(const bool row, rows->step());
    if (!row) return {};
    out.push_back({.from = from_us(rows->integer(0)),
                   .to = from_us(rows->integer(1)),
                   .count = static_cast<std::uint64_t>(rows->integer(2)),
                   .min = rows->real(3),
                   .max = rows->real(4),
                   .avg = rows->real(5),
                   .p95 = rows->real(6),
                   .p99 = rows->real(7)});
  }
}

Result<void> read_chunks(store::Database& db, std::int64_t id, WallTime from, WallTime to,
                         std::vector<Sample>& out) {
  GK_TRY(store::Statement * rows,
         db.query("SELECT data FROM series_chunk WHERE series_id = $1 AND to_us >= $2 AND "
                  "from_us <= $3 ORDER BY to_us"));
  rows->bind(1, id).bind(2, to_us(from)).bind(3, to_us(to));
  for (;;) {
    GK_TRY(const bool row, rows->step());
    if (!row) return {};
    if (!decode_samples(rows->blob(0), out)) {
      return Error{Errc::data_loss, "series_chunk: length is not a multiple of 16"};
    }
  }
}

/// The newest chunks up to `now` that together have `limit` samples, or a chunk more.
Result<void> read_newest_chunks(store::Database& db, std::int64_t id, WallTime now,
                                std::size_t limit, std::vector<Sample>& out) {
  GK_TRY(store::Statement * rows,
         db.query("SELECT data FROM series_chunk WHERE series_id = $1 AND from_us <= $2 "
                  "ORDER BY to_us DESC"));
  rows->bind(1, id).bind(2, to_us(now));
  std::vector<store::Blob> newest_first;
  for (std::size_t samples = 0; samples < limit;) {
    GK_TRY(const bool row, rows->step());
    if (!row) break;
    newest_first.push_back(rows->blob(0));
    samples += newest_first.back().size() / kSampleBytes;
  }
  rows->reset();
  for (auto blob = newest_first.rbegin(); blob != newest_first.rend(); ++blob) {
    if (!decode_samples(*blob, out)) {
      return Error{Errc::data_loss, "series_chunk: length is not a multiple of 16"};
    }
  }
  return {};
}

/// Keeps the newest `limits` hold, and no raw sample that an aggregate already covers.
void trim(SavedSeries& saved, const SeriesLimits& limits) {
  auto& folds = saved.aggregates;
  if (folds.size() > limits.aggregates) {
    folds.erase(folds.begin(), folds.end() - static_cast<std::ptrdiff_t>(limits.aggregates));
  }
  auto& raw = saved.raw;
  if (!folds.empty()) {
    std::erase_if(raw, [&](const Sample& s) { return s.at <= folds.back().to; });
  }
  if (raw.size() > limits.raw) {
    raw.erase(raw.begin(), raw.end() - static_cast<std::ptrdiff_t>(limits.raw));
  }
}

struct SeriesRow {
  std::int64_t id = 0;
  SavedSeries series;
};

Result<std::vector<SeriesRow>> read_rows(store::Database& db) {
  std::vector<SeriesRow> out;
  GK_TRY(store::Statement * rows, db.query("SELECT id, name, subject, unit FROM series"));
  for (;;) {
    GK_TRY(const bool row, rows->step());
    if (!row) return out;
    out.push_back({.id = rows->integer(0),
                   .series = {.key = {std::string(rows->text(1)), std::string(rows->text(2))},
                              .unit = std::string(rows->text(3)),
                              .aggregates = {},
                              .raw = {}}});
  }
}

Result<std::vector<SavedSeries>> read_all(const std::string& path, const SeriesLimits& limits,
                                          WallTime now) {
  GK_TRY(const auto db,
         store::Database::open(
             {.path = path, .durability = store::Durability::normal, .read_only = true}));
  GK_TRY(auto rows, read_rows(*db));
  std::vector<SavedSeries> out;
  for (auto& [id, series] : rows) {
    // What the clock, set back since, puts into the future would block every new sample.
    GK_CHECK_OK(read_aggregates(*db, id, WallTime(), now, series.aggregates));
    GK_CHECK_OK(read_newest_chunks(*db, id, now, limits.raw, series.raw));
    std::erase_if(series.raw, [&](const Sample& s) { return s.at > now; });
    trim(series, limits);
    // A subject that vanished over an hour ago would only be dropped again.
    const WallTime newest = series.raw.empty() ? WallTime() : series.raw.back().at;
    if (!series.key.subject.empty() && newest < now - std::chrono::hours(1)) continue;
    if (!series.raw.empty() || !series.aggregates.empty()) out.push_back(std::move(series));
  }
  return out;
}

Result<SavedSeries> read_one(const std::string& path, const SeriesKey& key, WallTime from,
                             WallTime to) {
  GK_TRY(const auto db,
         store::Database::open(
             {.path = path, .durability = store::Durability::normal, .read_only = true}));
  SavedSeries out{.key = key, .unit = {}, .aggregates = {}, .raw = {}};
  GK_TRY(store::Statement * row,
         db->query("SELECT id, unit FROM series WHERE name = $1 AND subject = $2"));
  row->bind(1, std::string_view(key.name)).bind(2, std::string_view(key.subject));
  GK_TRY(const bool found, row->step());
  if (!found) return out;
  const std::int64_t id = row->integer(0);
  out.unit = row->text(1);
  GK_CHECK_OK(read_aggregates(*db, id, from, to, out.aggregates));
  GK_CHECK_OK(read_chunks(*db, id, from, to, out.raw));
  std::erase_if(out.raw, [&](const Sample& s) { return s.at < from || s.at > to; });
  return out;
}

Result<std::vector<SavedSeries>> read_subject(const std::string& path, const std::string& subject,
                                              const std::vector<std::string>& names) {
  std::vector<SavedSeries> out;
  for (const auto& name : names) {
    GK_TRY(auto series, read_one(path, {name, subject}, WallTime(), WallTime::max()));
    if (!series.raw.empty() || !series.aggregates.empty()) out.push_back(std::move(series));
  }
  return out;
}

/// Chunks and aggregates go with their series.
Result<void> delete_subject(store::Database& db, const std::string& subject,
                            const std::vector<std::string>& names, bool& any) {
  for (const auto& name : names) {
    GK_TRY(store::Statement * drop,
           db.query("DELETE FROM series WHERE name = $1 AND subject = $2"));
    drop->bind(1, std::string_view(name)).bind(2, std::string_view(subject));
    GK_CHECK_OK(drop->run());
    any = any || db.changes() > 0;
  }
  return {};
}

}  // namespace

store::RoomMigrations monitor_migrations() { return {.room = "monitor", .steps = kMigrations}; }

store::Blob encode_samples(std::span<const Sample> samples) {
  store::Blob out(samples.size() * kSampleBytes);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const std::int64_t at = to_us(samples[i].at);
    std::memcpy(&out[i * kSampleBytes], &at, sizeof at);
    std::memcpy(&out[i * kSampleBytes + sizeof at], &samples[i].value, sizeof samples[i].value);
  }
  return out;
}

bool decode_samples(std::span<const std::uint8_t> blob, std::vector<Sample>& out) {
  if (blob.size() % kSampleBytes != 0) return false;
  for (std::size_t i = 0; i < blob.size(); i += kSampleBytes) {
    std::int64_t at = 0;
    Sample sample;
    std::memcpy(&at, &blob[i], sizeof at);
    std::memcpy(&sample.value, &blob[i + sizeof at], sizeof sample.value);
    sample.at = from_us(at);
    out.push_back(sample);
  }
  return true;
}

SeriesStore::SeriesStore(store::Writer& writer, std::string path, WorkerPool& pool, Post post,
                         SeriesRetention retention)
    : writer_(writer),
      path_(std::move(path)),
      pool_(pool),
      post_(std::move(post)),
      retention_(retention) {}

void SeriesStore::save(SeriesBatch batch, std::function<void(Result<void>)> done) {
  auto job = [batch = std::move(batch), retention = retention_](store::Database& db) {
    return write_batch(db, batch, retention);
  };
  auto finished = [post = post_, done](Result<void> result) {
    if (done) post([done, result] { done(result); });
  };
  if (auto queued = writer_.submit(std::move(job), finished); !queued && done) done(queued);
}

void SeriesStore::load(const SeriesLimits& limits, WallTime now, Loaded done) {
  auto task = [path = path_, limits, now, post = post_, done] {
    auto saved = std::make_shared<Result<std::vector<SavedSeries>>>(read_all(path, limits, now));
    post([saved, done] { done(std::move(*saved)); });  // Shared because std::function copies.
  };
  if (auto queued = pool_.post(std::move(task)); !queued) done(queued.error());
}

void SeriesStore::query(const SeriesKey& key, WallTime from, WallTime to, Queried done) {
  auto task = [path = path_, key, from, to, post = post_, done] {
    auto saved = std::make_shared<Result<SavedSeries>>(read_one(path, key, from, to));
    post([saved, done] { done(std::move(*saved)); });
  };
  if (auto queued = pool_.post(std::move(task)); !queued) done(queued.error());
}

void SeriesStore::export_subject(const std::string& subject, std::vector<std::string> names,
                                 Exported done) {
  auto task = [path = path_, subject, names = std::move(names), post = post_, done] {
    auto saved =
        std::make_shared<Result<std::vector<SavedSeries>>>(read_subject(path, subject, names));
    post([saved, done] { done(std::move(*saved)); });
  };
  if (auto queued = pool_.post(std::move(task)); !queued) done(queued.error());
}

void SeriesStore::erase_subject(const std::string& subject, std::vector<std::string> names,
                                Erased done) {
  const auto any = std::make_shared<bool>(false);  // Shared: written by the job, read on the loop.
  auto job = [subject, names = std::move(names), any](store::Database& db) {
    return delete_subject(db, subject, names, *any);
  };
  auto finished = [post = post_, any, done](Result<void> result) {
    post([any, result = std::move(result), done] {
      done(result ? Result<bool>(*any) : Result<bool>(result.error()));
    });
  };
  if (auto queued = writer_.submit(std::move(job), finished); !queued) done(queued.error());
}

}  // namespace gk::monitor
