#include "accounts/password_hasher.h"

#include <sodium.h>

#include <array>
#include <utility>

namespace gk::accounts {
namespace {

/// libsodium draws the salt itself, from getrandom(2).
Result<std::string> argon2id(const std::string& password, const PasswordCost& cost) {
  std::array<char, crypto_pwhash_STRBYTES> text{};
  if (crypto_pwhash_str(text.data(), password.data(), password.size(), cost.passes,
                        cost.memory_bytes) != 0) {
    return Error{Errc::resource_exhausted, "no memory to hash a password"};
  }
  return std::string(text.data());
}

PasswordVerdict judge(const std::string& password, const std::optional<std::string>& stored,
                      const PasswordCost& cost) {
  const std::string hash = stored ? *stored : nobodys_hash(cost);
  const bool match = crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
  PasswordVerdict verdict{.right = match && stored.has_value(), .renewed = std::nullopt};
  if (verdict.right &&
      crypto_pwhash_str_needs_rehash(hash.c_str(), cost.passes, cost.memory_bytes) == 1) {
    if (auto renewed = argon2id(password, cost)) verdict.renewed = std::move(*renewed);
  }
  return verdict;
}

void wipe(std::string& secret) { sodium_memzero(secret.data(), secret.size()); }

}  // namespace

std::string nobodys_hash(const PasswordCost& cost) {
  return "$argon2id$v=19$m=" + std::to_string(cost.memory_bytes / 1024) +
         ",t=" + std::to_string(cost.passes) +
         ",p=1$bm9ib2R5IGhhcyB0aGlzIQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
}

PasswordHasher::PasswordHasher(WorkerPool& pool, PasswordCost cost, Post post, Metrics& metrics)
    : pool_(pool),
      cost_(cost),
      post_(std::move(post)),
      hashes_(metrics.counter("gamekeeper_accounts_password_hashes_total",
                              "Passwords hashed or verified, of users that exist or not")),
      refused_(metrics.counter("gamekeeper_accounts_password_refused_total",
                               "Passwords not looked at because the queue was full")),
      alive_(std::make_shared<const char>('\0')) {}

Result<void> PasswordHasher::hash(std::string password,
                                  std::function<void(Result<std::string>)> done) {
  return run([password = std::move(password), done = std::move(done), cost = cost_, post = post_,
              alive = std::weak_ptr(alive_)]() mutable {
    auto result = argon2id(password, cost);
    wipe(password);
    post([alive, done, result = std::move(result)] {
      if (alive.lock() != nullptr) done(result);
    });
  });
}

Result<void> PasswordHasher::verify(std::string password, std::optional<std::string> stored,
                                    std::function<void(PasswordVerdict)> done) {
  return run([password = std::move(password), stored = std::move(stored), done = std::move(done),
              cost = cost_, post = post_, alive = std::weak_ptr(alive_)]() mutable {
    const PasswordVerdict verdict = judge(password, stored, cost);
    wipe(password);
    post([alive, done, verdict] {
      if (alive.lock() != nullptr) done(verdict);
    });
  });
}

Result<void> PasswordHasher::run(std::function<void()> work) {
  auto posted = pool_.post([work = std::move(work), hashes = hashes_]() mutable {
    hashes.inc();
    work();
  });
  if (!posted) refused_.inc();
  return posted;
}

}  // namespace gk::accounts
