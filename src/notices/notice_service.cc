// Sending: what is due, on which channel, and what came of it. Receivers and views are
// notice_receivers.cc.
#include "notices/notice_service.h"

#include <algorithm>

#include "base/span.h"
#include "notices/rules/cloud_event.h"
#include "notices/rules/discord.h"
#include "notices/rules/text_limits.h"

namespace gk::notices {
namespace {

constexpr Nanos kLongestPause{Seconds(60)};  // Source: chosen; a failing channel is probed so often

void quiet(const Result<void>&) {}

// A notice may come from a script: bounded before it is kept.
void bound(Notice& n) {
  constexpr std::size_t kTitle = 512, kText = 8'000, kFields = 25, kName = 256, kValue = 1'024;
  n.title = cut_text(n.title, kTitle);
  n.text = cut_text(n.text, kText);
  if (n.fields.size() > kFields) n.fields.resize(kFields);
  for (NoticeField& field : n.fields) {
    field.name = cut_text(field.name, kName);
    field.value = cut_text(field.value, kValue);
  }
}

}  // namespace

NoticeService::NoticeService(NoticeOptions options, net::Loop& loop, const Clock& clock,
                             Random& random, Log& log, Metrics& metrics, NoticeStore& store,
                             Transport& transport, SecretBox secrets)
    : options_(std::move(options)),
      loop_(loop),
      clock_(clock),
      random_(random),
      log_(log),
      metrics_(metrics),
      store_(store),
      transport_(transport),
      secrets_(std::move(secrets)),
      ended_(options_.max_ended),
      pending_gauge_(metrics.gauge("gamekeeper_notices_pending", "Deliveries that wait")),
      dropped_total_(metrics.counter("gamekeeper_notices_dropped_total",
                                     "Deliveries that a full outbox lost")) {}

std::string NoticeService::new_id() {
  return uuid_v7(random_,
                 static_cast<std::uint64_t>(
                     std::chrono::duration_cast<Millis>(clock_.wall().time_since_epoch()).count()));
}

void NoticeService::tell(Notice notice, const std::vector<ReceiverKind>& except) {
  std::vector<std::string> names;
  for (const auto& [name, kept] : receivers_) {
    const Receiver& receiver = kept.receiver;
    const bool left_out = std::find(except.begin(), except.end(), receiver.kind) != except.end();
    if (!left_out && wants(receiver, notice.kind)) names.push_back(name);
  }
  if (names.empty()) return;
  if (notice.id.empty()) notice.id = new_id();
  if (notice.at == WallTime{}) notice.at = clock_.wall();
  bound(notice);
  enqueue(std::make_shared<const Notice>(std::move(notice)), names);
}

void NoticeService::enqueue(const std::shared_ptr<const Notice>& notice,
                            const std::vector<std::string>& names) {
  std::vector<Delivery> fresh;
  for (const std::string& name : names) {
    Delivery d;
    d.notice = notice;
    d.receiver = name;
    d.created = d.next_at = clock_.wall();
    d.due = clock_.mono();
    fresh.push_back(d);
    make_room();
    pending_.push_back(std::move(d));
  }
  // Sent whether or not the disk takes it: a full disk is no reason to keep quiet.
  store_.add(*notice, fresh, [&log = log_](const Result<void>& stored) {
    if (!stored) log.warn("notices.not_stored", stored.error().message);
  });
  pump();
}

// The oldest that nobody sends right now loses.
void NoticeService::make_room() {
  if (pending_.size() < options_.max_pending) return;
  const auto oldest = std::find_if(pending_.begin(), pending_.end(),
                                   [](const Delivery& d) { return !d.in_flight; });
  if (oldest == pending_.end()) return;
  dropped_total_.inc();
  oldest->error = "the outbox is full";
  log_.warn("notices.dropped", "the outbox is full and lost its oldest message",
            {{"receiver", oldest->receiver}, {"notice_id", oldest->notice->id}});
  finish(oldest, DeliveryState::dropped);
}

std::string NoticeService::channel_of(const Receiver& receiver) {
  // Two receivers with one webhook write to one channel.
  if (receiver.kind == ReceiverKind::game) return "game:" + receiver.game;
  return receiver.url;
}

void NoticeService::pump() {
  const MonoTime now = clock_.mono();
  MonoTime next = MonoTime::max();
  for (auto it = pending_.begin(); it != pending_.end();) {
    Delivery& d = *it++;
    if (!d.in_flight) next = std::min(next, try_send(d, now));
  }
  pending_gauge_.set(static_cast<double>(pending_.size()));
  if (next == MonoTime::max()) return timer_.cancel();
  timer_ = loop_.after(std::max<Nanos>(next - now, Millis(1)), [this] { pump(); });
}

/// Sends it when it may go now; otherwise when to look again (max: something else will wake us).
/// May end the delivery.
MonoTime NoticeService::try_send(Delivery& d, MonoTime now) {
  const Receiver* receiver = find(d.receiver);
  const auto self = [&] { return find_pending(d.notice->id, d.receiver); };
  if (receiver == nullptr) {
    d.error = "its receiver is gone";
    finish(self(), DeliveryState::failed);
    return MonoTime::max();
  }
  const bool is_game = receiver->kind == ReceiverKind::game;
  const Nanos max_age = is_game ? options_.retry.max_game_age : options_.retry.max_age;
  if (clock_.wall() - d.created > std::chrono::duration_cast<Micros>(max_age)) {
    d.error = "too old; last: " + (d.error.empty() ? "not tried" : d.error);
    finish(self(), DeliveryState::failed);
    return MonoTime::max();
  }
  if (!receiver->enabled || in_flight_ >= options_.max_in_flight) return MonoTime::max();
  const std::string key = channel_of(*receiver);
  Channel& channel = channels_[key];
  if (channel.in_flight) return MonoTime::max();
  MonoTime free_at = std::max(d.due, channel.blocked_until);
  if (receiver->kind == ReceiverKind::discord) free_at = std::max(free_at, discord_blocked_until_);
  if (free_at > now) return free_at;
  if (const auto rate = rate_.take(key, now); !rate.allowed) {
    channel.blocked_until = now + rate.retry_after;
    return channel.blocked_until;
  }
  channel.in_flight = true;
  d.in_flight = true;
  ++d.attempts;
  ++in_flight_;
  if (is_game) {
    send_to_game(d, *receiver, key);
  } else {
    send(d, *receiver, key);
  }
  return MonoTime::max();
}

PostRequest NoticeService::request_for(const Delivery& d, const Receiver& receiver) const {
  PostRequest request;
  if (receiver.kind == ReceiverKind::discord) {
    request.url = discord_url(receiver.url);
    request.body = discord_body(*d.notice);
    request.headers = {{"content-type", "application/json"}};
    return request;
  }
  request.url = receiver.url;
  request.body = cloud_event(*d.notice, options_.source);
  request.headers = {{"content-type", std::string(kCloudEventType)},
                     {"x-gamekeeper-delivery", d.notice->id},
                     {"x-gamekeeper-attempt", std::to_string(d.attempts)}};
  if (!receiver.secret.empty()) {
    const auto now = std::chrono::duration_cast<Seconds>(clock_.wall().time_since_epoch()).count();
    request.headers.emplace_back("x-gamekeeper-signature",
                                 signature(receiver.secret, now, request.body));
  }
  return request;
}

void NoticeService::send(Delivery& d, const Receiver& receiver, const std::string& channel) {
  transport_.post(
      request_for(d, receiver),
      [this, id = d.notice->id, name = d.receiver, channel, alive = std::weak_ptr<int>(alive_),
       span = PendingSpan(clock_, "notice.deliver")](const Attempt& attempt) {
        if (alive.expired()) return;
        span.end(log_, clock_, attempt.error.empty() ? "done" : std::string_view(attempt.error));
        on_attempt(id, name, channel, attempt);
      });
}

void NoticeService::send_to_game(Delivery& d, const Receiver& receiver,
                                 const std::string& channel) {
  const auto done =
      [this, id = d.notice->id, name = d.receiver, channel, alive = std::weak_ptr<int>(alive_),
       span = PendingSpan(clock_, "notice.deliver_in_game")](const Result<void>& sent) {
        if (alive.expired()) return;
        span.end_with(log_, clock_, sent);
        Attempt attempt;
        attempt.status = sent ? 200 : 0;
        if (!sent) {
          // A command that the game's rules refuse is refused the next time as well.
          const Errc code = sent.error().code;
          const bool for_good = code == Errc::invalid_argument || code == Errc::permission_denied;
          attempt.error_kind = for_good ? "blocked" : "game";
          attempt.error = sent.error().message;
        }
        on_attempt(id, name, channel, attempt);
      };
  // Later: the caller is in the middle of its list.
  loop_.post([this, done, game = receiver.game, line = game_line(receiver, *d.notice),
              alive = std::weak_ptr<int>(alive_)] {
    if (alive.expired()) return;
    if (game_sender_) return game_sender_(game, line, done);
    done(Error{Errc::unavailable, "no game links are connected"});
  });
}

std::list<Delivery>::iterator NoticeService::find_pending(const std::string& notice_id,
                                                          const std::string& receiver) {
  return std::find_if(pending_.begin(), pending_.end(), [&](const Delivery& d) {
    return d.receiver == receiver && d.notice->id == notice_id;
  });
}

void NoticeService::on_attempt(const std::string& notice_id, const std::string& receiver,
                               const std::string& channel_key, const Attempt& attempt) {
  --in_flight_;
  Channel& channel = channels_[channel_key];
  channel.in_flight = false;
  const auto at = find_pending(notice_id, receiver);
  if (at == pending_.end()) return pump();  // Its receiver was deleted meanwhile.
  Delivery& d = *at;
  d.in_flight = false;
  d.status = attempt.status;
  d.error = attempt.error;
  const Verdict verdict = judge(attempt);
  metrics_
      .counter("gamekeeper_notice_attempts_total", "Attempts to deliver, by receiver and outcome",
               {{"receiver", receiver},
                {"outcome", verdict == Verdict::delivered ? "delivered"
                            : verdict == Verdict::retry   ? "retry"
                                                          : "refused"}})
      .inc();
  Book& book = books_[receiver];
  book.last_error = attempt.error;
  if (verdict == Verdict::delivered) {
    channel.failures = 0;
    book.last_delivered = clock_.wall();
    finish(at, DeliveryState::delivered);
  } else if (verdict == Verdict::give_up || d.attempts >= options_.retry.max_attempts) {
    finish(at, DeliveryState::failed);
  } else {
    retry_later(d, channel, attempt);
  }
  pump();
}

void NoticeService::retry_later(Delivery& d, Channel& channel, const Attempt& attempt) {
  const MonoTime now = clock_.mono();
  const Nanos own = retry_delay(options_.retry, d.attempts, attempt, random_);
  d.due = now + own;
  d.next_at = clock_.wall() + std::chrono::duration_cast<Micros>(own);
  ++channel.failures;
  // The others on this channel wait too: for what the receiver asked for, else for a while.
  const Nanos pause = attempt.retry_after_s >= 0
                          ? own
                          : std::min(kLongestPause, retry_delay(options_.retry, channel.failures,
                                                                attempt, random_));
  channel.blocked_until = now + pause;
  if (attempt.global) discord_blocked_until_ = now + own;
  log_.info("notices.retry", d.error,
            {{"receiver", d.receiver},
             {"notice_id", d.notice->id},
             {"attempts", d.attempts},
             {"status", d.status},
             {"retry_s", std::chrono::duration<double>(own).count()}});
  store_.update(d, quiet);
  answer_test(d);
}

void NoticeService::finish(std::list<Delivery>::iterator at, DeliveryState state) {
  Delivery d = std::move(*at);
  pending_.erase(at);
  d.state = state;
  d.ended = clock_.wall();
  if (state == DeliveryState::failed) {
    log_.warn("notices.failed", d.error,
              {{"receiver", d.receiver}, {"notice_id", d.notice->id}, {"attempts", d.attempts}});
  }
  store_.update(d, quiet);
  answer_test(d);
  ended_.push(d);
  ended_topic_.publish(d);
}

}  // namespace gk::notices
