// link.h: the connection to one game server: connect, log in, send, notice its end, try again.
//
// It sends what it is told to; whose turn it is, and how fast, is the service's. A wrong password
// or a ban ends the tries until somebody changes something: no retry storm.

#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "games/port.h"
#include "games/rules/command_check.h"
#include "games/rules/conversation.h"
#include "games/rules/game_settings.h"
#include "games/wire.h"

namespace gk::games {

enum class LinkState : std::uint8_t { stopped, connecting, authenticating, ready, waiting, failed };
std::string_view link_state_name(LinkState state);

/// Source: chosen.
struct LinkLimits {
  Nanos first_retry{Seconds(1)}, longest_retry{Seconds(60)};
  Nanos log_in{Seconds(10)};   ///< From the connection to ready.
  Nanos settled{Seconds(30)};  ///< Ready for so long: the next retry is the first again.
  Nanos ping_every{Seconds(5)};
  Nanos ping_lost{Seconds(15)};  ///< No pong: the server has stopped answering.
};

/// Called on the loop.
struct LinkHandlers {
  std::function<void()> on_state;
  /// Once for each written command.
  std::function<void(CommandId, Result<SendReply>)> on_done;
  std::function<void()> on_room;  ///< One more command may be written.
  std::function<void(std::string)> on_line;
  /// tick_ratio, latency or response_time; `period`: when the next is expected.
  std::function<void(std::string_view signal, double value, std::optional<Nanos> period)> on_signal;
  std::function<void(std::string)> on_known;  ///< A command that the server has.
};

/// Thread: loop.
class GameLink {
 public:
  GameLink(const LinkEnvironment& environment, GameSettings settings, std::string password,
           LinkHandlers handlers, const LinkLimits& limits = {});
  ~GameLink();  ///< Silent: what is in flight gets no on_done.
  GameLink(const GameLink&) = delete;
  GameLink& operator=(const GameLink&) = delete;

  void connect();     ///< Also out of `failed`. Does nothing while connected.
  void disconnect();  ///< Until connect().

  LinkState state() const { return state_; }
  const std::string& reason() const { return reason_; }
  /// A place is free, and for a command that may change the game no other such one is unanswered.
  bool can_write(Effect effect) const;
  std::size_t in_flight() const { return in_flight_.size(); }
  /// Writes one checked command. Its answer counts for at most `timeout`.
  /// Requires: can_write(effect). Errors: resource_exhausted, unavailable. Nothing was written
  /// then.
  Result<void> write(CommandId id, std::string_view command, Effect effect, Nanos timeout);

  GameHealth health() const;

 private:
  struct Sent {
    CommandId id = 0;
    Effect effect = Effect::change;
    MonoTime written{};
    MonoTime deadline{};
    std::string text;
    std::size_t dropped = 0;  // Bytes past the output limit.
    bool abandoned = false;   // Its caller has been told; the answer is still to come.
  };

  void set_state(LinkState state, std::string reason);
  void open();
  void on_open();
  void on_bytes(std::string_view bytes);
  void on_closed(const Error& error);
  void apply(Output output);
  void on_event(Event event);
  void on_reply(const Event& event);
  void on_reply_end(CommandId id);
  void on_day(double number);
  void on_step(double seconds);
  void end(LinkState next, const std::string& reason);
  void fail_in_flight(const std::string& why);
  void plan_retry();
  void tick();
  void check_deadlines();
  void plan_deadline();
  void arm_quiet();
  Sent* find(CommandId id);

  const LinkEnvironment& environment_;
  const GameSettings settings_;
  const std::string password_;
  const LinkHandlers handlers_;
  const LinkLimits limits_;
  LinkState state_ = LinkState::stopped;
  std::string reason_;
  std::unique_ptr<Wire> wire_;
  std::unique_ptr<Conversation> talk_;
  std::uint64_t connection_ = 0;  // Which one events belong to.
  std::deque<Sent> in_flight_;    // At most settings_.in_flight.
  std::uint32_t tries_ = 0;
  MonoTime ready_since_{}, pinged_{};
  bool ping_waits_ = false, pong_seen_ = false;
  std::optional<MonoTime> last_day_;
  double last_day_number_ = 0;
  std::optional<double> tick_ratio_, latency_ms_, response_time_ms_;
  net::Handle retry_, log_in_, tick_, quiet_, deadline_;
};

/// The conversation of a game's kind.
std::unique_ptr<Conversation> make_conversation(const GameSettings& settings,
                                                const std::string& password,
                                                const std::string& nonce);

}  // namespace gk::games
