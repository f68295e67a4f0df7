#include "referee/service/sources.h"

#include <sodium.h>

namespace gk::referee {

bool ReplayWindow::take(std::uint64_t sequence) {
  const auto bit = [this](std::uint64_t s) -> std::uint64_t& { return used_[s % kBits / 64]; };
  const std::uint64_t mask = std::uint64_t{1} << (sequence % 64);
  if (!any_ || sequence > highest_) {
    const std::uint64_t step = any_ ? sequence - highest_ : kBits;
    if (step >= kBits) {
      used_.fill(0);
    } else {
      for (std::uint64_t s = highest_ + 1; s <= sequence; ++s)
        bit(s) &= ~(std::uint64_t{1} << (s % 64));
    }
    any_ = true;
    highest_ = sequence;
    bit(sequence) |= mask;
    return true;
  }
  if (highest_ - sequence >= kBits || (bit(sequence) & mask) != 0) return false;
  bit(sequence) |= mask;
  return true;
}

std::array<std::uint8_t, kTagBytes> frame_tag(const SourceKey& key, Bytes covered) {
  std::array<std::uint8_t, kTagBytes> tag{};
  crypto_generichash(tag.data(), tag.size(), covered.data(), covered.size(), key.data(),
                     key.size());
  return tag;
}

void SourceTable::set(std::vector<Source> sources) {
  std::unordered_map<std::uint32_t, Entry> next;
  for (Source& source : sources) {
    const auto old = entries_.find(source.number);
    const bool same = old != entries_.end() && old->second.source.name == source.name &&
                      old->second.source.address == source.address &&
                      old->second.source.key == source.key;
    if (same) {
      next.insert(entries_.extract(old));
      continue;
    }
    Entry entry;
    entry.link = SenderLink(source.name + ":");
    entry.source = std::move(source);
    next.emplace(entry.source.number, std::move(entry));
  }
  entries_ = std::move(next);
}

FrameFault SourceTable::admit(const FrameView& frame, const std::string& address,
                              SenderLink*& link) {
  const auto found = entries_.find(frame.header.source);
  if (found == entries_.end()) return FrameFault::source;
  Entry& entry = found->second;
  if (address != entry.source.address && bug_ != SourceBug::address_unchecked) {
    return FrameFault::address;
  }
  if (!frame.header.tagged) return FrameFault::tag;
  const auto tag = frame_tag(entry.source.key, frame.covered);
  if (sodium_memcmp(tag.data(), frame.tag.data(), tag.size()) != 0 &&
      bug_ != SourceBug::tag_unchecked) {
    return FrameFault::tag;
  }
  if (frame.header.kind != FrameKind::hello) {
    const std::uint64_t session = frame.header.session;
    if (session == 0 || (session != entry.active && session != entry.pending)) {
      return FrameFault::session;
    }
    if (session == entry.pending) {  // Made with the key: the sender has started anew.
      entry.active = entry.pending;
      entry.pending = 0;
      entry.window = ReplayWindow();
      entry.link = SenderLink(entry.source.name + ":");
    }
    if (!entry.window.take(frame.header.sequence) && bug_ != SourceBug::replay_unchecked) {
      return FrameFault::replay;
    }
  }
  link = &entry.link;
  return FrameFault::none;
}

std::uint64_t SourceTable::new_session() {
  for (;;) {
    const std::uint64_t session = random_.u64();
    if (session != 0) return session;
  }
}

std::uint64_t SourceTable::session_for(std::uint32_t source) {
  Entry& entry = entries_.at(source);
  if (entry.pending == 0) entry.pending = new_session();
  return entry.pending;
}

const Source* SourceTable::find(std::uint32_t number) const {
  const auto found = entries_.find(number);
  return found == entries_.end() ? nullptr : &found->second.source;
}

std::uint64_t SourceTable::active_session(std::uint32_t number) const {
  const auto found = entries_.find(number);
  return found == entries_.end() ? 0 : found->second.active;
}

}  // namespace gk::referee
