// out_buffer.h: the bytes a connection has yet to send, as pieces for one gathered write.

#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gk::net {

/// A queue of bytes in three kinds of pieces: small text that is collected, large bodies that are
/// taken over, and static bytes that are only pointed at.
/// Thread: compatible.     Cost: appending small text reuses one buffer: no allocation when warm.
class OutBuffer {
 public:
  /// The text at the end, to append heads and small bodies to. Valid until the next other call.
  std::string& text();
  /// Appends `body`: copied when small, taken over when large.
  void append_body(std::string body);
  /// Appends bytes that live as long as the process.
  void append_static(std::string_view bytes);

  /// Fills `out` with the front of the queue; returns how many entries were used.
  std::size_t gather(std::span<iovec> out) const;
  /// Forgets the first `n` bytes. Requires: n <= size().
  void consume(std::size_t n);

  std::size_t size() const;
  bool empty() const { return size() == 0; }

 private:
  static constexpr std::size_t kSmallBody = 4096;  // Source: chosen; below it a copy beats a piece.
  struct Piece {
    std::string owned;
    std::string_view fixed;  // Used when it has data.
    bool open = false;       // text() may append to it.
    std::string_view bytes() const { return fixed.data() != nullptr ? fixed : owned; }
  };
  std::vector<Piece> pieces_;
  std::size_t first_ = 0;  // Pieces before it are sent.
  std::size_t sent_ = 0;   // Bytes of the first piece that are sent.
  std::string spare_;      // The last finished text, for its storage.
};

}  // namespace gk::net
