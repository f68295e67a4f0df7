#include "arbiter/operations/operation_store.h"

#include <array>
#include <memory>
#include <span>

#include "base/try.h"
#include "store/submit_for_loop.h"

namespace gk::arbiter {
namespace {

constexpr std::string_view kFirst = R"sql(
CREATE TABLE operation_transactions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  begun_at_us INTEGER NOT NULL
) STRICT;
CREATE TABLE operation_steps (
  transaction_id INTEGER NOT NULL REFERENCES operation_transactions(id),
  number INTEGER NOT NULL,
  kind TEXT NOT NULL,
  undo_data BLOB NOT NULL,
  PRIMARY KEY (transaction_id, number)
) STRICT;
CREATE TABLE operation_settings (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  changed_at_us INTEGER NOT NULL
) STRICT;
CREATE TABLE operation_documents (
  name TEXT PRIMARY KEY,
  body TEXT NOT NULL
) STRICT;
CREATE TABLE task_graphs (
  number INTEGER PRIMARY KEY,
  ended INTEGER NOT NULL,
  record TEXT NOT NULL
) STRICT;
)sql";

constexpr std::array<store::Migration, 1> kSteps{
    {{.number = 1, .name = "transactions, settings and task graphs", .sqlite = kFirst}}};

std::int64_t micros(WallTime time) { return time.time_since_epoch().count(); }
std::int64_t row_of(TransactionId id) { return static_cast<std::int64_t>(id.value); }

std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// The first column of the first row of a count; 0 when there is none.
Result<std::int64_t> count(store::Database& db, std::string_view sql) {
  GK_TRY(store::Statement * rows, db.query(sql));
  GK_TRY(const bool there, rows->step());
  const std::int64_t number = there ? rows->integer(0) : 0;
  rows->reset();
  return number;
}

Result<void> append_step(store::Database& db, std::int64_t id, const JournalStep& step) {
  GK_TRY(store::Statement * last,
         db.query("SELECT count(*), coalesce(max(number), 0) FROM operation_steps "
                  "WHERE transaction_id = $1"));
  GK_TRY(const bool there, last->bind(1, id).step());
  const std::int64_t steps = there ? last->integer(0) : 0, number = there ? last->integer(1) : 0;
  last->reset();
  if (steps >= static_cast<std::int64_t>(kMaxTransactSteps)) {
    return Error{Errc::resource_exhausted, "the transaction has all of its steps"};
  }
  GK_TRY(store::Statement * add,
         db.query("INSERT INTO operation_steps (transaction_id, number, kind, undo_data) "
                  "VALUES ($1, $2, $3, $4)"));
  return add->bind(1, id)
      .bind(2, number + 1)
      .bind(3, step.kind)
      .bind_blob(4, bytes_of(step.undo_data))
      .run();
}

Result<void> read_open(store::Database& db, std::vector<OpenTransaction>& out) {
  GK_TRY(store::Statement * rows,
         db.query("SELECT t.id, s.kind, s.undo_data FROM operation_transactions t "
                  "LEFT JOIN operation_steps s ON s.transaction_id = t.id "
                  "ORDER BY t.id, s.number"));
  for (;;) {
    GK_TRY(const bool more, rows->step());
    if (!more) return {};
    const TransactionId id(static_cast<std::uint64_t>(rows->integer(0)));
    if (out.empty() || out.back().id != id) out.push_back({id, {}});
    if (rows->is_null(1)) continue;  // begun, and no step noted
    const store::Blob blob = rows->blob(2);
    out.back().steps.push_back({std::string(rows->text(1)), std::string(blob.begin(), blob.end())});
  }
}

}  // namespace

store::RoomMigrations operations_migrations() { return {"operations", kSteps}; }

Result<TransactionId> SqlJournal::begin() {
  TransactionId id;
  const auto begun = writer_.run([&](store::Database& db) -> Result<void> {
    GK_TRY(const auto open, count(db, "SELECT count(*) FROM operation_transactions"));
    if (open >= kMaxOpen) {
      return Error{Errc::resource_exhausted, "too many transactions are open"};
    }
    GK_TRY(store::Statement * add,
           db.query("INSERT INTO operation_transactions (begun_at_us) VALUES ($1)"));
    GK_CHECK_OK(add->bind(1, micros(clock_.wall())).run());
    id = TransactionId(static_cast<std::uint64_t>(db.last_insert_id()));
    return {};
  });
  if (!begun) return begun.error();
  return id;
}

Result<void> SqlJournal::append(TransactionId id, const JournalStep& step) {
  return writer_.run([&](store::Database& db) { return append_step(db, row_of(id), step); });
}

Result<void> SqlJournal::pop(TransactionId id) {
  return writer_.run([&](store::Database& db) -> Result<void> {
    GK_TRY(store::Statement * drop,
           db.query("DELETE FROM operation_steps WHERE transaction_id = $1 AND number = (SELECT "
                    "max(number) FROM operation_steps WHERE transaction_id = $1)"));
    GK_CHECK_OK(drop->bind(1, row_of(id)).run());
    if (db.changes() == 0) return Error{Errc::not_found, "no such step"};
    return {};
  });
}

Result<void> SqlJournal::end(TransactionId id, const store::Writer::Job& also) {
  return writer_.run([&](store::Database& db) -> Result<void> {
    GK_TRY(store::Statement * steps,
           db.query("DELETE FROM operation_steps WHERE transaction_id = $1"));
    GK_CHECK_OK(steps->bind(1, row_of(id)).run());
    GK_TRY(store::Statement * self, db.query("DELETE FROM operation_transactions WHERE id = $1"));
    GK_CHECK_OK(self->bind(1, row_of(id)).run());
    if (db.changes() == 0) return Error{Errc::not_found, "no such transaction"};
    return also ? also(db) : Result<void>();
  });
}

Result<std::vector<OpenTransaction>> SqlJournal::open() {
  std::vector<OpenTransaction> out;
  GK_CHECK_OK(writer_.run([&](store::Database& db) { return read_open(db, out); }));
  return out;
}

Result<std::optional<std::string>> load_setting(store::Writer& writer, const std::string& key) {
  std::optional<std::string> out;
  GK_CHECK_OK(writer.run([&](store::Database& db) -> Result<void> {
    GK_TRY(store::Statement * row, db.query("SELECT value FROM operation_settings WHERE key = $1"));
    GK_TRY(const bool there, row->bind(1, key).step());
    if (there) out = std::string(row->text(0));
    row->reset();
    return {};
  }));
  return out;
}

Result<void> save_setting(store::Writer& writer, const std::string& key, const std::string& json,
                          WallTime now) {
  return writer.run([&](store::Database& db) -> Result<void> {
    GK_TRY(store::Statement * put,
           db.query("INSERT INTO operation_settings (key, value, changed_at_us) "
                    "VALUES ($1, $2, $3) ON CONFLICT (key) DO UPDATE SET "
                    "value = $2, changed_at_us = $3"));
    GK_CHECK_OK(put->bind(1, key).bind(2, json).bind(3, micros(now)).run());
    GK_TRY(const auto settings, count(db, "SELECT count(*) FROM operation_settings"));
    if (settings <= kMaxSettings) return {};
    return Error{Errc::resource_exhausted,
                 "at most " + std::to_string(kMaxSettings) + " settings are kept"};
  });
}

Result<void> remove_setting(store::Writer& writer, const std::string& key) {
  return writer.run([&](store::Database& db) -> Result<void> {
    GK_TRY(store::Statement * drop, db.query("DELETE FROM operation_settings WHERE key = $1"));
    return drop->bind(1, key).run();
  });
}

void OperationStore::submit(store::Writer::Job job, Done done) {
  store::submit_for_loop(
      writer_, [&loop = loop_](std::function<void()> task) { loop.post(std::move(task)); },
      std::move(job), std::move(done));
}

Result<std::vector<GraphRecord>> OperationStore::load_graphs() {
  std::vector<GraphRecord> out;
  GK_CHECK_OK(writer_.run([&](store::Database& db) -> Result<void> {
    GK_TRY(store::Statement * rows,
           db.query("SELECT number, ended, record FROM task_graphs ORDER BY number"));
    for (;;) {
      GK_TRY(const bool more, rows->step());
      if (!more) return {};
      out.push_back({static_cast<std::uint64_t>(rows->integer(0)), rows->integer(1) != 0,
                     std::string(rows->text(2))});
    }
  }));
  return out;
}

Result<std::string> OperationStore::load_document(const std::string& name) {
  std::string out;
  GK_CHECK_OK(writer_.run([&](store::Database& db) -> Result<void> {
    GK_TRY(store::Statement * row,
           db.query("SELECT body FROM operation_documents WHERE name = $1"));
    GK_TRY(const bool there, row->bind(1, name).step());
    if (there) out = row->text(0);
    row->reset();
    return {};
  }));
  return out;
}

void OperationStore::save_graph(GraphRecord graph, Done done) {
  submit(
      [graph = std::move(graph)](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * put,
               db.query("INSERT INTO task_graphs (number, ended, record) VALUES ($1, $2, $3) "
                        "ON CONFLICT (number) DO UPDATE SET ended = $2, record = $3"));
        GK_CHECK_OK(
            put->bind(1, graph.number).bind(2, graph.ended ? 1 : 0).bind(3, graph.record).run());
        GK_TRY(store::Statement * prune,
               db.query("DELETE FROM task_graphs WHERE ended = 1 AND number NOT IN (SELECT number "
                        "FROM task_graphs WHERE ended = 1 ORDER BY number DESC LIMIT $1)"));
        return prune->bind(1, kMaxGraphs).run();
      },
      std::move(done));
}

void OperationStore::delete_graph(std::uint64_t number, Done done) {
  submit(
      [number](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * drop, db.query("DELETE FROM task_graphs WHERE number = $1"));
        return drop->bind(1, number).run();
      },
      std::move(done));
}

void OperationStore::save_document(const std::string& name, std::string json,
                                   store::Writer::Job also, Done done) {
  submit(
      [name, json = std::move(json), also = std::move(also)](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * put,
               db.query("INSERT INTO operation_documents (name, body) VALUES ($1, $2) "
                        "ON CONFLICT (name) DO UPDATE SET body = $2"));
        GK_CHECK_OK(put->bind(1, name).bind(2, json).run());
        return also ? also(db) : Result<void>();
      },
      std::move(done));
}

void OperationStore::list_settings(std::function<void(Result<std::vector<Setting>>)> done) {
  // Shared by the job, which fills it, and the answer, which reads it after the job.
  auto found = std::make_shared<std::vector<Setting>>();
  submit(
      [found](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * rows,
               db.query("SELECT key, value, changed_at_us FROM operation_settings ORDER BY key"));
        for (;;) {
          GK_TRY(const bool more, rows->step());
          if (!more) return {};
          found->push_back({std::string(rows->text(0)), std::string(rows->text(1)),
                            WallTime(Micros(rows->integer(2)))});
        }
      },
      [found, done = std::move(done)](const Result<void>& result) {
        if (!result) return done(result.error());
        done(std::move(*found));
      });
}

}  // namespace gk::arbiter
