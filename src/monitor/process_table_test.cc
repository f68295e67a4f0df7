#include "monitor/process_table.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <ctime>
#include <functional>
#include <utility>

namespace gk::monitor {
namespace {

/// Stands still, and does what the test says after it was looked at: a thread held up between its
/// look at the clock and what it does next.
class HeldUpClock final : public Clock {
 public:
  MonoTime mono() const override {
    const MonoTime seen = now;
    if (const auto held_up = std::exchange(after_look, nullptr)) held_up();
    return seen;
  }
  WallTime wall() const override { return {}; }

  MonoTime now{Seconds(1'000)};
  mutable std::function<void()> after_look;
};

/// Burns `time` of this process's own CPU.
void burn(Nanos time) {
  timespec t{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  const Nanos end = Seconds(t.tv_sec) + Nanos(t.tv_nsec) + time;
  do {
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  } while (Seconds(t.tv_sec) + Nanos(t.tv_nsec) < end);
}

class ProcessTableTest : public testing::Test {
 protected:
  ProcessTableTest() { table.set_watched({{"self", ::getpid()}}); }
  double cpu_pct() {
    table.read(snapshot, 0, Seconds(1));
    const Signal& cpu = snapshot.processes.at("self").cpu_pct;
    return cpu.is_known(clock.now) ? cpu.value() : -1;
  }

  HeldUpClock clock;
  ProcessTable table{{}, clock};
  Snapshot snapshot;
};

TEST_F(ProcessTableTest, GivesTheShareOfTheTimeBetweenTwoReadings) {
  EXPECT_EQ(cpu_pct(), -1) << "one reading is no rate";
  burn(Millis(100));
  clock.now += Millis(200);
  EXPECT_NEAR(cpu_pct(), 50, 10);
}

TEST_F(ProcessTableTest, DoesNotOverstateWhenHeldUpBetweenClockAndReading) {
  EXPECT_EQ(cpu_pct(), -1);
  clock.now += Millis(100);
  clock.after_look = [this] {
    burn(Millis(100));
    clock.now += Millis(100);
  };
  // 100 ms in 200 ms. By the time before the reading alone it would be 100 ms in 100 ms.
  EXPECT_NEAR(cpu_pct(), 50, 10);
}

TEST_F(ProcessTableTest, DoesNotOverstateWhenTheEarlierReadingWasHeldUp) {
  clock.after_look = [this] { clock.now += Millis(100); };
  EXPECT_EQ(cpu_pct(), -1);
  burn(Millis(100));
  clock.now += Millis(100);
  EXPECT_NEAR(cpu_pct(), 50, 10);
}

}  // namespace
}  // namespace gk::monitor
