#include "games/link.h"

#include <algorithm>
#include <utility>

#include "base/random.h"
#include "games/mutant.h"

namespace gk::games {
namespace {

double ms(Nanos time) { return std::chrono::duration<double, std::milli>(time).count(); }

// A day may come this much late before the wait itself says that the clock stands.
constexpr double kLateDay = 1.33;  // Source: chosen; the ratio is then below 0.75.
constexpr Seconds kTick{1};        // Source: chosen
constexpr double kJitter = 0.2;    // Source: chosen; restarted servers are not rushed.
constexpr double kMaxRatio = 4;    // Source: chosen; a clock step, not a fast game.

}  // namespace

std::string_view link_state_name(LinkState state) {
  switch (state) {
    case LinkState::stopped: return "stopped";
    case LinkState::connecting: return "connecting";
    case LinkState::authenticating: return "authenticating";
    case LinkState::ready: return "ready";
    case LinkState::waiting: return "waiting";
    case LinkState::failed: return "failed";
  }
  return "unknown";
}

GameLink::GameLink(const LinkEnvironment& environment, GameSettings settings, std::string password,
                   LinkHandlers handlers, const LinkLimits& limits)
    : environment_(environment),
      settings_(std::move(settings)),
      password_(std::move(password)),
      handlers_(std::move(handlers)),
      limits_(limits) {}

GameLink::~GameLink() = default;

void GameLink::set_state(LinkState state, std::string reason) {
  if (state == state_ && reason == reason_) return;
  state_ = state;
  reason_ = std::move(reason);
  handlers_.on_state();
}

void GameLink::connect() {
  if (wire_) return;
  tries_ = 0;
  open();
}

void GameLink::disconnect() { end(LinkState::stopped, "disconnected by an operator"); }

void GameLink::open() {
  retry_.cancel();
  ++connection_;
  talk_ = make_conversation(settings_, password_, "gk" + random_hex(environment_.random, 6));
  log_in_ = environment_.loop.after(limits_.log_in, [this] {
    end(LinkState::waiting, "the server did not finish the log-in in " +
                                std::to_string(limits_.log_in / Seconds(1)) + " s");
  });
  set_state(LinkState::connecting, "");
  wire_ = open_wire(environment_, settings_,
                    {.on_open = [this] { on_open(); },
                     .on_bytes = [this](std::string_view bytes) { on_bytes(bytes); },
                     .on_closed = [this](const Error& error) { on_closed(error); }});
}

void GameLink::on_open() {
  set_state(LinkState::authenticating, "");
  Output output;
  talk_->open(output);
  apply(std::move(output));
}

void GameLink::on_bytes(std::string_view bytes) {
  Output output;
  talk_->bytes(bytes, output);
  apply(std::move(output));
}

void GameLink::on_closed(const Error& error) {
  const bool early = state_ == LinkState::authenticating;
  const auto meaning = early ? talk_->meaning_of_early_end() : std::nullopt;
  if (meaning) return end(LinkState::failed, *meaning);
  end(LinkState::waiting, error.message);
}

void GameLink::apply(Output output) {
  const std::uint64_t connection = connection_;
  for (const std::string& bytes : output.writes) {
    if (auto written = wire_->write(bytes); !written) {
      return end(LinkState::waiting, written.error().message);
    }
  }
  for (Event& event : output.events) {
    on_event(std::move(event));
    if (connection != connection_ || !wire_) return;  // It ended by what this event meant.
  }
  arm_quiet();
}

void GameLink::on_event(Event event) {
  switch (event.kind) {
    case Event::Kind::ready:
      log_in_.cancel();
      ready_since_ = pinged_ = environment_.clock.mono();
      ping_waits_ = pong_seen_ = false;
      last_day_.reset();
      tick_ = environment_.loop.every(kTick, [this] { tick(); });
      set_state(LinkState::ready, "");
      return handlers_.on_room();
    case Event::Kind::line: return handlers_.on_line(std::move(event.text));
    case Event::Kind::reply: return on_reply(event);
    case Event::Kind::reply_end: return on_reply_end(event.id);
    case Event::Kind::pong:
      if (!std::exchange(ping_waits_, false)) return;
      pong_seen_ = true;
      latency_ms_ = ms(environment_.clock.mono() - pinged_);
      return handlers_.on_signal("latency", *latency_ms_, limits_.ping_every);
    case Event::Kind::day: return on_day(event.number);
    case Event::Kind::step: return on_step(event.number);
    case Event::Kind::known: return handlers_.on_known(std::move(event.text));
    case Event::Kind::refused: return end(LinkState::failed, event.text);
    case Event::Kind::broken:
      return end(LinkState::waiting, "not the protocol that was expected: " + event.text);
  }
}

GameLink::Sent* GameLink::find(CommandId id) {
  const auto found = std::find_if(in_flight_.begin(), in_flight_.end(),
                                  [&](const Sent& sent) { return sent.id == id; });
  return found == in_flight_.end() ? nullptr : &*found;
}

void GameLink::on_reply(const Event& event) {
  Sent* sent = find(event.id);
  if (sent == nullptr || sent->abandoned) return;
  const auto limit = static_cast<std::size_t>(settings_.output_limit);
  const std::size_t wanted = event.text.size() + (sent->text.empty() ? 0 : 1);
  // Whole lines only, so that no character is cut in two.
  if (sent->dropped > 0 || sent->text.size() + wanted > limit) {
    sent->dropped += wanted;
    return;
  }
  if (!sent->text.empty()) sent->text += '\n';
  sent->text += event.text;
}

void GameLink::on_reply_end(CommandId id) {
  Sent* found = find(id);
  if (found == nullptr) return;
  Sent sent = std::move(*found);
  in_flight_.erase(in_flight_.begin() + (found - &in_flight_[0]));
  const Nanos response = environment_.clock.mono() - sent.written;
  response_time_ms_ = ms(response);
  handlers_.on_signal("response_time", *response_time_ms_, std::nullopt);
  plan_deadline();
  if (!sent.abandoned) {
    handlers_.on_done(id, SendReply{.text = std::move(sent.text),
                                    .truncated = sent.dropped > 0,
                                    .waited = Nanos(0),
                                    .response = response});
  }
  handlers_.on_room();
}

void GameLink::on_day(double number) {
  const MonoTime now = environment_.clock.mono();
  if (last_day_ && number > last_day_number_) {
    const Nanos nominal = settings_.option_ms("day_ms");
    const double days = number - last_day_number_;
    tick_ratio_ = std::min(kMaxRatio, days * ms(nominal) / std::max(1.0, ms(now - *last_day_)));
    handlers_.on_signal("tick_ratio", *tick_ratio_, nominal);
  }
  last_day_ = now;
  last_day_number_ = number;
}

void GameLink::on_step(double seconds) {
  const Nanos nominal = settings_.option_ms("nominal_step_ms");
  tick_ratio_ = std::min(kMaxRatio, ms(nominal) / std::max(0.001, seconds * 1000));
  handlers_.on_signal("tick_ratio", *tick_ratio_, Seconds(1));
}

bool GameLink::can_write(Effect effect) const {
  std::size_t places = static_cast<std::size_t>(settings_.in_flight);
  if (GK_GAMES_MUTANT(one_place_too_many)) ++places;
  if (state_ != LinkState::ready || in_flight_.size() >= places) return false;
  if (effect == Effect::none || GK_GAMES_MUTANT(changes_in_a_row)) return true;
  return std::none_of(in_flight_.begin(), in_flight_.end(),
                      [](const Sent& sent) { return sent.effect == Effect::change; });
}

Result<void> GameLink::write(CommandId id, std::string_view command, Effect effect, Nanos timeout) {
  Output output;
  talk_->send(id, command, output);
  for (const std::string& bytes : output.writes) {
    if (auto written = wire_->write(bytes); !written) {
      // Half a command may be out: this connection is of no more use.
      const Error error = written.error();
      deadline_ = environment_.loop.after(
          Nanos(0), [this, why = error.message] { end(LinkState::waiting, why); });
      return error;
    }
  }
  const MonoTime now = environment_.clock.mono();
  const Nanos longest = Millis(settings_.reply_timeout_ms);
  in_flight_.push_back(
      {.id = id, .effect = effect, .written = now, .deadline = now + std::min(timeout, longest)});
  plan_deadline();
  arm_quiet();
  return {};
}

void GameLink::arm_quiet() {
  if (!talk_) return;
  const auto after = talk_->quiet_time();
  if (!after) return quiet_.cancel();
  quiet_ = environment_.loop.after(*after, [this] {
    Output output;
    talk_->quiet(output);
    apply(std::move(output));
  });
}

void GameLink::plan_deadline() {
  if (in_flight_.empty()) return deadline_.cancel();
  const auto first =
      std::min_element(in_flight_.begin(), in_flight_.end(),
                       [](const Sent& a, const Sent& b) { return a.deadline < b.deadline; });
  const Nanos left = std::max(Nanos(0), first->deadline - environment_.clock.mono());
  deadline_ = environment_.loop.after(left, [this] { check_deadlines(); });
}

void GameLink::check_deadlines() {
  const MonoTime now = environment_.clock.mono();
  const std::uint64_t connection = connection_;
  std::vector<CommandId> late;
  for (Sent& sent : in_flight_) {
    if (sent.deadline > now) continue;
    if (sent.abandoned) return end(LinkState::waiting, "the server has stopped answering");
    // Its answer may still come, and must not be taken for the next one's.
    sent.abandoned = true;
    sent.deadline = now + Millis(settings_.reply_timeout_ms);
    late.push_back(sent.id);
  }
  for (const CommandId id : late) {
    handlers_.on_done(id, Error{Errc::deadline_exceeded,
                                "the command was sent, but its answer did not end in time"});
    if (connection != connection_) return;
  }
  plan_deadline();
}

void GameLink::tick() {
  const MonoTime now = environment_.clock.mono();
  if (now - ready_since_ >= limits_.settled) tries_ = 0;
  if (last_day_) {
    const Nanos nominal = settings_.option_ms("day_ms");
    const double late = ms(now - *last_day_) / ms(nominal);
    if (late > kLateDay) {
      tick_ratio_ = 1 / late;
      handlers_.on_signal("tick_ratio", *tick_ratio_, nominal);
    }
  }
  // A server that never answered a ping may not know it: then nothing follows from silence.
  if (ping_waits_ && pong_seen_ && now - pinged_ > limits_.ping_lost) {
    return end(LinkState::waiting, "the server has stopped answering");
  }
  if (ping_waits_ || now - pinged_ < limits_.ping_every || !in_flight_.empty()) return;
  Output output;
  talk_->ping(output);
  pinged_ = now;
  ping_waits_ = !output.writes.empty();
  apply(std::move(output));
}

void GameLink::fail_in_flight(const std::string& why) {
  const auto lost = std::exchange(in_flight_, {});
  for (const Sent& sent : lost) {
    if (sent.abandoned) continue;
    handlers_.on_done(
        sent.id, Error{Errc::unavailable, "the link was lost (" + why +
                                              "): whether the command was carried out is unknown"});
  }
}

void GameLink::end(LinkState next, const std::string& reason) {
  const std::string why = reason;  // It may belong to what goes now.
  ++connection_;
  wire_.reset();
  talk_.reset();
  for (net::Handle* timer : {&log_in_, &tick_, &quiet_, &deadline_, &retry_}) timer->cancel();
  last_day_.reset();
  tick_ratio_.reset();
  latency_ms_.reset();
  response_time_ms_.reset();
  if (next == LinkState::waiting) plan_retry();
  set_state(next, why);
  fail_in_flight(why);
}

void GameLink::plan_retry() {
  const std::uint32_t doublings = std::min<std::uint32_t>(tries_++, 16);
  const Nanos base = std::min(limits_.longest_retry, limits_.first_retry * (1 << doublings));
  const double chance =
      static_cast<double>(environment_.random.u64() >> 11) / static_cast<double>(1ULL << 53);
  const double factor = 1 - kJitter + 2 * kJitter * chance;
  const auto wait = std::chrono::duration_cast<Nanos>(base * factor);
  retry_ = environment_.loop.after(std::min(wait, limits_.longest_retry), [this] { open(); });
}

GameHealth GameLink::health() const {
  return {.state = std::string(link_state_name(state_)),
          .reason = reason_,
          .tick_ratio = tick_ratio_,
          .latency_ms = latency_ms_,
          .response_time_ms = response_time_ms_};
}

}  // namespace gk::games
