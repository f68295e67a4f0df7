// Receivers, tests and views of the notice service.
#include <algorithm>
#include <cstdio>

#include "base/json_writer.h"
#include "notices/notice_service.h"

namespace gk::notices {
namespace {

/// FNV-1a, 64 bits, of what is stored. Sealing draws a new nonce, so each write has a tag of its
/// own and the tag of a secret cannot be guessed at; after a restart it is the same.
std::string etag_of(const StoredReceiver& row) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  const auto mix = [&hash](unsigned char c) { hash = (hash ^ c) * 0x100000001b3U; };
  for (const char c : row.config) mix(static_cast<unsigned char>(c));
  for (const std::uint8_t byte : row.sealed) mix(byte);
  char out[24];
  std::snprintf(out, sizeof out, "\"%016llx\"", static_cast<unsigned long long>(hash));
  return out;
}

}  // namespace

void NoticeService::restore(StoredNotices stored) {
  for (StoredReceiver& row : stored.receivers) {
    const auto opened = secrets_.open(row.sealed);
    auto receiver =
        opened ? read_stored_receiver(row.name, row.config, *opened)
               : Result<Receiver>(Errc::data_loss, "the address of receiver " + row.name +
                                                       " cannot be unsealed: the key file changed");
    if (!receiver) {
      log_.warn("notices.damaged_row", receiver.error().message);
      continue;
    }
    receivers_.insert_or_assign(row.name, Kept{std::move(*receiver), etag_of(row)});
  }
  const WallTime wall = clock_.wall();
  for (Delivery& d : stored.deliveries) {
    if (d.state != DeliveryState::pending) {
      if (d.state == DeliveryState::delivered) books_[d.receiver].last_delivered = d.ended;
      ended_.push(std::move(d));
      continue;
    }
    // Civil time may have jumped: no wait is longer than a retry's.
    const Nanos wait = std::clamp<Nanos>(d.next_at - wall, Nanos(0), options_.retry.longest);
    d.due = clock_.mono() + wait;
    pending_.push_back(std::move(d));
  }
  pump();
}

const Receiver* NoticeService::find(std::string_view name) const {
  const auto it = receivers_.find(name);
  return it == receivers_.end() ? nullptr : &it->second.receiver;
}

std::string NoticeService::etag(std::string_view name) const {
  const auto it = receivers_.find(name);
  return it == receivers_.end() ? "" : it->second.etag;
}

void NoticeService::put_receiver(Receiver receiver, Author by, Done done) {
  const Receiver* before = find(receiver.name);
  if (before == nullptr && receivers_.size() >= options_.max_receivers) {
    return done(Error{Errc::resource_exhausted,
                      "there are " + std::to_string(receivers_.size()) + " receivers already"});
  }
  StoredReceiver row{receiver.name, receiver_config_json(receiver),
                     secrets_.seal(receiver_secrets_json(receiver))};
  ReceiverAct act{std::move(by),
                  before == nullptr ? "notices.receiver.create" : "notices.receiver.change",
                  receiver.name, std::nullopt, receiver_audit_json(receiver, before)};
  if (before != nullptr) act.before = receiver_audit_json(*before, nullptr);
  std::string etag = etag_of(row);
  store_.save_receiver(
      std::move(row), std::move(act),
      [this, receiver = std::move(receiver), etag = std::move(etag), done = std::move(done),
       alive = std::weak_ptr<int>(alive_)](const Result<void>& stored) {
        if (alive.expired()) return;
        if (!stored) return done(stored.error());
        receivers_[receiver.name] = {receiver, etag};
        pump();
        done(receiver_json(receiver));
      });
}

void NoticeService::delete_receiver(const std::string& name, Author by, Done done) {
  const Receiver* receiver = find(name);
  if (receiver == nullptr) {
    return done(Error{Errc::not_found, "there is no receiver " + name});
  }
  ReceiverAct act{std::move(by), "notices.receiver.delete", name,
                  receiver_audit_json(*receiver, nullptr), std::nullopt};
  store_.delete_receiver(name, std::move(act),
                         [this, name, done = std::move(done),
                          alive = std::weak_ptr<int>(alive_)](const Result<void>& gone) {
                           if (alive.expired()) return;
                           if (!gone) return done(gone.error());
                           receivers_.erase(name);
                           books_.erase(name);
                           for (auto it = pending_.begin(); it != pending_.end();) {
                             const auto at = it++;
                             if (at->receiver != name) continue;
                             at->error = "its receiver was deleted";
                             finish(at, DeliveryState::failed);
                           }
                           pump();
                           done(R"({"deleted":")" + name + "\"}");
                         });
}

void NoticeService::test(const std::string& name, const Author& by, Done done) {
  const Receiver* receiver = find(name);
  if (receiver == nullptr) return done(Error{Errc::not_found, "there is no receiver " + name});
  if (!receiver->enabled) {
    return done(Error{Errc::failed_precondition, "the receiver is switched off"});
  }
  constexpr std::size_t kMaxTests = 16;  // Source: chosen; people press a button
  if (tests_.size() >= kMaxTests) {
    return done(Error{Errc::resource_exhausted, "16 tests run already"});
  }
  // Recorded first: a message that somebody caused is never without its author.
  store_.record({by, "notices.receiver.test", name, std::nullopt, std::nullopt},
                [this, name, by = by.name, done = std::move(done),
                 alive = std::weak_ptr<int>(alive_)](const Result<void>& recorded) {
                  if (alive.expired()) return;
                  if (!recorded) return done(recorded.error());
                  run_test(name, by, done);
                });
}

void NoticeService::run_test(const std::string& name, const std::string& by, Done done) {
  if (find(name) == nullptr) return done(Error{Errc::not_found, "there is no receiver " + name});
  Notice notice;
  notice.id = new_id();
  notice.kind = "test";
  notice.title = "Gamekeeper test message";
  notice.text = "Sent by " + by + ": this receiver works.";
  notice.at = clock_.wall();
  Test test{notice.id, std::move(done), {}};
  test.deadline = loop_.after(options_.test_deadline, [this, id = notice.id, name] {
    const auto at = find_pending(id, name);
    if (at != pending_.end()) answer_test(*at);
  });
  tests_.push_back(std::move(test));
  enqueue(std::make_shared<const Notice>(std::move(notice)), {name});
}

void NoticeService::answer_test(const Delivery& delivery) {
  const auto it = std::find_if(tests_.begin(), tests_.end(), [&](const Test& test) {
    return test.notice_id == delivery.notice->id;
  });
  if (it == tests_.end()) return;
  const Done done = std::move(it->done);
  tests_.erase(it);
  done(delivery_json(delivery));
}

namespace {

std::optional<std::string> maybe(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

std::string NoticeService::receiver_json(const Receiver& r) const {
  const auto waiting = std::count_if(pending_.begin(), pending_.end(),
                                     [&](const Delivery& d) { return d.receiver == r.name; });
  const auto book = books_.find(r.name);
  const bool is_game = r.kind == ReceiverKind::game;
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("name", r.name).field("kind", kind_name(r.kind));
  w.field("enabled", r.enabled).key("events").begin_array();
  for (const auto& event : r.events) w.value(event);
  w.end_array().field("target", is_game ? r.game : masked_url(r.url));
  w.field("signed", !r.secret.empty()).key("command");
  w.value(is_game ? std::optional(r.command) : std::nullopt).field("pending", waiting);
  w.key("last_delivered_at");
  w.value(book == books_.end() ? std::nullopt : book->second.last_delivered).key("last_error");
  w.value(book == books_.end() ? std::nullopt : maybe(book->second.last_error)).end_object();
  return out;
}

std::string NoticeService::receivers_json() const {
  std::string out;
  JsonWriter w(out);
  w.begin_object().key("items").begin_array();
  for (const auto& [name, kept] : receivers_) w.raw(receiver_json(kept.receiver));
  w.end_array().key("next_cursor").null().end_object();
  return out;
}

std::string NoticeService::delivery_json(const Delivery& d) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("notice_id", d.notice->id).field("receiver", d.receiver);
  w.field("kind", d.notice->kind).field("title", d.notice->title);
  w.field("state", state_name(d.state)).field("attempts", d.attempts);
  w.field("created_at", d.created).key("next_attempt_at");
  w.value(d.state == DeliveryState::pending ? std::optional(d.next_at) : std::nullopt);
  w.field("ended_at", d.ended).key("status");
  w.value(d.status == 0 ? std::nullopt : std::optional<double>(d.status));
  w.key("error").value(maybe(d.error)).end_object();
  return out;
}

std::string NoticeService::outbox_json(std::string_view state) const {
  std::string out;
  JsonWriter w(out);
  w.begin_object().key("items").begin_array();
  const auto show = [&](const Delivery& d) {
    if (state.empty() || state_name(d.state) == state) w.raw(delivery_json(d));
  };
  for (const Delivery& d : pending_) show(d);
  for (std::size_t i = ended_.size(); i > 0; --i) show(ended_[i - 1]);
  w.end_array().key("next_cursor").null().field("pending", pending_.size());
  w.field("dropped_total", dropped_total_.value()).end_object();
  return out;
}

}  // namespace gk::notices
