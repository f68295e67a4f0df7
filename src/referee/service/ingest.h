// ingest.h: frames in, verdicts out. Between the sockets (ingest_thread.h) and the judge.
//
// Which sender may do what: a UDP frame needs an allow-listed address and the source's key
// (sources.h); a Unix datagram a uid that the kernel vouches for; a WebSocket was admitted with its
// scope. From then on all three are the same: a SenderLink with handles, and frames.

#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/metrics.h"
#include "referee/service/judge.h"
#include "referee/service/sources.h"

namespace gk::referee {

struct IngestOptions {
  std::vector<unsigned> allowed_uids;  ///< Besides 0 and own_uid.
  unsigned own_uid = 0;
};

/// Since the start.
struct IngestStats {
  std::uint64_t frames = 0, moves = 0, events = 0, answers = 0;
  std::uint64_t unknown_handles = 0;
  std::array<std::uint64_t, kFrameFaults> faults{};
};

/// Thread: compatible (the judge's thread).
class Ingest {
 public:
  static constexpr std::size_t kMaxUnixPeers = 256;  // Source: chosen; longest silent loses.

  /// Requires: judge, random and metrics outlive this.
  Ingest(Judge& judge, Random& random, Metrics& metrics, IngestOptions options);

  SourceTable& sources() { return sources_; }

  /// One datagram that came from `address`. The answer to send back, empty for none; valid until
  /// the next call. A frame that is not authentic is never answered.
  Bytes take_udp(Bytes frame, const std::string& address, Now now);
  /// One Unix datagram of `uid` (none: the kernel named nobody) from `peer`, a path or pid.
  Bytes take_unix(Bytes frame, std::optional<unsigned> uid, const std::string& peer, Now now);
  /// A WebSocket's frames have a SenderLink of their own.
  Bytes take_linked(Bytes frame, SenderLink& link, Now now);
  /// Counts what never became a frame (a datagram cut short).
  void refuse(FrameFault fault);

  const IngestStats& stats() const { return stats_; }

 private:
  struct UnixPeer {
    SenderLink link{""};
    std::int64_t seen_us = 0;
  };
  struct Counters;

  FrameFault take(const FrameView& frame, SenderLink& link, Now now);
  void take_moves(const FrameView& frame, SenderLink& link, Now now);
  FrameFault take_events(const FrameView& frame, SenderLink& link, Now now);
  void take_event(const EventRecord& event, SenderLink& link, Now now, std::int64_t at_us);
  std::int64_t base_of(const FrameView& frame, SenderLink& link, Now now) const;
  void judge_chunk(Now now);
  SenderLink& unix_link(unsigned uid, const std::string& peer, Now now);
  Bytes answer(FrameKind kind, const FrameHeader& to, SenderLink& link, const SourceKey* key,
               FrameFault fault = FrameFault::none);

  Judge& judge_;
  const IngestOptions options_;
  SourceTable sources_;
  std::unordered_map<std::string, UnixPeer> unix_peers_;
  IngestStats stats_;
  std::unique_ptr<Counters> counters_;
  // Of the frame being read; kept to avoid allocating.
  std::vector<Move> moves_;
  std::vector<Handle> handles_;
  std::vector<std::uint32_t> numbers_;  // The sender's handles.
  std::vector<Verdict> verdicts_;
  std::vector<std::uint8_t> lines_, answer_;

 public:
  ~Ingest();
};

}  // namespace gk::referee
