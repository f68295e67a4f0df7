// ingest_client.h: makes frames, for game servers in C++, tests and benchmarks.
//
// Header only and without a socket: whoever sends owns that. docs/referee-ingest.md has the same in
// words for other languages.

#pragma once

#include <optional>
#include <vector>

#include "referee/service/frame.h"
#include "referee/service/sources.h"

namespace gk::referee {

/// Builds one frame after the other.
/// Thread: compatible.
class FrameBuilder {
 public:
  /// Over a Unix socket or a WebSocket: no source, no key.
  FrameBuilder() = default;
  /// Over UDP, as the source with this number and key.
  FrameBuilder(std::uint32_t source, const SourceKey& key) : key_(key) { header_.source = source; }

  /// From a welcome frame; the sequence starts again.
  void set_session(std::uint64_t session) {
    header_.session = session;
    header_.sequence = 0;
  }
  /// The sender's monotonic clock at the base of the frames from now on; nothing: arrival counts.
  void set_time(std::optional<std::int64_t> base_us) {
    header_.has_time = base_us.has_value();
    header_.base_us = base_us.value_or(0);
  }

  void begin(FrameKind kind) {
    bytes_.clear();
    header_.kind = kind;
    header_.tagged = key_.has_value();
    ++header_.sequence;
    write_header(header_, bytes_);
  }
  void add(const MoveRecord& record) { write_move(record, bytes_); }
  void add(const EventRecord& record) { write_event(record, bytes_); }
  /// The frame; valid until begin().
  Bytes finish() {
    if (key_) {
      const auto tag = frame_tag(*key_, bytes_);
      bytes_.insert(bytes_.end(), tag.begin(), tag.end());
    }
    return bytes_;
  }
  std::size_t size() const { return bytes_.size(); }

 private:
  FrameHeader header_;
  std::optional<SourceKey> key_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace gk::referee
