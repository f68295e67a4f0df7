#include "notices/rules/retry.h"

#include <algorithm>

namespace gk::notices {

Verdict judge(const Attempt& attempt) {
  const int status = attempt.status;
  if (status >= 200 && status < 300) return Verdict::delivered;
  if (status == 0) return attempt.error_kind == "blocked" ? Verdict::give_up : Verdict::retry;
  if (status >= 500 || status == 408 || status == 425 || status == 429) return Verdict::retry;
  return Verdict::give_up;
}

Nanos retry_delay(const RetryPolicy& policy, std::uint32_t attempts, const Attempt& attempt,
                  Random& random) {
  Nanos delay = policy.first;
  for (std::uint32_t i = 1; i < attempts && delay < policy.longest; ++i) delay *= 2;
  delay = std::min(delay, policy.longest);
  const double half = static_cast<double>(delay.count()) / 2;
  const double chance = static_cast<double>(random.u64() >> 11U) * 0x1.0p-53;
  delay = Nanos(static_cast<std::int64_t>(half + half * chance));
  if (attempt.retry_after_s < 0) return delay;
  const double asked = std::min(attempt.retry_after_s,
                                std::chrono::duration<double>(policy.max_retry_after).count());
  return std::max(delay, std::chrono::duration_cast<Nanos>(std::chrono::duration<double>(asked)));
}

}  // namespace gk::notices
