// token_reserve.h: which tokens of a lane may be given out without waiting for the disk.
//
// A token that anybody has seen must never be given out again, not even after a kill -9. So a
// ceiling is stored ahead, in blocks, and only tokens up to a ceiling that is on disk leave the
// daemon. After a restart tokens start above the stored ceiling. Pure: no clock, no disk.

#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "gamekeeper/arbiter_types.h"

namespace gk::arbiter {

/// The ceiling of one lane.
/// Thread: compatible.
class TokenReserve {
 public:
  /// `confirmed` is on disk. Requires: block >= 1.
  TokenReserve(Token confirmed, std::uint64_t block)
      : confirmed_(confirmed.value), asked_(confirmed.value), block_(block) {}

  /// Whether `token` may be shown to anybody.
  bool may_show(Token token) const { return token.value <= confirmed_; }
  /// The ceiling to store now, when the last token given out is `high`. Nothing: enough is left,
  /// or a write is on its way. Each value is answered by stored() or failed().
  std::optional<Token> next(Token high) {
    const bool enough = high.value + block_ / 2 < confirmed_;
    if (enough || asked_ != confirmed_) return std::nullopt;
    asked_ = std::max(high.value, confirmed_) + block_;
    return Token(asked_);
  }
  void stored() { confirmed_ = asked_; }
  void failed() { asked_ = confirmed_; }
  Token confirmed() const { return Token(confirmed_); }

 private:
  std::uint64_t confirmed_;
  std::uint64_t asked_;  // Differs from confirmed_ while a write is on its way.
  std::uint64_t block_;
};

}  // namespace gk::arbiter
