// audit_chain.h: the audit's rows and the hash chain that ties them together.
//
// Each row's hash covers the row before it, so an edited, removed or inserted row breaks the chain
// from there on. What the chain alone cannot see is that the newest rows were cut off, or that
// someone with write access recomputed all of it: for that the head (number and hash of the newest
// row) is compared with one kept elsewhere; the daemon logs it with each row.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "accounts/rules/digest.h"

namespace gk::accounts {

/// One change. `before` and `after` are JSON of what changed, without secrets.
struct AuditRow {
  std::int64_t seq = 0;    ///< From 1, without holes.
  std::int64_t at_us = 0;  ///< Wall time, microseconds since the Unix epoch.
  std::string actor_id;    ///< Empty for local-admin, setup and system.
  std::string actor;
  std::string action;  ///< "user.create", "auth.login" …
  std::string target;  ///< Id of what was changed.
  std::optional<std::string> before;
  std::optional<std::string> after;
  std::string correlation_id;
  Digest previous{};  ///< Hash of row seq - 1; zeros for the first.
  Digest hash{};
};

/// Number and hash of the newest row; 0 and zeros for an empty audit.
struct AuditHead {
  std::int64_t seq = 0;
  Digest hash{};
  friend bool operator==(const AuditHead&, const AuditHead&) = default;
};

/// The hash that `row` must have: over its previous hash and every other field, each with its
/// length, so no two different rows share one text.
Digest audit_hash(const AuditRow& row);

/// `row` with seq, previous and hash filled in to follow `head`.
AuditRow chained(AuditRow row, const AuditHead& head);

/// Walks a chain row by row.
/// Thread: compatible.
class AuditVerifier {
 public:
  /// Returns what is wrong with `row`, the next in order of seq; nullopt when it is sound.
  std::optional<std::string> add(const AuditRow& row);
  const AuditHead& head() const { return head_; }

 private:
  AuditHead head_;
};

}  // namespace gk::accounts
