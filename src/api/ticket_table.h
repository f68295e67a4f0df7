// ticket_table.h: single-use tickets that open a WebSocket where neither cookie nor header can be
// sent. A ticket may stand in a URL because it is worthless after its first use and after 30 s.

#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "api/principal.h"
#include "base/clock.h"
#include "base/random.h"

namespace gk::api {

/// Source: platform specification, WebSocket (30 s, single use); the size is chosen.
struct TicketLimits {
  std::size_t max_tickets = 1'024;  ///< Not used yet; the oldest loses.
  Seconds lifetime{30};
};

/// Thread: loop.
class TicketTable {
 public:
  TicketTable(Random& random, const Clock& clock, TicketLimits limits = {})
      : random_(random), clock_(clock), limits_(limits) {}

  /// A new ticket for `principal`: 256 random bits in hex.
  std::string issue(std::shared_ptr<const Principal> principal);
  /// Whose ticket it is; null when it is unknown, used or too old. It is used up.
  std::shared_ptr<const Principal> take(std::string_view ticket);
  /// The session has ended: so have its tickets.
  void drop_session(std::string_view session_id);

  std::size_t size() const { return tickets_.size(); }
  Seconds lifetime() const { return limits_.lifetime; }

 private:
  struct Ticket {
    std::string text;
    std::shared_ptr<const Principal> principal;  // shared: with the session cache
    MonoTime expires;
  };
  void drop_expired();

  Random& random_;
  const Clock& clock_;
  const TicketLimits limits_;
  std::deque<Ticket> tickets_;  // Oldest first.
};

}  // namespace gk::api
