// lua_script.h: one Lua macro that runs: its connection, what it asks for, what it is told. Inside
// the room only; lua_process.h makes it.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "macros/scripts/lua_protocol.h"
#include "macros/scripts/running_script.h"
#include "net/loop.h"
#include "sys/files.h"

namespace gk::macros {

/// Bytes on their way to a worker, which may be slow to read them.
/// Thread: loop.
class LuaOutbox {
 public:
  /// The longest answer is half a frame and one waits at most, so a worker that reads gets it.
  static constexpr std::size_t kMaxBytes = 1U << 20;  // Source: chosen
  static constexpr std::size_t kMaxLineBytes =
      kMaxBytes / 2;  // Source: chosen; then lines are lost
  LuaOutbox(int fd, net::Loop& loop) : fd_(fd), loop_(loop) {}
  /// False: it is full, and nothing was taken.
  bool put(std::string_view frame);
  /// The same for what may be lost: leaves room for answers.
  bool put_line(std::string_view frame) {
    return waiting_.size() + frame.size() <= kMaxLineBytes && put(frame);
  }

 private:
  void flush();
  int fd_;  // Borrowed.
  net::Loop& loop_;
  std::string waiting_;
  net::Handle retry_;
};

/// Thread: loop.
class LuaScript final : public RunningScript {
 public:
  static constexpr std::size_t kTurnBytes = 64 * 1024;  // Read at a time. Source: chosen
  static constexpr std::size_t kTurnMessages = 256;     // Then others get the loop. Source: chosen
  static constexpr Millis kRest{20};                    // After such a turn. Source: chosen

  /// `control`: a copy of the worker's control pipe. `reader` may hold bytes already.
  LuaScript(sys::Fd channel, sys::Fd control, lua::Reader reader, ScriptHands hands,
            net::Loop& loop);
  void run() override;
  void pause() override;
  void resume() override;
  void fence() override { fenced_ = true; }
  void interrupt() override;
  void line(std::string_view text) override;
  void drain() override;

 private:
  void listen();
  bool read_turn();
  void serve(bool more_may_wait);
  void answer(const std::string& frame);
  /// False: this object may be gone.
  bool handle(lua::Message message);
  void send(lua::Send send);
  void remember(const lua::StateSet& set);
  void answer_metrics(std::uint32_t id);
  void end(bool ok, std::string reason);
  void control(char byte);

  const sys::Fd channel_, control_;
  lua::Reader reader_;
  ScriptHands hands_;
  net::Loop& loop_;
  LuaOutbox outbox_;
  net::Handle watch_, rest_;
  bool fenced_ = false, ended_ = false, subscribed_ = false;
  std::optional<std::uint32_t> asked_;                    // The send that waits for its reply.
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // Shared: weak copies in late callbacks.
};

}  // namespace gk::macros
