// channel_rate.h: how many messages a channel takes.

#pragma once

#include "base/gcra.h"

namespace gk::notices {

/// At most 30 in any minute: 6 at once, then one every 2.5 s; a window of 60 s holds the burst and
/// 24 more. Source: macros specification, Discord webhook: ≤ 30 messages a minute a channel.
inline constexpr GcraRate kChannelRate{.period = Millis(2'500), .burst = 6};

}  // namespace gk::notices
