// lua_channel.h: the worker's end of the one connection that a script has: whole frames over a
// stream. macros/scripts/lua_protocol.h is the daemon's end and says what each frame means.
//
// Plain C in style: Lua leaves by longjmp, which runs no destructor.

#pragma once

#include <cstddef>
#include <cstdint>

namespace gk::worker {

/// The program's own connection, see sys/spawn.h (kLanesFd).
inline constexpr int kChannelFd = 5;
/// Of one frame without its length. Source: macros/scripts/lua_protocol.h, kMaxFrame
inline constexpr std::size_t kMaxFrame = 512 * 1024;

/// Kinds of frames; the numbers are the protocol's.
enum class FromDaemon : std::uint8_t { start = 1, begin, reply, value, metrics, line };
enum class ToDaemon : std::uint8_t {
  ready = 64,
  send,
  log,
  notify,
  state_get,
  state_set,
  metrics,
  ended,
  subscribe,
};

/// A frame that is being written. It grows by malloc and is freed by send_frame(). When memory runs
/// out the program ends: it could tell nobody.
struct OutFrame {
  char* data = nullptr;
  std::size_t size = 0, room = 0;
};

OutFrame open_frame(ToDaemon kind);
void put_byte(OutFrame& frame, std::uint8_t value);
void put_number(OutFrame& frame, std::uint32_t value);
void put_double(OutFrame& frame, double value);
void put_text(OutFrame& frame, const char* text, std::size_t size);
/// Writes all of it. The program ends when the daemon is gone.
void send_frame(OutFrame& frame);

/// A frame that was read; `data` stays valid until the next receive_frame().
struct InFrame {
  FromDaemon kind = FromDaemon::start;
  const char* data = nullptr;
  std::size_t size = 0;
};

enum class Received : std::uint8_t { frame, timeout, interrupted };

/// Waits until a whole frame is there, at most until `deadline_s` of CLOCK_MONOTONIC (negative: for
/// ever). A signal makes it return `interrupted`. The program ends when the daemon is gone.
Received receive_frame(InFrame& frame, double deadline_s);

// Reading a frame's fields, in order. False: it is too short.
bool take_byte(InFrame& frame, std::uint8_t& value);
bool take_number(InFrame& frame, std::uint32_t& value);
bool take_double(InFrame& frame, double& value);
bool take_text(InFrame& frame, const char*& text, std::size_t& size);

double monotonic_s();

}  // namespace gk::worker
