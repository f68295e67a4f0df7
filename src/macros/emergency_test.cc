// The emergency stop without memory: every allocation fails from the decision on.
#include <poll.h>

#include <new>

#include "macros/failing_memory_test.h"
#include "macros/service_fixture_test.h"
#include "macros/tallies.h"
#include "macros/tally_store_fake_test.h"

namespace gk::macros {
namespace {

class EmergencyTest : public ServiceFixture {
 protected:
  // True: everything was fenced and killed although nothing could be allocated.
  bool stops_without_memory(const std::function<void()>& before_stop) {
    EXPECT_TRUE(start(script("a")));
    EXPECT_TRUE(start(script("b")));
    port.reserve_fences();
    host.without_memory = true;
    host.fences = 0;
    store.broken = true;
    const std::string reason(64, 'x');
    set_memory_is_gone(true);
    try {
      before_stop();
      (void)service->stop_all(reason);
    } catch (const std::bad_alloc&) {  // The record of it needs memory; the stop did not.
    }
    set_memory_is_gone(false);
    return host.fences >= 2 && port.fences() >= 2 && has_died("a") && has_died("b");
  }
  bool has_died(const std::string& id) {
    const auto facts = sys::process_facts(host.pids.at(id));
    if (!facts) return true;
    const auto process = sys::ProcessHandle::open(host.pids.at(id), facts->start_ticks);
    if (!process) return true;
    pollfd ended{process->fd(), POLLIN, 0};
    return ::poll(&ended, 1, 2'000) == 1;
  }
};

TEST_F(EmergencyTest, KillsAndFencesWithoutAStoreAndWithoutMemory) {
  EXPECT_TRUE(stops_without_memory([] {}));
}

TEST_F(EmergencyTest, KillsThoughWhoeverIsToldNeedsMemory) {
  const auto listener =
      service->fenced().subscribe([](const MacroFence&) { throw std::bad_alloc(); });
  EXPECT_TRUE(stops_without_memory([] {}));
}

TEST_F(EmergencyTest, KillsWhileWhatMacrosDoIsCounted) {
  FakeTallyStore disk(loop);
  disk.broken = true;
  MacroTallies tallies({}, loop, clock, log, metrics, *service, observer, disk);
  tallies.set_games(&port);
  EXPECT_TRUE(stops_without_memory([] {}));
}

// Negative control: one allocation on the way, and nothing is stopped.
TEST_F(EmergencyTest, WouldNotIfAnythingOnTheWayNeededMemory) {
  EXPECT_FALSE(stops_without_memory([] {
    delete new int(1);
    throw std::bad_alloc();
  }));
  service->emergency_stop_signal();
}

}  // namespace
}  // namespace gk::macros
