#include "notices/notice_store.h"

#include <array>
#include <map>

#include "base/try.h"
#include "store/submit_for_loop.h"

namespace gk::notices {
namespace {

constexpr std::string_view kFirst = R"sql(
CREATE TABLE notices_receivers (
  name TEXT PRIMARY KEY,
  config TEXT NOT NULL,
  sealed BLOB NOT NULL
) STRICT;
CREATE TABLE notices_notices (
  id TEXT PRIMARY KEY,
  notice TEXT NOT NULL
) STRICT;
CREATE TABLE notices_deliveries (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  notice_id TEXT NOT NULL REFERENCES notices_notices(id),
  receiver TEXT NOT NULL,
  state INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  created_us INTEGER NOT NULL,
  next_us INTEGER NOT NULL,
  ended_us INTEGER,
  status INTEGER NOT NULL,
  error TEXT NOT NULL,
  UNIQUE (notice_id, receiver)
) STRICT;
CREATE INDEX notices_deliveries_by_state ON notices_deliveries(state, number);
)sql";

constexpr std::array<store::Migration, 1> kSteps{
    {{.number = 1, .name = "receivers and the outbox", .sqlite = kFirst}}};

std::int64_t micros(WallTime time) { return time.time_since_epoch().count(); }

Result<void> read_receivers(store::Database& db, StoredNotices& out) {
  GK_TRY(store::Statement * rows, db.query("SELECT name, config, sealed FROM notices_receivers"));
  for (;;) {
    GK_TRY(const bool more, rows->step());
    if (!more) return {};
    out.receivers.push_back(
        {std::string(rows->text(0)), std::string(rows->text(1)), rows->blob(2)});
  }
}

Result<void> read_deliveries(store::Database& db, StoredNotices& out) {
  GK_TRY(store::Statement * rows,
         db.query("SELECT d.notice_id, n.notice, d.receiver, d.state, d.attempts, d.created_us, "
                  "d.next_us, d.ended_us, d.status, d.error FROM notices_deliveries d "
                  "JOIN notices_notices n ON n.id = d.notice_id ORDER BY d.number"));
  std::map<std::string, std::shared_ptr<const Notice>, std::less<>> notices;
  for (;;) {
    GK_TRY(const bool more, rows->step());
    if (!more) return {};
    auto& notice = notices[std::string(rows->text(0))];
    if (notice == nullptr) {
      auto read = read_notice(rows->text(1));
      if (!read) continue;  // Damaged: nobody can be told.
      notice = std::make_shared<const Notice>(std::move(*read));
    }
    Delivery d;
    d.notice = notice;
    d.receiver = rows->text(2);
    d.state = static_cast<DeliveryState>(rows->integer(3) & 3);
    d.attempts = static_cast<std::uint32_t>(rows->integer(4));
    d.created = WallTime(Micros(rows->integer(5)));
    d.next_at = WallTime(Micros(rows->integer(6)));
    if (!rows->is_null(7)) d.ended = WallTime(Micros(rows->integer(7)));
    d.status = static_cast<int>(rows->integer(8));
    d.error = rows->text(9);
    out.deliveries.push_back(std::move(d));
  }
}

Result<void> insert_delivery(store::Database& db, const Delivery& d) {
  GK_TRY(store::Statement * put,
         db.query("INSERT INTO notices_deliveries (notice_id, receiver, state, attempts, "
                  "created_us, next_us, ended_us, status, error) "
                  "VALUES ($1, $2, $3, $4, $5, $6, NULL, 0, '')"));
  return put->bind(1, d.notice->id)
      .bind(2, d.receiver)
      .bind(3, static_cast<int>(d.state))
      .bind(4, d.attempts)
      .bind(5, micros(d.created))
      .bind(6, micros(d.next_at))
      .run();
}

// What has ended and is not among the newest goes, and then each notice without a delivery.
Result<void> prune(store::Database& db, std::int64_t keep) {
  GK_TRY(store::Statement * old,
         db.query("DELETE FROM notices_deliveries WHERE state <> 0 AND number <= "
                  "(SELECT max(number) FROM notices_deliveries) - $1"));
  GK_CHECK_OK(old->bind(1, keep).run());
  if (db.changes() == 0) return {};
  GK_TRY(store::Statement * orphans, db.query("DELETE FROM notices_notices WHERE id NOT IN "
                                              "(SELECT notice_id FROM notices_deliveries)"));
  return orphans->run();
}

}  // namespace

std::string_view state_name(DeliveryState state) {
  constexpr std::array<std::string_view, 4> kNames{"pending", "delivered", "failed", "dropped"};
  return kNames[static_cast<std::size_t>(state)];
}

store::RoomMigrations notices_migrations() { return {"notices", kSteps}; }

NoticeStore::NoticeStore(store::Writer& writer, net::Loop& loop, std::int64_t max_ended)
    : writer_(writer), loop_(loop), max_ended_(max_ended) {}

void NoticeStore::submit(store::Writer::Job job, Done done) {
  store::submit_for_loop(
      writer_, [&loop = loop_](std::function<void()> task) { loop.post(std::move(task)); },
      std::move(job), std::move(done));
}

Result<StoredNotices> NoticeStore::load() {
  StoredNotices out;
  const auto read = writer_.run([&](store::Database& db) -> Result<void> {
    GK_CHECK_OK(read_receivers(db, out));
    return read_deliveries(db, out);
  });
  if (!read) return read.error();
  return out;
}

void NoticeStore::save_receiver(StoredReceiver receiver, ReceiverAct act, Done done) {
  submit(
      [receiver = std::move(receiver), act = std::move(act),
       audit = audit_](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * put,
               db.query("INSERT INTO notices_receivers (name, config, sealed) VALUES ($1, $2, $3) "
                        "ON CONFLICT (name) DO UPDATE SET config = $2, sealed = $3"));
        put->bind(1, receiver.name).bind(2, receiver.config).bind_blob(3, receiver.sealed);
        GK_CHECK_OK(put->run());
        return audit ? audit(db, act) : Result<void>();
      },
      std::move(done));
}

void NoticeStore::delete_receiver(const std::string& name, ReceiverAct act, Done done) {
  submit(
      [name, act = std::move(act), audit = audit_](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * gone, db.query("DELETE FROM notices_receivers WHERE name = $1"));
        GK_CHECK_OK(gone->bind(1, name).run());
        return audit ? audit(db, act) : Result<void>();
      },
      std::move(done));
}

void NoticeStore::record(ReceiverAct act, Done done) {
  submit(
      [act = std::move(act), audit = audit_](store::Database& db) -> Result<void> {
        return audit ? audit(db, act) : Result<void>();
      },
      std::move(done));
}

void NoticeStore::add(const Notice& notice, const std::vector<Delivery>& deliveries, Done done) {
  submit(
      [id = notice.id, json = notice_json(notice),
       deliveries](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * put,
               db.query("INSERT INTO notices_notices (id, notice) VALUES ($1, $2)"));
        GK_CHECK_OK(put->bind(1, id).bind(2, json).run());
        for (const Delivery& delivery : deliveries) GK_CHECK_OK(insert_delivery(db, delivery));
        return {};
      },
      std::move(done));
}

void NoticeStore::update(const Delivery& d, Done done) {
  submit(
      [d, keep = max_ended_](store::Database& db) -> Result<void> {
        GK_TRY(store::Statement * put,
               db.query("UPDATE notices_deliveries SET state = $3, attempts = $4, next_us = $5, "
                        "ended_us = $6, status = $7, error = $8 "
                        "WHERE notice_id = $1 AND receiver = $2"));
        put->bind(1, d.notice->id).bind(2, d.receiver).bind(3, static_cast<int>(d.state));
        put->bind(4, d.attempts).bind(5, micros(d.next_at));
        put->bind(6, d.ended ? std::optional(micros(*d.ended)) : std::nullopt);
        GK_CHECK_OK(put->bind(7, d.status).bind(8, d.error).run());
        return d.state == DeliveryState::pending ? Result<void>() : prune(db, keep);
      },
      std::move(done));
}

}  // namespace gk::notices
