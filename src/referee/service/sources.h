// sources.h: which game servers may speak over UDP, and that each frame is theirs and new.
//
// A source has a number, an address and a key of its own. A frame carries a BLAKE2b tag under that
// key, the session that the daemon gave out, and a sequence that may be used once. The session is
// random and lives in memory: frames recorded before a restart of the daemon are worthless after
// it. A hello changes nothing until a frame of the new session arrives, which only the key's owner
// can make; so a replayed hello disturbs nobody.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "gamekeeper/result.h"
#include "referee/service/frame.h"

namespace gk::referee {

using SourceKey = std::array<std::uint8_t, 32>;

/// A game server that may send over UDP.
struct Source {
  std::uint32_t number = 0;  ///< In its frames. From 1.
  std::string name;          ///< Before its players' names: "arena:bob".
  std::string address;       ///< Numeric, without port.
  SourceKey key{};
};

/// What the daemon knows of one sender's frames: its handles and its clock.
/// Thread: compatible.
struct SenderLink {
  static constexpr std::size_t kMaxHandles = 65'536;  // Source: chosen; 512 KiB of table.

  explicit SenderLink(std::string prefix_) : prefix(std::move(prefix_)) {}
  std::string prefix;  ///< Of player names, with the colon.
  /// Sender's handle → generation << 32 | slot of the judge; 0 = none.
  std::vector<std::uint64_t> players;
  std::optional<std::int64_t> offset_us;  ///< Daemon's clock minus the sender's.
  std::uint64_t sent = 0;                 ///< Sequence of our answers.
};

/// Sequences that were used, as a window behind the highest.
/// Thread: compatible.
class ReplayWindow {
 public:
  static constexpr std::uint64_t kBits = 1024;  // Source: chosen; UDP reorders by far fewer.
  /// Marks `sequence`; false when it was marked before or lies behind the window.
  bool take(std::uint64_t sequence);

 private:
  std::uint64_t highest_ = 0;
  bool any_ = false;
  std::array<std::uint64_t, kBits / 64> used_{};
};

/// The 16 bytes that end a frame of `key`'s owner.
std::array<std::uint8_t, kTagBytes> frame_tag(const SourceKey& key, Bytes covered);

/// A planted bug: tests show that each check is needed.
enum class SourceBug : std::uint8_t { none, tag_unchecked, replay_unchecked, address_unchecked };

/// The sources with their sessions.
/// Thread: compatible.
class SourceTable {
 public:
  explicit SourceTable(Random& random, SourceBug bug = SourceBug::none)
      : random_(random), bug_(bug) {}

  /// Replaces the list; sessions of sources that stay unchanged go on.
  void set(std::vector<Source> sources);

  /// What a frame that came from `address` is worth. `link` is set when the answer is none, and
  /// for a hello; it lives until set() or the next session of the source.
  FrameFault admit(const FrameView& frame, const std::string& address, SenderLink*& link);

  /// The session that a hello of `source` is told. Requires: admit() said none.
  std::uint64_t session_for(std::uint32_t source);
  /// Null when there is none.
  const Source* find(std::uint32_t number) const;
  /// The session in use; 0 before the first frame.
  std::uint64_t active_session(std::uint32_t number) const;

 private:
  struct Entry {
    Source source;
    std::uint64_t active = 0, pending = 0;  // Sessions; 0 = none.
    ReplayWindow window;
    SenderLink link{""};
  };
  std::uint64_t new_session();

  Random& random_;
  const SourceBug bug_;
  std::unordered_map<std::uint32_t, Entry> entries_;
};

}  // namespace gk::referee
