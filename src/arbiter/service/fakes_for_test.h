// fakes_for_test.h: a store of lanes that a test answers when it likes.

#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>

#include "arbiter/service/lane_store.h"

namespace gk::arbiter {

/// Thread: compatible.
class FakeLaneStore final : public LaneStore {
 public:
  explicit FakeLaneStore(net::Loop& loop) : loop_(loop) {}

  bool held_back = false;  ///< Ceilings wait for answer().
  bool broken = false;     ///< Every write fails.
  std::map<std::string, std::string> lanes, modules;
  std::map<std::string, Token> ceilings;
  Token floor;
  std::deque<std::pair<Done, Result<void>>> waiting;

  Result<StoredLanes> load(const std::string&, std::uint64_t) override { return StoredLanes{}; }
  void save_lane(const std::string& name, std::string settings, Token ceiling, Done done) override {
    if (!broken) lanes[name] = std::move(settings);
    if (!broken) ceilings[name] = std::max(ceilings[name], ceiling);
    post(std::move(done));
  }
  void save_ceiling(const std::string& name, Token ceiling, Done done) override {
    if (!broken) ceilings[name] = ceiling;
    if (!held_back) return post(std::move(done));
    waiting.emplace_back(std::move(done), result());
  }
  void delete_lane(const std::string& name, Token high, Done done) override {
    lanes.erase(name);
    floor = std::max(floor, high);
    post(std::move(done));
  }
  void save_module(const std::string& name, std::string module, Done done) override {
    if (!broken) modules[name] = std::move(module);
    post(std::move(done));
  }
  void delete_module(const std::string& name, Done done) override {
    if (!broken) modules.erase(name);
    post(std::move(done));
  }
  /// Lets the oldest ceiling that waits be stored.
  void answer() {
    auto [done, result] = std::move(waiting.front());
    waiting.pop_front();
    done(result);
  }

 private:
  Result<void> result() const {
    if (broken) return Error{Errc::resource_exhausted, "disk full"};
    return {};
  }
  void post(Done done) {
    loop_.post([done = std::move(done), result = result()] { done(result); });
  }

  net::Loop& loop_;
};

}  // namespace gk::arbiter
