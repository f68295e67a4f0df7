// notice_service.h: takes notices and sees to it that every receiver gets them, however long it is
// away. Nothing here makes the caller wait: a notice is in memory at once, on disk and on its way
// a moment later.
//
// What a message looks like is rules/, who sends is transport.h. Design: docs/notices.md.

#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/gcra.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/ring.h"
#include "base/topic.h"
#include "net/loop.h"
#include "notices/notice_store.h"
#include "notices/rules/channel_rate.h"
#include "notices/rules/receiver.h"
#include "notices/transport.h"

namespace gk::notices {

/// Source: macros and platform specifications; those without a word there are chosen.
struct NoticeOptions {
  std::string source = "/gamekeeper";  ///< Of CloudEvents.
  std::vector<Network> allow_private;
  RetryPolicy retry;
  std::size_t max_pending = 1'000;  ///< Deliveries; the oldest loses and is counted.
  std::size_t max_ended = 1'000;    ///< Shown; the oldest loses.
  std::size_t max_receivers = 64;   ///< The newest is refused.
  std::size_t max_in_flight = 8;    ///< The others wait.
  Millis test_deadline{15'000};     ///< A test answers by then.
};

/// Thread:     loop.
/// Invariants: one message a channel is in flight; at most 30 a minute a channel; a delivery ends
///             once. A receiver may get one twice (the daemon ended in between), with the same id.
class NoticeService {
 public:
  using Done = std::function<void(Result<std::string>)>;  ///< Gets JSON.

  /// Requires: all references outlive the service.
  NoticeService(NoticeOptions options, net::Loop& loop, const Clock& clock, Random& random,
                Log& log, Metrics& metrics, NoticeStore& store, Transport& transport,
                SecretBox secrets);

  void restore(StoredNotices stored);
  /// Until it is set, receivers inside games wait.
  void set_game_sender(GameSender sender) { game_sender_ = std::move(sender); }

  /// Tells all receivers that want it, but none of the kinds in `except`. An empty id gets one.
  void tell(Notice notice, const std::vector<ReceiverKind>& except = {});

  using Author = ReceiverAct::Author;
  /// Creates or replaces; `done` after it is on disk and in the audit, as the others.
  void put_receiver(Receiver receiver, Author by, Done done);
  void delete_receiver(const std::string& name, Author by, Done done);
  /// Sends one notice to that receiver alone; `done` gets its delivery after the first attempt.
  void test(const std::string& name, const Author& by, Done done);
  const Receiver* find(std::string_view name) const;
  /// Changes with every write of that receiver, its url and secret included, and tells neither;
  /// empty when there is none.
  std::string etag(std::string_view name) const;
  const NoticeOptions& options() const { return options_; }

  // Views as JSON. Secrets are never in them.
  std::string receivers_json() const;
  std::string receiver_json(const Receiver& receiver) const;
  std::string outbox_json(std::string_view state) const;
  static std::string delivery_json(const Delivery& delivery);
  std::size_t pending() const { return pending_.size(); }

  /// A delivery has ended, well or not.
  Topic<Delivery>& ended() { return ended_topic_; }

 private:
  struct Channel {
    MonoTime blocked_until{};
    bool in_flight = false;
    std::uint32_t failures = 0;  // In a row.
  };
  struct Kept {
    Receiver receiver;
    std::string etag;
  };
  struct Book {  // What is shown of a receiver.
    std::optional<WallTime> last_delivered;
    std::string last_error;
  };

  void enqueue(const std::shared_ptr<const Notice>& notice, const std::vector<std::string>& names);
  void make_room();
  void pump();
  MonoTime try_send(Delivery& delivery, MonoTime now);
  void send(Delivery& delivery, const Receiver& receiver, const std::string& channel);
  void send_to_game(Delivery& delivery, const Receiver& receiver, const std::string& channel);
  PostRequest request_for(const Delivery& delivery, const Receiver& receiver) const;
  void on_attempt(const std::string& notice_id, const std::string& receiver,
                  const std::string& channel, const Attempt& attempt);
  void retry_later(Delivery& delivery, Channel& channel, const Attempt& attempt);
  void finish(std::list<Delivery>::iterator at, DeliveryState state);
  std::list<Delivery>::iterator find_pending(const std::string& notice_id,
                                             const std::string& receiver);
  void run_test(const std::string& name, const std::string& by, Done done);
  void answer_test(const Delivery& delivery);
  static std::string channel_of(const Receiver& receiver);
  std::string new_id();

  const NoticeOptions options_;
  net::Loop& loop_;
  const Clock& clock_;
  Random& random_;
  Log& log_;
  Metrics& metrics_;
  NoticeStore& store_;
  Transport& transport_;
  const SecretBox secrets_;
  GameSender game_sender_;
  std::map<std::string, Kept, std::less<>> receivers_;
  std::map<std::string, Book, std::less<>> books_;
  std::map<std::string, Channel, std::less<>> channels_;
  MonoTime discord_blocked_until_{};
  GcraTable rate_{kChannelRate, 256};
  std::list<Delivery> pending_;  // Oldest first.
  Ring<Delivery> ended_;
  std::size_t in_flight_ = 0;
  struct Test {
    std::string notice_id;
    Done done;
    net::Handle deadline;
  };
  std::list<Test> tests_;
  net::Handle timer_;
  Topic<Delivery> ended_topic_;
  Gauge pending_gauge_;
  Counter dropped_total_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // Shared: weak copies in late callbacks.
};

}  // namespace gk::notices
