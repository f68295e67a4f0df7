// chunk_decoder.h: takes the chunks of a request body apart. Pure and strict: a size line that two
// programs might read differently ends the connection.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gk::net {

/// Reads "Transfer-Encoding: chunked" bytes piece by piece. Extensions and trailers are checked
/// and thrown away: nothing here uses them.
/// Source: RFC 9112 s7.1.
/// Thread: compatible.
class ChunkDecoder {
 public:
  static constexpr std::size_t kMaxLine = 256;      // Source: chosen; a size needs 8 digits.
  static constexpr std::size_t kMaxTrailer = 2048;  // Source: chosen; trailers are ignored.

  enum class State : std::uint8_t { more, done, malformed, too_large };

  /// Starts a new body of at most `max_body` bytes.
  void reset(std::size_t max_body);

  /// Reads from `bytes`, appends data to `body`, and sets `used` to the bytes read.
  /// Once not `more`, it stays so until reset().
  State feed(std::string_view bytes, std::string& body, std::size_t& used);

 private:
  enum class Part : std::uint8_t { size_line, data, data_end, trailer };

  State feed_line(std::string_view& bytes);
  State end_line();
  State end_size_line();
  State feed_data(std::string_view& bytes, std::string& body);

  std::size_t max_body_ = 0;
  Part part_ = Part::size_line;
  State state_ = State::more;
  std::string line_;         // The unfinished line, at most kMaxLine bytes.
  std::size_t left_ = 0;     // Of the data of this chunk.
  std::size_t total_ = 0;    // Sizes announced so far.
  std::size_t trailer_ = 0;  // Bytes of trailers so far.
};

}  // namespace gk::net
