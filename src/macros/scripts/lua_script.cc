#include "macros/scripts/lua_script.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/json_writer.h"

namespace gk::macros {

constexpr Millis kRetry{5};  // Source: chosen; a worker that reads is through in less

bool LuaOutbox::put(std::string_view frame) {
  if (waiting_.size() + frame.size() > kMaxBytes) return false;
  waiting_.append(frame);
  if (!retry_.active()) flush();
  return true;
}

void LuaOutbox::flush() {
  while (!waiting_.empty()) {
    const ssize_t n = ::send(fd_, waiting_.data(), waiting_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
      waiting_.erase(0, static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      retry_ = loop_.after(kRetry, [this] { flush(); });
      return;
    } else if (errno != EINTR) {
      return waiting_.clear();  // It is gone; the end of its bytes says so.
    }
  }
  retry_ = {};
}

JsonValue known_metrics(const ScriptHands& hands) {
  JsonValue::Object known;
  for (const char* name :
       {"tick_ratio", "latency_ms", "response_time_ms", "cpu_usage", "memory_usage", "fps"}) {
    if (const auto value = hands.signals(name)) known.emplace_back(name, *value);
  }
  return JsonValue(std::move(known));
}

LuaScript::LuaScript(sys::Fd channel, sys::Fd control, lua::Reader reader, ScriptHands hands,
                     net::Loop& loop)
    : channel_(std::move(channel)),
      control_(std::move(control)),
      reader_(std::move(reader)),
      hands_(std::move(hands)),
      loop_(loop),
      outbox_(channel_.get(), loop) {}

void LuaScript::run() {
  (void)outbox_.put(lua::begin_frame());
  listen();
}

void LuaScript::listen() {
  watch_ = loop_.watch_readable(channel_.get(), [this] { (void)read_turn(); });
}

void LuaScript::control(char byte) { (void)!::write(control_.get(), &byte, 1); }
void LuaScript::pause() { control(sys::control_byte::kPause); }
void LuaScript::resume() { control(sys::control_byte::kResume); }
void LuaScript::interrupt() { control(sys::control_byte::kTerminate); }

void LuaScript::line(std::string_view text) {
  // A script that does not listen loses lines, like one that listens too slowly.
  if (subscribed_ && !fenced_) (void)outbox_.put_line(lua::line_frame(text));
}

// False: there was nothing to read.
bool LuaScript::read_turn() {
  std::array<char, kTurnBytes> buffer;
  const ssize_t n = ::read(channel_.get(), buffer.data(), buffer.size());
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (n <= 0) {
    end(false, "its worker has ended");
    return false;
  }
  reader_.append({buffer.data(), static_cast<std::size_t>(n)});
  serve(static_cast<std::size_t>(n) == buffer.size());
  return true;
}

// The end of a process may be seen before the last frames that it wrote, which say why it ended.
void LuaScript::drain() {
  constexpr int kMostTurns = 256;  // Source: chosen; a socket holds some 200 KiB.
  const std::weak_ptr<int> alive = alive_;
  for (int turn = 0; turn < kMostTurns && !alive.expired() && !ended_; ++turn) {
    if (!read_turn()) return;
  }
}

// Whoever floods us waits: its next frames stay in its own socket.
void LuaScript::serve(bool more_may_wait) {
  const std::weak_ptr<int> alive = alive_;
  bool rests = more_may_wait;
  for (std::size_t messages = 0;; ++messages) {
    if (messages == kTurnMessages) {
      rests = true;
      break;
    }
    auto message = reader_.next();
    if (!message) return end(false, message.error().message);
    if (!*message) break;
    if (!handle(std::move(**message)) || alive.expired() || ended_) return;
  }
  if (!rests) {
    if (!watch_.active()) listen();
    return;
  }
  watch_ = {};
  rest_ = loop_.after(kRest, [this] { serve(false); });  // First what this turn leaves over.
}

bool LuaScript::handle(lua::Message message) {
  if (const auto* ended = std::get_if<lua::Ended>(&message)) {
    end(ended->worked, ended->reason);
    return false;
  }
  if (fenced_) return true;  // Whatever it wants now, it gets nothing.
  if (auto* send_it = std::get_if<lua::Send>(&message)) {
    if (asked_) {
      end(false, "the worker sent a command while another one waits");
      return false;
    }
    send(std::move(*send_it));
  } else if (const auto* text = std::get_if<lua::LogText>(&message)) {
    hands_.log(text->text);
  } else if (auto* notice = std::get_if<lua::Notify>(&message)) {
    hands_.notify(std::move(notice->text));
  } else if (const auto* get = std::get_if<lua::StateGet>(&message)) {
    const std::string* kept = hands_.recall(get->key);
    const auto value = kept == nullptr ? Result<JsonValue>(JsonValue()) : parse_json(*kept);
    answer(lua::value_frame(get->id, true, value ? *value : JsonValue()));
  } else if (const auto* set = std::get_if<lua::StateSet>(&message)) {
    remember(*set);
  } else if (const auto* asked = std::get_if<lua::MetricsAsked>(&message)) {
    answer_metrics(asked->id);
  } else if (std::holds_alternative<lua::Subscribed>(message)) {
    subscribed_ = true;
  } else {
    end(false, "the worker says that it is ready, which it was");
    return false;
  }
  return true;
}

// A script asks one thing at a time, so only a worker that asks without reading fills the outbox.
void LuaScript::answer(const std::string& frame) {
  if (!outbox_.put(frame)) end(false, "the worker asks and does not read the answers");
}

void LuaScript::send(lua::Send send) {
  asked_ = send.id;
  const auto timeout =
      std::chrono::duration_cast<Nanos>(std::chrono::duration<double>(send.timeout_s));
  auto replied = [this, id = send.id,
                  alive = std::weak_ptr<int>(alive_)](const Result<games::SendReply>& reply) {
    if (alive.expired()) return;
    asked_.reset();
    answer(reply ? lua::reply_frame(id, true, reply->text)
                 : lua::reply_frame(id, false, reply.error().message));
  };
  if (send.chat) return hands_.say(send.command, timeout, std::move(replied));
  hands_.send(std::move(send.command), false, timeout, std::move(replied));
}

void LuaScript::remember(const lua::StateSet& set) {
  const bool forget = set.value.is_null();
  const auto kept = hands_.remember(set.key, forget ? "" : to_json(set.value));
  answer(lua::value_frame(set.id, static_cast<bool>(kept),
                          kept ? JsonValue() : JsonValue(kept.error().message)));
}

void LuaScript::answer_metrics(std::uint32_t id) {
  answer(lua::metrics_frame(id, known_metrics(hands_)));
}

void LuaScript::end(bool ok, std::string reason) {
  watch_ = {};
  rest_ = {};
  if (std::exchange(ended_, true)) return;
  hands_.ended(ok, std::move(reason));  // May end this object's life.
}

}  // namespace gk::macros
