// idempotency.h: answers that are kept for a day under the caller's Idempotency-Key, so that a
// request which is sent again, because its answer was lost, is not carried out again.
//
// In memory only: docs/decisions/0024-idempotency-keys-in-memory.md.

#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "net/http.h"

namespace gk::api {

/// Source of the lifetime: platform specification, HTTP rules. The sizes are chosen.
struct IdempotencyLimits {
  std::chrono::hours lifetime{24};
  std::size_t max_keys = 4'096;               ///< On overflow the oldest answer loses.
  std::size_t max_keys_of_holder = 1'024;     ///< One holder's; its own oldest loses.
  std::size_t max_bytes = 8U << 20;           ///< Of all kept answers; the oldest loses.
  std::size_t max_answer_bytes = 256U << 10;  ///< A larger one is not kept, only that it was given.
};

/// Thread: loop, but for the end of a Claim, which may be anywhere.
class IdempotencyTable {
 public:
  /// The right to carry out a request. While it lives and is not finished, the key is busy; when it
  /// ends unfinished (the handler dropped the request), the key is free again.
  struct Claim;

  enum class Verdict : std::uint8_t {
    fresh,     ///< Carry it out, then finish(claim).
    replay,    ///< Done before: `answer`.
    done,      ///< Done before, with an answer too large to keep.
    running,   ///< The first request has no answer yet.
    mismatch,  ///< The key was used for another request.
  };
  struct Outcome {
    Verdict verdict = Verdict::fresh;
    std::shared_ptr<Claim> claim;           ///< Of fresh. shared: with each copy of a Respond.
    const net::Response* answer = nullptr;  ///< Of replay; valid until the next call.
  };

  explicit IdempotencyTable(const Clock& clock, IdempotencyLimits limits = {})
      : clock_(clock), limits_(limits) {}

  /// `holder` is who asks, `key` theirs, `request` the method, path, query and body.
  Outcome begin(std::string_view holder, std::string_view key, const net::Request& request);
  /// Keeps `answer` when it says success; otherwise nothing was done, and the key is free again.
  void finish(const Claim& claim, const net::Response& answer);

  /// 1 to 255 visible ASCII characters.
  static bool is_key(std::string_view key);
  std::size_t size() const { return entries_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  /// What must be the same. A collision of the hash could only mislead the holder about itself.
  struct Fingerprint {
    net::Method method;
    std::string target;  // Path and query, below the mount.
    std::size_t body_bytes;
    std::size_t body_hash;
    friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
  };
  struct Entry {
    std::string holder;
    std::string name;  // Holder and key: of index_.
    Fingerprint fingerprint;
    MonoTime since;
    std::weak_ptr<Claim> running;
    bool finished = false;
    std::optional<net::Response> answer;
    std::size_t bytes = 0;
  };
  using Entries = std::list<Entry>;

  static Fingerprint fingerprint_of(const net::Request& request);
  void erase(Entries::iterator entry);
  void drop_expired();
  void make_room(std::string_view holder);
  bool drop_oldest(std::string_view holder);

  const Clock& clock_;
  const IdempotencyLimits limits_;
  Entries entries_;  // Oldest first.
  std::unordered_map<std::string, Entries::iterator> index_;
  std::unordered_map<std::string, std::size_t> of_holder_;
  std::size_t bytes_ = 0;
};

struct IdempotencyTable::Claim {
  std::string name;
};

}  // namespace gk::api
