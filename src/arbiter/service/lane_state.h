// lane_state.h: what a LaneService keeps of a lane, a holder and a waiting request. Inside only.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arbiter/service/lane_service.h"
#include "base/mutex.h"

namespace gk::arbiter {

/// What the gate said, from any thread, in its order; emptied on the loop.
/// Thread: safe.
struct LaneService::Inbox {
  struct Item {
    WaitId wait = 0;  // 0: a grant ended.
    Result<Grant> result = Grant();
    Ended ended;
  };

  Inbox(net::Loop& l, LaneService* s) : loop(l), service(s) {}

  void push(Item item, const std::shared_ptr<Inbox>& self) {
    bool first = false;
    {
      const MutexLock lock(mu);
      first = items.empty();
      items.push_back(std::move(item));
    }
    if (!first) return;
    loop.post([self] {
      if (self->service != nullptr) self->service->drain();
    });
  }
  std::vector<Item> take() {
    const MutexLock lock(mu);
    return std::exchange(items, {});
  }

  net::Loop& loop;
  LaneService* service;  // Null once it has ended; loop thread only.
  Mutex mu{MutexRank::leaf};
  std::vector<Item> items GK_GUARDED_BY(mu);
};

/// A holder. Its token may wait for the disk before anybody sees it.
struct LaneService::Held {
  Grant grant;
  WaitId wait = 0;
  Granted granted;  // Empty once delivered.
  Party party;
  std::string actor;
  TicketId ticket;
  MonoTime since{}, ends{};
  std::optional<Nanos> lease;
  net::Handle lease_end;
};

struct LaneService::Waiting {
  LaneId lane;
  std::string actor;
  Party party;
  Granted granted;
  TicketId ticket;
  MonoTime since{}, deadline{};
  std::optional<Nanos> lease;
  std::string correlation_id;
};

/// What an actor has got of a lane.
struct LaneService::Share {
  std::uint64_t granted = 0;
  Nanos waited_sum{0}, waited_max{0};
};

struct LaneService::LaneState {
  std::string name;
  LaneId id;
  LaneSettings settings;
  TokenReserve reserve;
  std::optional<Held> held;
  Token ended_upto;  // The newest grant that is known to have ended.
  std::map<std::string, Share> shares;
  net::Handle retry;
};

}  // namespace gk::arbiter
