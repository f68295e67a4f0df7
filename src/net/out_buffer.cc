#include "net/out_buffer.h"

#include "base/assert.h"

namespace gk::net {

std::string& OutBuffer::text() {
  if (pieces_.empty() || !pieces_.back().open) {
    pieces_.push_back({std::move(spare_), {}, true});
    pieces_.back().owned.clear();
    spare_.clear();
  }
  return pieces_.back().owned;
}

void OutBuffer::append_body(std::string body) {
  if (body.size() <= kSmallBody) {
    text() += body;
  } else {
    pieces_.push_back({std::move(body), {}, false});
  }
}

void OutBuffer::append_static(std::string_view bytes) {
  if (!bytes.empty()) pieces_.push_back({{}, bytes, false});
}

std::size_t OutBuffer::gather(std::span<iovec> out) const {
  std::size_t used = 0;
  std::size_t skip = sent_;
  for (std::size_t i = first_; i < pieces_.size() && used < out.size(); ++i) {
    const std::string_view bytes = pieces_[i].bytes().substr(skip);
    skip = 0;
    // iovec serves reads too, hence its pointer to non-const; sendmsg() does not write.
    if (!bytes.empty()) out[used++] = {const_cast<char*>(bytes.data()), bytes.size()};
  }
  return used;
}

void OutBuffer::consume(std::size_t n) {
  sent_ += n;
  while (first_ < pieces_.size() && sent_ >= pieces_[first_].bytes().size()) {
    sent_ -= pieces_[first_].bytes().size();
    if (pieces_[first_].open) spare_ = std::move(pieces_[first_].owned);
    pieces_[first_++] = {};
  }
  if (first_ < pieces_.size()) return;
  GK_ASSERT(sent_ == 0);  // Nobody sends more than there is.
  pieces_.clear();
  first_ = 0;
}

std::size_t OutBuffer::size() const {
  std::size_t all = 0;
  for (std::size_t i = first_; i < pieces_.size(); ++i) all += pieces_[i].bytes().size();
  return all - sent_;
}

}  // namespace gk::net
