#include "referee/service/ingest.h"

#include <algorithm>

namespace gk::referee {
namespace {

Handle handle_of(std::uint64_t packed) {
  return {static_cast<std::uint32_t>(packed), static_cast<std::uint32_t>(packed >> 32U)};
}
std::uint64_t packed(Handle handle) {
  return static_cast<std::uint64_t>(handle.generation) << 32U | handle.slot;
}

}  // namespace

struct Ingest::Counters {
  explicit Counters(Metrics& metrics)
      : frames(metrics.counter("gamekeeper_referee_ingest_frames_total",
                               "Binary frames that were read")),
        unknown(metrics.counter("gamekeeper_referee_ingest_unknown_handles_total",
                                "Records for a player that has not joined")) {
    for (std::size_t i = 1; i < kFrameFaults; ++i)
      faults.push_back(metrics.counter("gamekeeper_referee_ingest_refused_total",
                                       "Frames refused, by reason",
                                       {{"reason", frame_fault_name(static_cast<FrameFault>(i))}}));
  }
  Counter frames, unknown;
  std::vector<Counter> faults;
};

Ingest::Ingest(Judge& judge, Random& random, Metrics& metrics, IngestOptions options)
    : judge_(judge),
      options_(std::move(options)),
      sources_(random),
      counters_(std::make_unique<Counters>(metrics)) {}
Ingest::~Ingest() = default;

void Ingest::refuse(FrameFault fault) {
  ++stats_.faults[static_cast<std::size_t>(fault)];
  counters_->faults[static_cast<std::size_t>(fault) - 1].inc();
}

Bytes Ingest::take_udp(Bytes bytes, const std::string& address, Now now) {
  FrameView frame;
  FrameFault fault = read_frame(bytes, frame);
  SenderLink* link = nullptr;
  if (fault == FrameFault::none) fault = sources_.admit(frame, address, link);
  const Source* source = sources_.find(frame.header.source);
  if (fault == FrameFault::session && source != nullptr) {
    // The tag was right: the sender is who it says, and must say hello again.
    refuse(fault);
    SenderLink once("");
    return answer(FrameKind::refused, frame.header, once, &source->key, fault);
  }
  if (fault != FrameFault::none) {
    refuse(fault);
    return {};
  }
  if (frame.header.kind == FrameKind::hello) {
    FrameHeader to = frame.header;
    to.session = sources_.session_for(to.source);
    return answer(FrameKind::welcome, to, *link, &source->key);
  }
  fault = take(frame, *link, now);
  if (fault != FrameFault::none) {
    refuse(fault);
    return answer(FrameKind::refused, frame.header, *link, &source->key, fault);
  }
  if (lines_.empty()) return {};
  return answer(FrameKind::verdicts, frame.header, *link, &source->key);
}

SenderLink& Ingest::unix_link(unsigned uid, const std::string& peer, Now now) {
  const std::string key = std::to_string(uid) + " " + peer;
  auto found = unix_peers_.find(key);
  if (found == unix_peers_.end()) {
    if (unix_peers_.size() >= kMaxUnixPeers) {
      const auto oldest = std::min_element(
          unix_peers_.begin(), unix_peers_.end(),
          [](const auto& a, const auto& b) { return a.second.seen_us < b.second.seen_us; });
      unix_peers_.erase(oldest);
    }
    const bool own = uid == 0 || uid == options_.own_uid;
    found = unix_peers_.emplace(key, UnixPeer{}).first;
    found->second.link.prefix = own ? "local:" : "uid" + std::to_string(uid) + ":";
  }
  found->second.seen_us = now.us;
  return found->second.link;
}

Bytes Ingest::take_unix(Bytes bytes, std::optional<unsigned> uid, const std::string& peer,
                        Now now) {
  const auto& allowed = options_.allowed_uids;
  const bool may = uid && (*uid == 0 || *uid == options_.own_uid ||
                           std::find(allowed.begin(), allowed.end(), *uid) != allowed.end());
  if (!may) {
    refuse(FrameFault::uid);
    return {};
  }
  return take_linked(bytes, unix_link(*uid, peer, now), now);
}

Bytes Ingest::take_linked(Bytes bytes, SenderLink& link, Now now) {
  FrameView frame;
  FrameFault fault = read_frame(bytes, frame);
  if (fault == FrameFault::none && frame.header.kind == FrameKind::hello)
    return answer(FrameKind::welcome, frame.header, link, nullptr);
  if (fault == FrameFault::none) fault = take(frame, link, now);
  if (fault != FrameFault::none) {
    refuse(fault);
    return answer(FrameKind::refused, frame.header, link, nullptr, fault);
  }
  if (lines_.empty()) return {};
  return answer(FrameKind::verdicts, frame.header, link, nullptr);
}

Bytes Ingest::answer(FrameKind kind, const FrameHeader& to, SenderLink& link, const SourceKey* key,
                     FrameFault fault) {
  answer_.clear();
  write_header({.kind = kind,
                .tagged = key != nullptr,
                .has_time = false,
                .source = to.source,
                .session = to.session,
                .sequence = ++link.sent,
                .base_us = static_cast<std::int64_t>(to.sequence)},
               answer_);
  if (kind == FrameKind::refused) answer_.push_back(static_cast<std::uint8_t>(fault));
  if (kind == FrameKind::verdicts) {
    // Events are shorter than the lines that complain of them: what does not fit is not told.
    constexpr std::size_t kMost = (kMaxFrameBytes - kHeaderBytes - kTagBytes) / kVerdictBytes;
    const std::size_t size = std::min(lines_.size(), kMost * kVerdictBytes);
    answer_.insert(answer_.end(), lines_.begin(), lines_.begin() + static_cast<long>(size));
  }
  if (key != nullptr) {
    const auto tag = frame_tag(*key, answer_);
    answer_.insert(answer_.end(), tag.begin(), tag.end());
  }
  ++stats_.answers;
  return answer_;
}

FrameFault Ingest::take(const FrameView& frame, SenderLink& link, Now now) {
  lines_.clear();
  ++stats_.frames;
  counters_->frames.inc();
  switch (frame.header.kind) {
    case FrameKind::moves: take_moves(frame, link, now); return FrameFault::none;
    case FrameKind::events: return take_events(frame, link, now);
    case FrameKind::hello:
    case FrameKind::welcome:
    case FrameKind::verdicts:
    case FrameKind::refused: break;
  }
  return FrameFault::kind;
}

/// The daemon's clock at the frame's base: arrival, or the sender's clock, which is tied to ours at
/// its first frame so that its intervals stay exact.
std::int64_t Ingest::base_of(const FrameView& frame, SenderLink& link, Now now) const {
  constexpr std::int64_t kMost = std::int64_t{1} << 59U;  // Sums with it never overflow.
  if (!frame.header.has_time) return now.us;
  const std::int64_t base = std::clamp(frame.header.base_us, -kMost, kMost);
  if (!link.offset_us) link.offset_us = now.us - base;
  return base + *link.offset_us;
}

void Ingest::take_moves(const FrameView& frame, SenderLink& link, Now now) {
  const std::size_t count = frame.payload.size() / kMoveBytes;
  const std::int64_t base = base_of(frame, link, now);
  moves_.clear();
  handles_.clear();
  numbers_.clear();
  stats_.moves += count;
  for (std::size_t i = 0; i < count; ++i) {
    MoveRecord record = read_move(frame.payload, i);
    const std::uint64_t player =
        record.handle < link.players.size() ? link.players[record.handle] : 0;
    const Handle handle = handle_of(player);
    if (player == 0 || !judge_.alive(handle)) [[unlikely]] {
      ++stats_.unknown_handles;
      counters_->unknown.inc();
      write_verdict({.handle = record.handle,
                     .sequence = record.move.sequence,
                     .outcome = MoveOutcome::unknown_player,
                     .set_back = record.move.position},
                    lines_);
      continue;
    }
    record.move.player = judge_.id_of(handle);
    record.move.received_us = base + (frame.header.has_time ? record.offset_us : 0);
    moves_.push_back(record.move);
    handles_.push_back(handle);
    numbers_.push_back(record.handle);
  }
  judge_chunk(now);
}

void Ingest::judge_chunk(Now now) {
  verdicts_.resize(moves_.size());
  judge_.judge(moves_, handles_, verdicts_, now);
  const bool advises = judge_.options().mode == ServiceMode::shadow;
  for (std::size_t i = 0; i < moves_.size(); ++i) {
    const Verdict& v = verdicts_[i];
    if (v.outcome == MoveOutcome::accepted || (advises && v.outcome == MoveOutcome::rejected))
      continue;
    write_verdict({.handle = numbers_[i],
                   .sequence = moves_[i].sequence,
                   .outcome = v.outcome,
                   .rule = v.rule,
                   .state = v.state,
                   .adjusted = v.adjusted,
                   .confidence = v.confidence,
                   .set_back = v.set_back,
                   .credit_used_us = v.credit_used_us},
                  lines_);
  }
}

FrameFault Ingest::take_events(const FrameView& frame, SenderLink& link, Now now) {
  const std::int64_t base = base_of(frame, link, now);
  EventRecord event;
  for (Bytes rest = frame.payload; !rest.empty();) {
    if (!referee::take_event(rest, event)) return FrameFault::record;
    ++stats_.events;
    take_event(event, link, now, base + (frame.header.has_time ? event.offset_us : 0));
  }
  return FrameFault::none;
}

/// An event that cannot be taken is answered with a line of its handle: 5 when the player is
/// unknown, 4 when its numbers are out of range.
void Ingest::take_event(const EventRecord& event, SenderLink& link, Now now, std::int64_t at_us) {
  const auto complain = [&](MoveOutcome outcome) {
    write_verdict({.handle = event.handle, .outcome = outcome}, lines_);
  };
  if (event.kind == EventKind::tick) return judge_.tick(event.duration_us, at_us);
  if (event.handle >= SenderLink::kMaxHandles) return complain(MoveOutcome::invalid);
  if (event.kind == EventKind::join) {
    const auto joined =
        judge_.join(link.prefix + std::string(event.name), event.profile,
                    event.on ? std::optional(event.vector) : std::nullopt, now, at_us);
    if (!joined) return complain(MoveOutcome::invalid);
    if (event.handle >= link.players.size()) link.players.resize(event.handle + 1);
    link.players[event.handle] = packed(*joined);
    return;
  }
  const std::uint64_t player = event.handle < link.players.size() ? link.players[event.handle] : 0;
  const Handle handle = handle_of(player);
  if (player == 0 || !judge_.alive(handle)) {
    ++stats_.unknown_handles;
    counters_->unknown.inc();
    return complain(MoveOutcome::unknown_player);
  }
  if (event.kind == EventKind::leave) {
    judge_.leave(handle, now);
    link.players[event.handle] = 0;
    return;
  }
  if (!judge_.apply(handle, event, at_us)) complain(MoveOutcome::invalid);
}

}  // namespace gk::referee
