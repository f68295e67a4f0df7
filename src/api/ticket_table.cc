#include "api/ticket_table.h"

#include <algorithm>

namespace gk::api {
namespace {

constexpr std::size_t kTicketBytes = 32;  // Source: as a session token

/// Takes the same time wherever the texts differ.
bool same(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<unsigned char>(difference | (a[i] ^ b[i]));
  }
  return difference == 0;
}

}  // namespace

std::string TicketTable::issue(std::shared_ptr<const Principal> principal) {
  drop_expired();
  if (tickets_.size() >= limits_.max_tickets) tickets_.pop_front();
  tickets_.push_back(
      {random_hex(random_, kTicketBytes), std::move(principal), clock_.mono() + limits_.lifetime});
  return tickets_.back().text;
}

std::shared_ptr<const Principal> TicketTable::take(std::string_view ticket) {
  drop_expired();
  const auto it = std::find_if(tickets_.begin(), tickets_.end(),
                               [&](const Ticket& t) { return same(t.text, ticket); });
  if (it == tickets_.end()) return nullptr;
  auto principal = std::move(it->principal);
  tickets_.erase(it);
  return principal;
}

void TicketTable::drop_session(std::string_view session_id) {
  std::erase_if(tickets_, [&](const Ticket& t) { return t.principal->session_id == session_id; });
}

void TicketTable::drop_expired() {
  const MonoTime now = clock_.mono();
  while (!tickets_.empty() && tickets_.front().expires <= now) tickets_.pop_front();
}

}  // namespace gk::api
