// script_memory.h: what macros remember from run to run: `state.get` and `state.set` of Lua, the
// `keep` variables of steps.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/log.h"
#include "macros/scripts/script_store.h"
#include "net/loop.h"

namespace gk::macros {

/// Keys and JSON values of each macro, in memory and, within a quarter of a second, on disk. Many
/// writes of one key in that time are one write. A failed write is tried again; until then the disk
/// is behind.
///
/// Thread:     loop.
/// Invariants: at most kMaxMacros macros, of at most kMaxStateKeys keys and kMaxStateBytes each;
/// what
///             does not fit is refused.
class ScriptMemory {
 public:
  static constexpr std::size_t kMaxMacros = 1'000;  // Source: chosen; twice the library
  static constexpr Millis kWriteEvery{250};         // Source: chosen
  static constexpr Seconds kRetryAfter{5};          // Source: chosen

  /// Requires: all outlive it.
  ScriptMemory(ScriptStore& store, net::Loop& loop, Log& log);
  ScriptMemory(const ScriptMemory&) = delete;
  ScriptMemory& operator=(const ScriptMemory&) = delete;

  void restore(std::map<std::string, Remembered, std::less<>> states);
  /// Null: nothing under that key. Valid until the next set() of it.
  const std::string* get(std::string_view macro_id, std::string_view key) const;
  /// An empty `json` forgets the key.
  /// Errors: invalid_argument (key empty or longer than 128 bytes), resource_exhausted.
  Result<void> set(const std::string& macro_id, const std::string& key, std::string json);
  /// All of that macro, here and on disk.
  void forget(const std::string& macro_id);
  /// Hands what is not yet written to the store.
  void flush();

 private:
  struct Memory {
    Remembered values;
    Remembered dirty;  // An empty value: removed.
    std::size_t bytes = 0;
  };
  void write_later(Nanos delay);

  ScriptStore& store_;
  net::Loop& loop_;
  Log& log_;
  std::map<std::string, Memory, std::less<>> memories_;
  net::Handle timer_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // Shared: weak copies in late callbacks.
};

}  // namespace gk::macros
