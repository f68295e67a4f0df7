#include "api/idempotency.h"

#include <algorithm>

#include "api/mount.h"

namespace gk::api {
namespace {

bool says_success(int status) { return status >= 200 && status < 300; }

std::size_t size_of(const net::Response& answer) {
  std::size_t bytes = answer.body.size();
  for (const auto& [name, value] : answer.headers) bytes += name.size() + value.size();
  return bytes;
}

}  // namespace

bool IdempotencyTable::is_key(std::string_view key) {
  return !key.empty() && key.size() <= 255 &&
         std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

IdempotencyTable::Fingerprint IdempotencyTable::fingerprint_of(const net::Request& request) {
  std::string target(below_mount(request.path));
  target += '?';
  target += request.query;
  return {request.method, std::move(target), request.body.size(),
          std::hash<std::string_view>{}(request.body)};
}

IdempotencyTable::Outcome IdempotencyTable::begin(std::string_view holder, std::string_view key,
                                                  const net::Request& request) {
  drop_expired();
  std::string name(holder);
  name += '\n';  // In no key and no id.
  name += key;
  Fingerprint fingerprint = fingerprint_of(request);
  if (const auto known = index_.find(name); known != index_.end()) {
    Entry& entry = *known->second;
    const bool dropped = !entry.finished && entry.running.expired();
    if (!dropped) {
      if (entry.fingerprint != fingerprint) return {Verdict::mismatch, nullptr, nullptr};
      if (!entry.finished) return {Verdict::running, nullptr, nullptr};
      if (!entry.answer) return {Verdict::done, nullptr, nullptr};
      return {Verdict::replay, nullptr, &*entry.answer};
    }
    erase(known->second);
  }
  make_room(holder);
  auto claim = std::make_shared<Claim>(Claim{name});
  entries_.push_back({.holder = std::string(holder),
                      .name = name,
                      .fingerprint = std::move(fingerprint),
                      .since = clock_.mono(),
                      .running = claim,
                      .finished = false,
                      .answer = std::nullopt,
                      .bytes = 0});
  index_.emplace(std::move(name), std::prev(entries_.end()));
  ++of_holder_[std::string(holder)];
  return {Verdict::fresh, std::move(claim), nullptr};
}

void IdempotencyTable::finish(const Claim& claim, const net::Response& answer) {
  const auto known = index_.find(claim.name);
  if (known == index_.end() || known->second->running.lock().get() != &claim) return;
  Entry& entry = *known->second;
  if (!says_success(answer.status)) return erase(known->second);
  entry.finished = true;
  const std::size_t bytes = size_of(answer);
  if (bytes > limits_.max_answer_bytes) return;
  entry.answer = answer;
  entry.bytes = bytes;
  bytes_ += bytes;
  while (bytes_ > limits_.max_bytes && drop_oldest({})) {
  }
}

void IdempotencyTable::erase(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  const auto count = of_holder_.find(entry->holder);
  if (--count->second == 0) of_holder_.erase(count);
  index_.erase(entry->name);
  entries_.erase(entry);
}

void IdempotencyTable::drop_expired() {
  const MonoTime now = clock_.mono();
  while (!entries_.empty() && now - entries_.front().since >= limits_.lifetime) {
    erase(entries_.begin());
  }
}

/// Of `holder`, or of all when it is empty. A request that runs keeps its key: what runs is bounded
/// by the connections.
bool IdempotencyTable::drop_oldest(std::string_view holder) {
  const auto oldest = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return (holder.empty() || entry.holder == holder) &&
           (entry.finished || entry.running.expired());
  });
  if (oldest == entries_.end()) return false;
  erase(oldest);
  return true;
}

void IdempotencyTable::make_room(std::string_view holder) {
  const auto own = of_holder_.find(std::string(holder));
  if (own != of_holder_.end() && own->second >= limits_.max_keys_of_holder) drop_oldest(holder);
  if (entries_.size() >= limits_.max_keys) drop_oldest({});
}

}  // namespace gk::api
