// notice_store.h: receivers, notices and their deliveries in state.db. A notice is one row, each of
// its deliveries another.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/loop.h"
#include "notices/rules/notice.h"
#include "store/migrations.h"
#include "store/writer.h"

namespace gk::notices {

enum class DeliveryState : std::uint8_t {
  pending,
  delivered,
  failed,   ///< Given up: refused by the receiver, too old, or tried too often.
  dropped,  ///< The outbox was full and it was the oldest.
};
/// "pending", "delivered", "failed" or "dropped".
std::string_view state_name(DeliveryState state);

/// One notice on its way to one receiver.
struct Delivery {
  std::shared_ptr<const Notice> notice;  // Shared: by its deliveries.
  std::string receiver;
  DeliveryState state = DeliveryState::pending;
  std::uint32_t attempts = 0;
  WallTime created{};
  WallTime next_at{};  ///< While pending.
  std::optional<WallTime> ended;
  int status = 0;     ///< HTTP, of the last attempt; 0: none.
  std::string error;  ///< Of the last attempt.
  // Not stored.
  MonoTime due{};
  bool in_flight = false;
};

struct StoredReceiver {
  std::string name, config;
  std::vector<std::uint8_t> sealed;
};

struct StoredNotices {
  std::vector<StoredReceiver> receivers;
  std::vector<Delivery> deliveries;  ///< Oldest first.
};

/// What somebody did to a receiver, for the audit. Neither a url nor a secret is in it.
struct ReceiverAct {
  struct Author {
    std::string user_id;  ///< Empty for nobody in particular.
    std::string name;
    std::string correlation_id;
  };
  Author author;
  std::string action;  ///< "notices.receiver.create", "….change", "….delete" or "….test"
  std::string receiver;
  std::optional<std::string> before, after;  ///< JSON: receiver_audit_json().
};

/// Records an act in the transaction of its change (server: the audit).
using AuditHook = std::function<Result<void>(store::Database&, const ReceiverAct&)>;

store::RoomMigrations notices_migrations();

/// Thread: loop; `done` comes on the loop, and never before the call returns.
class NoticeStore {
 public:
  using Done = std::function<void(Result<void>)>;

  /// Keeps the newest `max_ended` deliveries that have ended. Requires: both outlive the store.
  NoticeStore(store::Writer& writer, net::Loop& loop, std::int64_t max_ended = 1'000);
  void record_in(AuditHook audit) { audit_ = std::move(audit); }

  Result<StoredNotices> load();  ///< At start-up only: blocks.
  void save_receiver(StoredReceiver receiver, ReceiverAct act, Done done);
  void delete_receiver(const std::string& name, ReceiverAct act, Done done);
  /// Of an act that changes nothing: a test.
  void record(ReceiverAct act, Done done);
  /// A notice with its first deliveries, in one transaction.
  void add(const Notice& notice, const std::vector<Delivery>& deliveries, Done done);
  void update(const Delivery& delivery, Done done);

 private:
  void submit(store::Writer::Job job, Done done);

  store::Writer& writer_;
  net::Loop& loop_;
  const std::int64_t max_ended_;
  AuditHook audit_;
};

}  // namespace gk::notices
