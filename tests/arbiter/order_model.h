// order_model.h: one lane as simply as it can be written: what the rules say, looked at each
// millisecond. It shares no code with the rules and knows nothing of theirs but the ticket's name.

#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

namespace gk::arbiter {

using Ms = std::int64_t;

/// T and τ in milliseconds; T 0: none.
struct ModelPacing {
  Ms interval = 0, tolerance = 0, due = 0;

  bool allows(Ms now) const { return interval == 0 || due - tolerance <= now; }
  void take(Ms now) {
    if (interval != 0) due = std::max(due, now) + interval;
  }
};

struct ModelActor {
  int group = 0;  // 0: alone
  int priority = 0;
  ModelPacing pacing;
};

struct ModelTicket {
  std::uint64_t name = 0;
  std::size_t actor = 0;
  int priority = 0;
  Ms since = 0, deadline = 0;
  std::uint64_t number = 0;  // Order of request.
};

struct ModelHold {
  std::uint64_t name = 0;
  std::size_t actor = 0;
  Ms start = 0, end = 0;
};

/// Thread: compatible.
class OrderModel {
 public:
  // Settings, as an operator changes them.
  Ms gap = 0, longest_hold = 1, aging = 1;
  int burst_limit = 0;
  std::size_t queue_limit = 1;
  bool groups = true;
  ModelPacing pacing;
  std::vector<ModelActor> actors;

  std::vector<ModelTicket> queue;
  std::optional<ModelHold> hold;
  std::uint64_t grants = 0, decided_by_burst = 0, decided_by_age = 0, held_back = 0;

  /// What time brings, then a grant if one is due.
  void look(Ms now) {
    std::erase_if(queue, [now](const ModelTicket& t) { return t.deadline <= now; });
    if (hold && hold->end <= now) end(hold->end);
    choose(now);
  }
  void ask(const ModelTicket& ticket, Ms now) {
    queue.push_back(ticket);
    queue.back().number = ++last_number_;
    choose(now);
  }
  void release(Ms now) {
    end(now);
    choose(now);
  }
  void withdraw(std::uint64_t name, Ms now) {
    std::erase_if(queue, [name](const ModelTicket& t) { return t.name == name; });
    choose(now);
  }
  void choose(Ms now) {
    if (hold || queue.empty()) return;
    const ModelTicket* first = nullptr;
    for (const ModelTicket& ticket : queue) {
      if (!actors[ticket.actor].pacing.allows(now)) {
        ++held_back;
        continue;
      }
      if (first == nullptr || goes_before(ticket, *first, now)) first = &ticket;
    }
    if (first == nullptr || !pacing.allows(now)) return;
    const bool same = last_ && group_of(first->actor) == group_of(*last_);
    if (last_ && !same && now < last_end_ + gap) return;
    const ModelTicket winner = *first;
    std::erase_if(queue, [&](const ModelTicket& t) { return t.name == winner.name; });
    in_a_row_ = same ? in_a_row_ + 1 : 1;
    last_ = winner.actor;
    pacing.take(now);
    actors[winner.actor].pacing.take(now);
    hold = ModelHold{winner.name, winner.actor, now, now + longest_hold};
    ++grants;
  }

 private:
  int group_of(std::size_t actor) const {
    const bool alone = !groups || actors[actor].group == 0;
    return alone ? -1 - static_cast<int>(actor) : actors[actor].group;
  }
  bool goes_before(const ModelTicket& a, const ModelTicket& b, Ms now) {
    const Ms eff_a = a.priority + (now - a.since) / aging;
    const Ms eff_b = b.priority + (now - b.since) / aging;
    if (eff_a != eff_b) {
      decided_by_age += (a.priority > b.priority) != (eff_a > eff_b);
      return eff_a > eff_b;
    }
    const bool favour = last_ && in_a_row_ < burst_limit;
    const bool same_a = favour && group_of(a.actor) == group_of(*last_);
    const bool same_b = favour && group_of(b.actor) == group_of(*last_);
    if (same_a != same_b) {
      ++decided_by_burst;
      return same_a;
    }
    return a.number < b.number;
  }
  void end(Ms at) {
    last_end_ = at;
    hold.reset();
  }

  std::optional<std::size_t> last_;
  Ms last_end_ = 0;
  int in_a_row_ = 0;
  std::uint64_t last_number_ = 0;
};

}  // namespace gk::arbiter
