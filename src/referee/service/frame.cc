#include "referee/service/frame.h"

#include <bit>
#include <cstring>

namespace gk::referee {
namespace {

static_assert(std::endian::native == std::endian::little, "the wire is little-endian");

constexpr std::uint8_t kVersion = 1;
constexpr std::uint16_t kTagged = 1, kHasTime = 2;
constexpr std::size_t kEventHead = 12;

template <typename T>
T load(Bytes bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

template <typename T>
void store(std::vector<std::uint8_t>& out, T value) {
  const auto* raw = reinterpret_cast<const std::uint8_t*>(&value);
  out.insert(out.end(), raw, raw + sizeof value);
}

Vec3 load_vector(Bytes bytes, std::size_t at) {
  return {load<float>(bytes, at), load<float>(bytes, at + 4), load<float>(bytes, at + 8)};
}

void store_vector(std::vector<std::uint8_t>& out, Vec3 v) {
  for (const float part : {v.x, v.y, v.z}) store(out, part);
}

bool known(FrameKind kind) {
  switch (kind) {
    case FrameKind::hello:
    case FrameKind::moves:
    case FrameKind::events:
    case FrameKind::welcome:
    case FrameKind::verdicts:
    case FrameKind::refused: return true;
  }
  return false;
}

bool whole_records(const FrameView& frame) {
  switch (frame.header.kind) {
    case FrameKind::moves: return frame.payload.size() % kMoveBytes == 0;
    case FrameKind::verdicts: return frame.payload.size() % kVerdictBytes == 0;
    case FrameKind::refused: return frame.payload.size() == 1;
    case FrameKind::hello:
    case FrameKind::welcome: return frame.payload.empty();
    case FrameKind::events: return true;
  }
  return false;
}

MoveProfile load_profile(Bytes bytes) {
  MoveProfile profile;
  profile.space = bytes[0] == 1 ? Space::solid_3d : Space::flat_2d;
  profile.max_speed = load<float>(bytes, 4);
  profile.max_rise_speed = load<float>(bytes, 8);
  profile.gravity = load<float>(bytes, 12);
  profile.max_fall_speed = load<float>(bytes, 16);
  profile.units_per_metre = load<float>(bytes, 20);
  profile.step_m = load<float>(bytes, 24);
  profile.tolerance_m = load<float>(bytes, 28);
  profile.nominal_us = load<std::uint32_t>(bytes, 32);
  return profile;
}

void store_profile(std::vector<std::uint8_t>& out, const MoveProfile& profile) {
  store(out, std::uint32_t(profile.space == Space::solid_3d ? 1 : 0));
  for (const float v :
       {profile.max_speed, profile.max_rise_speed, profile.gravity, profile.max_fall_speed,
        profile.units_per_metre, profile.step_m, profile.tolerance_m})
    store(out, v);
  store(out, profile.nominal_us);
}

/// Bytes after the head that a record of `kind` needs at least; 0 = any, -1 = unknown kind.
int body_bytes(EventKind kind) {
  switch (kind) {
    case EventKind::join: return int(kProfileBytes) + 12 + 1;
    case EventKind::leave: return 0;
    case EventKind::teleport: return 12;
    case EventKind::speed: return 8;
    case EventKind::knockback: return 16;
    case EventKind::free: return 0;
    case EventKind::frozen:
    case EventKind::rtt:
    case EventKind::tick: return 4;
    case EventKind::vehicle: return int(kProfileBytes);
    case EventKind::claim: return 8;
  }
  return -1;
}

/// Names appear in URLs, logs and JSON: printable ASCII without quotes, slashes and '%'.
bool fit_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes) return false;
  return name.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.@#~") ==
         std::string_view::npos;
}

bool load_body(Bytes body, EventRecord& out) {
  switch (out.kind) {
    case EventKind::join: {
      out.profile = load_profile(body);
      out.vector = load_vector(body, kProfileBytes);
      const Bytes name = body.subspan(kProfileBytes + 12);
      out.name = {reinterpret_cast<const char*>(name.data()), name.size()};
      return body[0] <= 1 && fit_name(out.name);
    }
    case EventKind::leave:
    case EventKind::free: return body.empty();
    case EventKind::teleport: out.vector = load_vector(body, 0); break;
    case EventKind::speed:
      out.number = load<float>(body, 0);
      out.duration_us = load<std::uint32_t>(body, 4);
      break;
    case EventKind::knockback:
      out.vector = load_vector(body, 0);
      out.number = load<float>(body, 12);
      break;
    case EventKind::frozen:
    case EventKind::rtt:
    case EventKind::tick: out.duration_us = load<std::uint32_t>(body, 0); break;
    case EventKind::vehicle: out.profile = load_profile(body); return body[0] <= 1;
    case EventKind::claim:
      out.claim = static_cast<ClaimKind>(body[0]);
      out.severity = body[1];
      out.duration_us = load<std::uint32_t>(body, 4);
      return body[0] <= 3 && out.severity >= 1 && out.severity <= 3;
  }
  return true;
}

}  // namespace

const char* frame_fault_name(FrameFault fault) {
  switch (fault) {
    case FrameFault::none: return "none";
    case FrameFault::too_short: return "too_short";
    case FrameFault::magic: return "magic";
    case FrameFault::version: return "version";
    case FrameFault::kind: return "kind";
    case FrameFault::flags: return "flags";
    case FrameFault::length: return "length";
    case FrameFault::record: return "record";
    case FrameFault::source: return "source";
    case FrameFault::address: return "address";
    case FrameFault::tag: return "tag";
    case FrameFault::session: return "session";
    case FrameFault::replay: return "replay";
    case FrameFault::uid: return "uid";
  }
  return "unknown";
}

FrameFault read_frame(Bytes bytes, FrameView& out) {
  if (bytes.size() < kHeaderBytes) return FrameFault::too_short;
  if (load<std::uint32_t>(bytes, 0) != kFrameMagic) return FrameFault::magic;
  if (bytes[4] != kVersion) return FrameFault::version;
  out.header.kind = static_cast<FrameKind>(bytes[5]);
  if (!known(out.header.kind)) return FrameFault::kind;
  const auto flags = load<std::uint16_t>(bytes, 6);
  if ((flags & ~(kTagged | kHasTime)) != 0) return FrameFault::flags;
  out.header.tagged = (flags & kTagged) != 0;
  out.header.has_time = (flags & kHasTime) != 0;
  out.header.source = load<std::uint32_t>(bytes, 8);
  // 12: reserved, ignored.
  out.header.session = load<std::uint64_t>(bytes, 16);
  out.header.sequence = load<std::uint64_t>(bytes, 24);
  out.header.base_us = load<std::int64_t>(bytes, 32);
  const std::size_t tag = out.header.tagged ? kTagBytes : 0;
  if (bytes.size() < kHeaderBytes + tag) return FrameFault::too_short;
  out.payload = bytes.subspan(kHeaderBytes, bytes.size() - kHeaderBytes - tag);
  out.covered = bytes.first(bytes.size() - tag);
  out.tag = bytes.last(tag);
  return whole_records(out) ? FrameFault::none : FrameFault::length;
}

MoveRecord read_move(Bytes payload, std::size_t index) {
  const Bytes at = payload.subspan(index * kMoveBytes, kMoveBytes);
  MoveRecord record;
  record.handle = load<std::uint32_t>(at, 0);
  record.move.sequence = load<std::uint32_t>(at, 4);
  record.move.client_us = load<std::int64_t>(at, 8);
  record.move.position = load_vector(at, 16);
  const auto last = load<std::uint32_t>(at, 28);
  record.offset_us = static_cast<std::int32_t>(last & 0xffffffU);
  record.move.has_clock = (last & 1U << 24U) != 0;
  record.move.has_sequence = (last & 1U << 25U) != 0;
  const unsigned ground = last >> 26U & 3U;
  record.move.ground = ground == 3 ? Ground::unknown : static_cast<Ground>(ground);
  return record;
}

bool take_event(Bytes& payload, EventRecord& out) {
  if (payload.size() < kEventHead) return false;
  const auto kind = static_cast<EventKind>(payload[0]);
  const int least = body_bytes(kind);
  const std::size_t length = load<std::uint16_t>(payload, 2);
  if (least < 0 || length < kEventHead + static_cast<std::size_t>(least) || length > payload.size())
    return false;
  out = EventRecord{};
  out.kind = kind;
  out.on = (payload[1] & 1U) != 0;
  out.handle = load<std::uint32_t>(payload, 4);
  out.offset_us = load<std::int32_t>(payload, 8);
  const Bytes body = payload.subspan(kEventHead, length - kEventHead);
  payload = payload.subspan(length);
  return load_body(body, out);
}

VerdictLine read_verdict(Bytes payload, std::size_t index) {
  const Bytes at = payload.subspan(index * kVerdictBytes, kVerdictBytes);
  VerdictLine line;
  line.handle = load<std::uint32_t>(at, 0);
  line.sequence = load<std::uint32_t>(at, 4);
  line.outcome = static_cast<MoveOutcome>(at[8]);
  line.rule = static_cast<RefereeRule>(at[9]);
  line.state = static_cast<PlayerState>(at[10]);
  line.adjusted = (at[11] & 1U) != 0;
  line.confidence = load<float>(at, 12);
  line.set_back = load_vector(at, 16);
  line.credit_used_us = load<std::uint32_t>(at, 28);
  return line;
}

void write_header(const FrameHeader& header, std::vector<std::uint8_t>& out) {
  store(out, kFrameMagic);
  store(out, kVersion);
  store(out, static_cast<std::uint8_t>(header.kind));
  store(out, static_cast<std::uint16_t>((header.tagged ? kTagged : 0) |
                                        (header.has_time ? kHasTime : 0)));
  store(out, header.source);
  store(out, std::uint32_t(0));
  store(out, header.session);
  store(out, header.sequence);
  store(out, header.base_us);
}

void write_move(const MoveRecord& record, std::vector<std::uint8_t>& out) {
  const Move& move = record.move;
  store(out, record.handle);
  store(out, move.sequence);
  store(out, move.client_us);
  store_vector(out, move.position);
  store(out, (static_cast<std::uint32_t>(record.offset_us) & 0xffffffU) |
                 (move.has_clock ? 1U << 24U : 0U) | (move.has_sequence ? 1U << 25U : 0U) |
                 static_cast<std::uint32_t>(move.ground) << 26U);
}

void write_event(const EventRecord& record, std::vector<std::uint8_t>& out) {
  const std::size_t begin = out.size();
  store(out, static_cast<std::uint8_t>(record.kind));
  store(out, static_cast<std::uint8_t>(record.on ? 1 : 0));
  store(out, std::uint16_t(0));  // The length, below.
  store(out, record.handle);
  store(out, record.offset_us);
  switch (record.kind) {
    case EventKind::join:
      store_profile(out, record.profile);
      store_vector(out, record.vector);
      out.insert(out.end(), record.name.begin(), record.name.end());
      break;
    case EventKind::leave:
    case EventKind::free: break;
    case EventKind::teleport: store_vector(out, record.vector); break;
    case EventKind::speed:
      store(out, record.number);
      store(out, record.duration_us);
      break;
    case EventKind::knockback:
      store_vector(out, record.vector);
      store(out, record.number);
      break;
    case EventKind::frozen:
    case EventKind::rtt:
    case EventKind::tick: store(out, record.duration_us); break;
    case EventKind::vehicle: store_profile(out, record.profile); break;
    case EventKind::claim:
      store(out, static_cast<std::uint8_t>(record.claim));
      store(out, record.severity);
      store(out, std::uint16_t(0));
      store(out, record.duration_us);
      break;
  }
  const auto length = static_cast<std::uint16_t>(out.size() - begin);
  std::memcpy(out.data() + begin + 2, &length, sizeof length);
}

void write_verdict(const VerdictLine& line, std::vector<std::uint8_t>& out) {
  store(out, line.handle);
  store(out, line.sequence);
  store(out, static_cast<std::uint8_t>(line.outcome));
  store(out, static_cast<std::uint8_t>(line.rule));
  store(out, static_cast<std::uint8_t>(line.state));
  store(out, static_cast<std::uint8_t>(line.adjusted ? 1 : 0));
  store(out, line.confidence);
  store_vector(out, line.set_back);
  store(out, line.credit_used_us);
}

}  // namespace gk::referee
