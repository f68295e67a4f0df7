// setup_code.h: the one-time code that makes the first admin.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "accounts/rules/digest.h"
#include "base/random.h"
#include "gamekeeper/time.h"

namespace gk::accounts {

/// Source of lifetime and length: platform specification, accounts. The number of tries is chosen.
struct SetupCodeLimits {
  Nanos lifetime{std::chrono::minutes(15)};
  std::uint32_t max_wrong = 20;  ///< Then the code is void, and a new one is made. [1, 1000]
};

enum class SetupCodeVerdict : std::uint8_t { right, wrong, expired, spent, busy };

/// 128 random bits as eight groups of four hex digits: "3f2a-…".
std::string new_setup_code(Random& random);

/// One code. It is claimed by the first right answer, and released when setup then fails, so two
/// people who type it at the same time make one admin.
///
/// Thread:     compatible.
/// Invariants: keeps the digest, never the code.
class SetupCode {
 public:
  SetupCode(std::string_view code, MonoTime now, SetupCodeLimits limits = {});

  /// Judges `text` (hyphens, spaces and case do not matter). `right` claims the code; `busy` means
  /// right, but claimed. A wrong one is counted.
  SetupCodeVerdict claim(std::string_view text, MonoTime now);
  /// Setup failed after a claim: the code may be used again.
  void release() { claimed_ = false; }
  /// True when a new code is due. Never while claimed.
  bool is_void(MonoTime now) const;

 private:
  Digest digest_;
  MonoTime expires_;
  SetupCodeLimits limits_;
  std::uint32_t wrong_ = 0;
  bool claimed_ = false;
};

}  // namespace gk::accounts
