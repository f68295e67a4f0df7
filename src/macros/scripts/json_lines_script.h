// json_lines_script.h: one process macro that speaks JSON lines: what it asks for, what it is told.
// It has the hands of a script: the same lanes, limits, memory and rules. Inside the room only;
// the macro service starts and ends the program.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "macros/scripts/json_lines.h"
#include "macros/scripts/lua_script.h"
#include "macros/scripts/running_script.h"
#include "net/loop.h"
#include "sys/files.h"

namespace gk::macros {

/// Thread: loop.
class JsonLinesScript final : public RunningScript {
 public:
  static constexpr std::size_t kMaxInFlight = 16;       ///< Sends without a reply. Source: chosen
  static constexpr std::size_t kTurnBytes = 64 * 1024;  // Read at a time. Source: LuaScript
  static constexpr std::size_t kTurnLines = 256;  // Then others get the loop. Source: LuaScript
  static constexpr Millis kRest{20};              // After such a turn. Source: LuaScript
  using Plain = std::function<void(std::string_view text)>;

  /// `input`: our end of its standard input, a socket. `output`: that of its standard output, not
  /// blocking. `plain` gets what it prints besides requests.
  JsonLinesScript(sys::Fd input, sys::Fd output, ScriptHands hands, Plain plain, net::Loop& loop);
  void run() override { listen(); }
  void pause() override { tell("paused"); }
  void resume() override { tell("resumed"); }
  void fence() override { fenced_ = true; }
  void interrupt() override { tell("cancelled"); }
  void line(std::string_view text) override;
  void drain() override;

 private:
  void listen();
  void on_readable();
  bool serve();
  void rest();
  void handle(json_lines::Line line);
  void handle(json_lines::Request request);
  void send(std::optional<std::uint32_t> id, lua::Send send);
  void refuse(std::optional<std::uint32_t> id, Error error);
  void answer(std::optional<std::uint32_t> id, const JsonValue& reply);
  void put(const std::string& line);
  void tell(std::string_view event);

  const sys::Fd input_, output_;
  const ScriptHands hands_;
  const Plain plain_;
  net::Loop& loop_;
  json_lines::Reader reader_;
  LuaOutbox outbox_;
  net::Handle watch_, rest_;
  bool fenced_ = false, ended_ = false, listens_ = false;
  std::size_t in_flight_ = 0;
  std::set<std::uint32_t> asked_;                         // Of those in flight that have an id.
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // Shared: weak copies in late callbacks.
};

}  // namespace gk::macros
