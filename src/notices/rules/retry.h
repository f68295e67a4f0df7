// retry.h: what an attempt means, and when the next one is due. Time and chance are arguments.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/random.h"
#include "gamekeeper/time.h"

namespace gk::notices {

/// How one attempt ended.
struct Attempt {
  int status = 0;             ///< HTTP; 0: no answer.
  std::string error;          ///< For people; empty: an answer came.
  std::string error_kind;     ///< "blocked", "dns", "connect", "tls", "timeout", "notifier" …
  double retry_after_s = -1;  ///< What the receiver asked for; negative: nothing.
  bool global = false;        ///< Discord: it holds for all its channels.
  double duration_ms = 0;
};

enum class Verdict : std::uint8_t { delivered, retry, give_up };

/// 2xx is delivered; no answer, 408, 425, 429 and 5xx are tried again; a redirect, another 4xx and
/// a blocked address never get better.
Verdict judge(const Attempt& attempt);

/// Source: chosen, but max_age: macros specification asks to survive an outage; a day is long.
struct RetryPolicy {
  Nanos first{Seconds(1)};  ///< Before the second attempt; doubles. [1 ms, 1 h]
  Nanos longest{Seconds(3600)};
  std::uint32_t max_attempts = 40;
  Nanos max_age{Seconds(86'400)};    ///< Since the notice; then it is given up.
  Nanos max_game_age{Seconds(300)};  ///< The same, of a message inside a game: old news disturb.
  Nanos max_retry_after{Seconds(3600)};  ///< A receiver that asks for more gets this.
};

/// The wait after the `attempts`-th failure: back-off with jitter in [½, 1], or what the receiver
/// asked for when that is longer.
Nanos retry_delay(const RetryPolicy& policy, std::uint32_t attempts, const Attempt& attempt,
                  Random& random);

}  // namespace gk::notices
