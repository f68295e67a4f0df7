// password_hasher.h: argon2id on a worker thread, one at a time, behind a bounded queue.
//
// Each hash takes 15 ms and 19 MiB on purpose. One thread bounds both; the queue bounds how long
// anybody waits, and what does not fit is refused at once.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "accounts/changes.h"
#include "base/metrics.h"
#include "base/worker_pool.h"
#include "gamekeeper/result.h"

namespace gk::accounts {

/// Source: platform specification, accounts (19 MiB, 2 passes; OWASP's second setting).
struct PasswordCost {
  std::uint64_t passes = 2;                        ///< [1, 10]
  std::size_t memory_bytes = 19U * 1024U * 1024U;  ///< [8 KiB, 1 GiB]
};

/// A well-formed hash at `cost` that no password is known to match. verify() spends its time on it
/// for users that do not exist, and would not trust a match.
std::string nobodys_hash(const PasswordCost& cost);

/// The answer of verify().
struct PasswordVerdict {
  bool right = false;
  std::optional<std::string> renewed;  ///< A hash at today's cost, when the stored one is older.
};

/// Thread: loop. After destruction no callback is called any more.
class PasswordHasher {
 public:
  /// Requires: `pool` has one thread and is destroyed before what `post` refers to.
  PasswordHasher(WorkerPool& pool, PasswordCost cost, Post post, Metrics& metrics);

  /// Hashes a new password. `done` runs on the loop thread.
  /// Errors: resource_exhausted (queue full, at once); then `done` is not called. `done` gets
  ///         resource_exhausted when there is no memory for a hash.
  Result<void> hash(std::string password, std::function<void(Result<std::string>)> done);

  /// Compares with `stored`, or with a hash that nothing matches when there is none: the same work
  /// for users that do not exist. `done` runs on the loop thread.
  /// Errors: resource_exhausted (queue full, at once); then `done` is not called.
  Result<void> verify(std::string password, std::optional<std::string> stored,
                      std::function<void(PasswordVerdict)> done);

 private:
  Result<void> run(std::function<void()> work);

  WorkerPool& pool_;
  PasswordCost cost_;
  Post post_;
  Counter hashes_;
  Counter refused_;
  std::shared_ptr<const char> alive_;  // shared: closures on their way hold a weak one
};

}  // namespace gk::accounts
