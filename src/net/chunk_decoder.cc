#include "net/chunk_decoder.h"

#include <algorithm>
#include <charconv>

#include "net/head_check.h"

namespace gk::net {

void ChunkDecoder::reset(std::size_t max_body) {
  max_body_ = max_body;
  part_ = Part::size_line;
  state_ = State::more;
  line_.clear();
  left_ = total_ = trailer_ = 0;
}

ChunkDecoder::State ChunkDecoder::feed(std::string_view bytes, std::string& body,
                                       std::size_t& used) {
  const std::size_t all = bytes.size();
  while (state_ == State::more && !bytes.empty()) {
    state_ = part_ == Part::data ? feed_data(bytes, body) : feed_line(bytes);
  }
  used = all - bytes.size();
  return state_;
}

ChunkDecoder::State ChunkDecoder::feed_data(std::string_view& bytes, std::string& body) {
  const std::size_t n = std::min(left_, bytes.size());
  body.append(bytes.substr(0, n));
  bytes.remove_prefix(n);
  left_ -= n;
  if (left_ == 0) part_ = Part::data_end;
  return State::more;
}

ChunkDecoder::State ChunkDecoder::feed_line(std::string_view& bytes) {
  const std::size_t end = bytes.find('\n');
  const std::size_t n = end == std::string_view::npos ? bytes.size() : end + 1;
  if (line_.size() + n > kMaxLine) return State::malformed;
  line_.append(bytes.substr(0, n));
  bytes.remove_prefix(n);
  return end == std::string_view::npos ? State::more : end_line();
}

ChunkDecoder::State ChunkDecoder::end_line() {
  if (!line_.ends_with("\r\n")) return State::malformed;
  line_.resize(line_.size() - 2);
  if (!std::all_of(line_.begin(), line_.end(), is_value_char)) return State::malformed;
  State state = State::more;
  if (part_ == Part::size_line) {
    state = end_size_line();
  } else if (part_ == Part::data_end) {
    if (!line_.empty()) return State::malformed;
    part_ = Part::size_line;
  } else if (line_.empty()) {
    return State::done;
  } else {
    trailer_ += line_.size();
    const std::size_t colon = line_.find(':');
    if (colon == std::string::npos || colon == 0 || trailer_ > kMaxTrailer ||
        !std::all_of(line_.begin(), line_.begin() + std::ptrdiff_t(colon), is_token_char))
      return State::malformed;
  }
  line_.clear();
  return state;
}

ChunkDecoder::State ChunkDecoder::end_size_line() {
  // At most 8 digits: no overflow, and no reader that stops at 32 bits sees another size.
  const std::size_t digits = std::min(line_.find(';'), line_.size());
  std::size_t size = 0;
  const auto [end, ec] = std::from_chars(line_.data(), line_.data() + digits, size, 16);
  if (digits == 0 || digits > 8 || ec != std::errc() || end != line_.data() + digits)
    return State::malformed;
  if (size > max_body_ - total_) return State::too_large;
  total_ += size;
  left_ = size;
  part_ = size == 0 ? Part::trailer : Part::data;
  return State::more;
}

}  // namespace gk::net
