// frame.h: the binary frames by which game servers tell the referee what happened.
//
// Little-endian, fixed sizes, no allocation to read. docs/referee-ingest.md is the page for people
// who write a sender; ingest_client.h is a sender in C++. Here: bytes to values and back. Who may
// send is sources.h, what the values mean is judge.h.

#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "gamekeeper/referee_types.h"

namespace gk::referee {

using Bytes = std::span<const std::uint8_t>;

enum class FrameKind : std::uint8_t {
  hello = 1,       ///< UDP: asks for a session; no payload.
  moves = 2,       ///< Movements of 32 bytes each.
  events = 3,      ///< What the server did or measured.
  welcome = 129,   ///< Answer: the session to use; no payload.
  verdicts = 130,  ///< Answer: what was not accepted.
  refused = 131,   ///< Answer: why a frame was not read; 1 byte of payload, a FrameFault.
};

/// Why a frame was not read. Values are part of the wire format.
enum class FrameFault : std::uint8_t {
  none = 0,
  too_short = 1,
  magic = 2,
  version = 3,
  kind = 4,
  flags = 5,
  length = 6,    ///< The payload is not whole records.
  record = 7,    ///< A record that cannot be read; those before it were taken.
  source = 8,    ///< Unknown source.
  address = 9,   ///< Not the address of that source.
  tag = 10,      ///< The authentication tag is wrong.
  session = 11,  ///< Unknown session: say hello.
  replay = 12,   ///< The sequence was used, or is too old.
  uid = 13,      ///< This user may not send.
};
inline constexpr std::size_t kFrameFaults = 14;
const char* frame_fault_name(FrameFault fault);

inline constexpr std::uint32_t kFrameMagic = 0x314d4b47;  ///< "GKM1"
inline constexpr std::size_t kHeaderBytes = 40;
inline constexpr std::size_t kTagBytes = 16;
inline constexpr std::size_t kMoveBytes = 32;
inline constexpr std::size_t kVerdictBytes = 32;
inline constexpr std::size_t kProfileBytes = 36;
inline constexpr std::size_t kMaxFrameBytes = 65'507;  ///< Source: the largest UDP payload.
inline constexpr std::size_t kMaxMovesPerFrame = (kMaxFrameBytes - kHeaderBytes) / kMoveBytes;
inline constexpr std::size_t kMaxNameBytes = 48;

struct FrameHeader {
  FrameKind kind = FrameKind::moves;
  bool tagged = false;    ///< Flag 1: 16 bytes of tag follow the payload.
  bool has_time = false;  ///< Flag 2: base_us is the sender's monotonic clock.
  std::uint32_t source = 0;
  std::uint64_t session = 0;
  std::uint64_t sequence = 0;
  std::int64_t base_us = 0;
};

/// A frame that was read; borrows its bytes.
struct FrameView {
  FrameHeader header;
  Bytes payload, covered, tag;  ///< `covered`: what the tag is over.
};

/// Reads the frame around the records. Never reads beyond `bytes`.
FrameFault read_frame(Bytes bytes, FrameView& out);

/// One movement record. `player` of the Move is not set: `handle` is the sender's number.
struct MoveRecord {
  std::uint32_t handle = 0;
  std::int32_t offset_us = 0;  ///< Received so long after the frame's base.
  Move move;
};
/// Requires: index < payload.size() / kMoveBytes.
MoveRecord read_move(Bytes payload, std::size_t index);

/// What an events frame can say.
enum class EventKind : std::uint8_t {
  join = 1,
  leave = 2,
  teleport = 3,
  speed = 4,
  knockback = 5,
  free = 6,
  frozen = 7,
  vehicle = 8,
  rtt = 9,
  tick = 10,
  claim = 11,
};

/// One record of an events frame; which members count depends on `kind`.
struct EventRecord {
  EventKind kind = EventKind::join;
  std::uint32_t handle = 0;
  std::int32_t offset_us = 0;
  bool on = false;                ///< free: on; join: `vector` is the spawn.
  Vec3 vector;                    ///< teleport: target; knockback: velocity.
  float number = 0;               ///< speed: factor; knockback: deceleration.
  std::uint32_t duration_us = 0;  ///< speed, frozen, claim; rtt: round trip; tick: overrun.
  ClaimKind claim = ClaimKind::stutter;
  std::uint8_t severity = 1;
  MoveProfile profile;    ///< join, vehicle.
  std::string_view name;  ///< join; borrows the frame.
};

/// Takes the first record off `payload`. False: the record is broken.
/// Requires: payload is not empty.
bool take_event(Bytes& payload, EventRecord& out);

/// One answer: what was not accepted.
struct VerdictLine {
  std::uint32_t handle = 0, sequence = 0;
  MoveOutcome outcome = MoveOutcome::rejected;
  RefereeRule rule = RefereeRule::none;
  PlayerState state = PlayerState::ok;
  bool adjusted = false;
  float confidence = 0;
  Vec3 set_back;
  std::uint32_t credit_used_us = 0;
};
VerdictLine read_verdict(Bytes payload, std::size_t index);

/// Writers; they append. A frame is a header, records, and for UDP a tag over all of it.
void write_header(const FrameHeader& header, std::vector<std::uint8_t>& out);
void write_move(const MoveRecord& record, std::vector<std::uint8_t>& out);
void write_event(const EventRecord& record, std::vector<std::uint8_t>& out);
void write_verdict(const VerdictLine& line, std::vector<std::uint8_t>& out);

}  // namespace gk::referee
