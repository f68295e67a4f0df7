// link.h: a simulated network path: jitter, stalls, queues, bursty loss, two ways of delivery.
//
// One Link serves both directions of one session: stalls and queues hit both at once, jitter and
// loss each its own. Times in seconds.

#pragma once

#include <optional>
#include <vector>

#include "referee/offline/dice.h"

namespace gk::referee {

enum class LinkClass : std::uint8_t { lan, cable, wifi, mobile, awful };
inline constexpr std::size_t kLinkClasses = 5;
const char* link_name(LinkClass link);

/// What a late or lost packet does to those behind it.
enum class Delivery : std::uint8_t { in_order, datagrams };

/// Source: referee specification, "Must show": jitter scale 0–12 ms and stalls <= 900 ms up to
/// wifi; mobile <= 1.5 s; awful <= 3 s, queues of 500 ms, 2 % loss in bursts.
struct LinkTraits {
  double delay, jitter;  // One way; the mean of the exponential part.
  double stalls_per_s, longest_stall;
  double queues_per_s, deepest_queue;  // A queue fills, stays and drains.
  double loss, burst;                  // Share lost; mean run of losses.
};
LinkTraits traits_of(LinkClass link);

/// Thread: compatible.
class Link {
 public:
  Link(LinkClass link, Delivery delivery, double seconds, Dice& dice);

  /// Arrival of a packet sent at `t` to the server; nothing when lost.
  std::optional<double> up(double t, Dice& dice) { return travel(t, up_, dice); }
  /// A round-trip measurement: back to the server, and out to the client.
  std::optional<double> pong(double t, Dice& dice) { return travel(t, pong_, dice); }
  double ping(double t, Dice& dice) { return reliable(t, ping_, dice); }
  /// To the client. Reliable: game events are resent.
  double down(double t, Dice& dice) { return reliable(t, down_, dice); }
  /// Extra one-way delay from a queue at `t`.
  double queue_at(double t) const;
  /// End of the stall that covers `t`, or `t`.
  double stalled_until(double t) const;

 private:
  struct Direction {
    bool losing = false;
    double last = 0;
  };
  struct Window {
    double begin, end, depth, ramp;
  };
  double reliable(double t, Direction& direction, Dice& dice);
  std::optional<double> travel(double t, Direction& direction, Dice& dice);

  LinkTraits traits_;
  Delivery delivery_;
  std::vector<Window> stalls_, queues_;
  Direction up_, down_, ping_, pong_;  // Each flow is sent in order of time.
};

}  // namespace gk::referee
