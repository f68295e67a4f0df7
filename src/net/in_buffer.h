// in_buffer.h: a flat buffer of received bytes.

#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace gk::net {

/// Bytes are written at the end and taken from the front. Grows by doubling; the owner bounds it by
/// not reading more before it has taken what is there.
/// Thread: compatible.
class InBuffer {
 public:
  /// Room for at least `n` more bytes. Valid until the next call.
  char* prepare(std::size_t n) {
    if (begin_ == end_) begin_ = end_ = 0;
    if (capacity_ - end_ < n) grow(n);
    return data_.get() + end_;
  }
  std::size_t room() const { return capacity_ - end_; }
  void commit(std::size_t n) { end_ += n; }
  void consume(std::size_t n) { begin_ += n; }
  void clear() { begin_ = end_ = 0; }

  std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }

 private:
  void grow(std::size_t n) {
    const std::size_t size = end_ - begin_;
    if (capacity_ >= size + n) {
      std::memmove(data_.get(), data_.get() + begin_, size);
    } else {
      const std::size_t wanted = capacity_ * 2 > size + n ? capacity_ * 2 : size + n;
      auto larger = std::make_unique_for_overwrite<char[]>(wanted);
      if (size != 0) std::memcpy(larger.get(), data_.get() + begin_, size);
      data_ = std::move(larger);
      capacity_ = wanted;
    }
    begin_ = 0;
    end_ = size;
  }

  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace gk::net
