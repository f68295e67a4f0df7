#include "monitor/sampler.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <vector>

#include "testing/capture_log.h"
#include "testing/manual_clock.h"
#include "testing/temp_dir.h"

namespace gk::monitor {
namespace {

/// The machine-wide part of a /proc made of plain files.
class FakeMachine {
 public:
  FakeMachine() {
    std::filesystem::create_directories(dir_.path() / "proc" / "pressure");
    std::filesystem::create_directories(dir_.path() / "proc" / "net");
    cpu(100, 100);
    write("proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 400 kB\nSwapTotal: 0 kB\n");
    write("proc/loadavg", "0.50 0.4 0.3 1/2 3\n");
    for (const auto* kind : {"cpu", "memory", "io"}) {
      write(std::string("proc/pressure/") + kind, "some avg10=1.50 avg60=1 avg300=1 total=1\n");
    }
    write("proc/diskstats", " 254 0 vda 10 0 100 0 20 0 200 0 0 0 0\n");
    write("proc/net/dev", " eth0: 1000 1 0 0 0 0 0 0 500 1 0 0 0 0 0 0\n");
  }
  void write(const std::string& path, std::string_view text) {
    std::ofstream(dir_.path() / path, std::ios::trunc) << text;
  }
  void cpu(int user, int idle, int forks = 7) {
    const std::string numbers =
        std::to_string(user) + " 0 0 " + std::to_string(idle) + " 0 0 0 0 0 0\n";
    write("proc/stat",
          "cpu  " + numbers + "cpu0 " + numbers + "processes " + std::to_string(forks) + "\n");
  }
  void remove(const std::string& path) { std::filesystem::remove(dir_.path() / path); }
  SamplerOptions options() const {
    return {.sensors = {.root = dir_.path().string() + "/",
                        .data_dir = dir_.path().string(),
                        .gpu_file = dir_.path().string() + "/gpu"}};
  }

 private:
  TempDir dir_;
};

class SamplerTest : public testing::Test {
 protected:
  Sampler::Published next(Nanos after = Seconds(1)) {
    clock.advance(after);
    return sampler.sample_once();
  }
  FakeMachine machine;
  ManualClock clock;
  CaptureLog log;
  Metrics metrics;
  Sampler sampler{machine.options(), clock, log, metrics};
};

TEST(GpuSensorTest, FindsTheFirstThatTellsAndSaysOfNvidiaThatItDoesNot) {
  const TempDir dir;
  const std::string root = dir.path().string() + "/";
  const ManualClock clock;
  CaptureLog log;
  Metrics metrics;
  const auto gpu = [&] {
    Sampler sampler({.sensors = {.root = root, .data_dir = root}}, clock, log, metrics);
    return sampler.sample_once()->gpu_usage;
  };
  EXPECT_NE(gpu().reason().find("gpu_busy_percent"), std::string::npos) << gpu().reason();
  std::filesystem::create_directories(root + "proc/driver/nvidia");
  EXPECT_EQ(gpu().reason(), "no file tells the load of an NVIDIA GPU");
  std::filesystem::create_directories(root + "sys/class/drm/card1/device");
  std::ofstream(root + "sys/class/drm/card1/device/gpu_busy_percent") << "37\n";
  EXPECT_EQ(gpu().value(), 37) << "beside the one of NVIDIA";
}

TEST_F(SamplerTest, ReadsEverySensorAndNamesWhatItCannotKnowYet) {
  const auto first = next();
  EXPECT_EQ(first->number, 1U);
  EXPECT_EQ(first->cpu_usage.reason(), "needs two readings");
  EXPECT_DOUBLE_EQ(first->memory_usage.value(), 60);
  EXPECT_DOUBLE_EQ(first->load1.value(), 0.5);
  EXPECT_DOUBLE_EQ(first->psi_io.value(), 1.5);
  EXPECT_TRUE(first->disk_usage.is_known(first->at));
  EXPECT_FALSE(first->gpu_usage.measured());
  machine.cpu(130, 170);
  machine.write("proc/net/dev", " eth0: 4000 1 0 0 0 0 0 0 600 1 0 0 0 0 0 0\n");
  const auto second = next();
  EXPECT_DOUBLE_EQ(second->cpu_usage.value(), 30);
  EXPECT_DOUBLE_EQ(second->cpu_cores.at(0).value(), 30);
  EXPECT_DOUBLE_EQ(second->network_rx_bytes_per_s.value(), 3000);
  EXPECT_DOUBLE_EQ(second->network_tx_bytes_per_s.value(), 100);
  EXPECT_EQ(sampler.latest(), second);
}

TEST_F(SamplerTest, TurnsAFailingSensorUnknownInTheNextSnapshotAndKeepsTheOthers) {
  (void)next();
  machine.cpu(130, 170);
  ASSERT_TRUE(next()->memory_usage.measured());
  machine.write("proc/meminfo", "garbage\n");
  machine.cpu(160, 240);
  const auto broken = next();
  EXPECT_EQ(broken->memory_usage.state(broken->at), SignalState::unknown);
  EXPECT_NE(broken->memory_usage.reason().find("meminfo"), std::string::npos);
  EXPECT_TRUE(broken->cpu_usage.is_known(broken->at));
  EXPECT_EQ(
      metrics.counter("gamekeeper_sampler_failures_total", "", {{"sensor", "memory"}}).value(), 1);
}

TEST_F(SamplerTest, RetriesAFailedSensorWithGrowingPausesAndRecovers) {
  machine.write("proc/meminfo", "garbage\n");
  const auto failures = [&] {
    return metrics.counter("gamekeeper_sampler_failures_total", "", {{"sensor", "memory"}}).value();
  };
  for (int second = 0; second < 16; ++second) (void)next();
  EXPECT_EQ(failures(), 5) << "after 0, 1, 3, 7 and 15 s";
  machine.write("proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 500 kB\n");
  Sampler::Published snapshot;
  for (int second = 0; second < 16; ++second) snapshot = next();
  EXPECT_DOUBLE_EQ(snapshot->memory_usage.value(), 50);
  EXPECT_EQ(failures(), 5);
}

TEST_F(SamplerTest, DoesNotCountAnOptionalSensorThatTheMachineLacks) {
  (void)next();
  EXPECT_EQ(metrics.counter("gamekeeper_sampler_failures_total", "", {{"sensor", "gpu"}}).value(),
            0);
  machine.write("gpu", "42\n");
  EXPECT_FALSE(next()->gpu_usage.measured()) << "looked for again after a minute";
  EXPECT_DOUBLE_EQ(next(Seconds(60))->gpu_usage.value(), 42);
}

TEST_F(SamplerTest, CarriesARareSignalOverAndLetsItAgeByItsOwnPeriod) {
  const auto first = next();
  machine.write("proc/loadavg", "9.00 0.4 0.3 1/2 3\n");
  const auto second = next();
  EXPECT_DOUBLE_EQ(second->load1.value(), 0.5);
  EXPECT_EQ(second->load1.at(), first->at);
  EXPECT_EQ(second->load1.period(), Seconds(5));
}

TEST_F(SamplerTest, AcceptsIntervalsFromATenthOfASecondToAMinute) {
  EXPECT_FALSE(sampler.set_interval(Millis(99)));
  EXPECT_FALSE(sampler.set_interval(Millis(60'001)));
  EXPECT_TRUE(sampler.set_interval(Seconds(60)));
  EXPECT_EQ(sampler.interval(), Seconds(60));
}

TEST_F(SamplerTest, RunsAtTenHertzWhileAnybodyHoldsItFast) {
  auto first = sampler.hold_fast();
  auto second = sampler.hold_fast();
  EXPECT_EQ(sampler.interval(), Millis(100));
  first.reset();
  EXPECT_EQ(sampler.interval(), Millis(100));
  second = Sampler::FastHold();
  EXPECT_EQ(sampler.interval(), Seconds(1));
}

TEST_F(SamplerTest, ShowsValuesThatWereHandedIn) {
  ASSERT_TRUE(sampler.submit("fps", 55, "client", SampleSource::claim));
  EXPECT_EQ(next()->fps.value(), 55);
  EXPECT_FALSE(sampler.submit("cpu_usage", 1, "", SampleSource::claim));
}

/// A page as a game would write it, 60 frames of 20 ms at a time.
class Game {
 public:
  explicit Game(ManualClock& clock)
      : clock_(clock), memory_(::memfd_create("game", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {
    EXPECT_EQ(::ftruncate(memory_.get(), sizeof page_), 0);
    EXPECT_EQ(::fcntl(memory_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
    draw();
  }
  int fd() const { return memory_.get(); }
  void draw() {
    for (int i = 0; i < 60; ++i) page_.ring[page_.frames++ % kFrameSlots] = 20'000;
    clock_.advance(Millis(1200));
    page_.last_ns = clock_.mono().time_since_epoch().count();
    page_.sequence += 2;
    EXPECT_EQ(::pwrite(memory_.get(), &page_, sizeof page_, 0), ssize_t{sizeof page_});
  }

 private:
  ManualClock& clock_;
  sys::Fd memory_;
  FramePage page_;
};

TEST_F(SamplerTest, TakesNoRateOfFramesThatWereEndedSinceTheyWereRead) {
  Game game(clock);
  const auto page = sampler.read_frames("frames:a", game.fd()).value();
  (void)sampler.sample_once();
  game.draw();
  EXPECT_DOUBLE_EQ(sampler.sample_once()->fps.value(), 50);
  game.draw();
  const auto ended =
      sampler.sample_once_for_test([&] { sampler.end_frames(page, "frames: it has ended"); });
  EXPECT_EQ(ended->fps.reason(), "frames: it has ended");
}

TEST_F(SamplerTest, ForgetsFramesThatWereEndedAtTheirFirstReading) {
  Game game(clock);
  const auto page = sampler.read_frames("frames:a", game.fd()).value();
  (void)sampler.sample_once();
  game.draw();
  const auto ended =
      sampler.sample_once_for_test([&] { sampler.end_frames(page, "frames: it has ended"); });
  EXPECT_TRUE(ended->external.empty());
}

TEST_F(SamplerTest, SaysOnceAMinuteWhatHasNoPlaceAndStillTakesWhatIsMeasured) {
  Game game(clock);
  ASSERT_TRUE(sampler.read_frames("frames:a", game.fd()).ok());
  const auto fill = [&] {
    for (int i = 0; i < 192; ++i) {
      ASSERT_TRUE(sampler.submit("fps", 144, "c" + std::to_string(i), SampleSource::claim));
    }
  };
  const auto lines = [&] {
    const auto all = log.lines();
    return std::count_if(all.begin(), all.end(), [](const auto& line) {
      return line.find("monitor.no_place") != std::string::npos;
    });
  };
  for (int i = 0; i < 60; ++i) {
    fill();
    (void)sampler.sample_once();
    game.draw();
    fill();
    ASSERT_TRUE(sampler.submit("fps", 30, "game", SampleSource::server));
    EXPECT_EQ(sampler.sample_once()->fps.value(), 30);
  }
  EXPECT_EQ(lines(), 2) << "72 s";
  EXPECT_NE(log.lines().back().find(R"("last_subject":"frames:a")"), std::string::npos)
      << log.lines().back();
}

TEST_F(SamplerTest, RefusesMoreSubjectsThanItsLimit) {
  for (int i = 0; i < 256; ++i) ASSERT_TRUE(sampler.watch("m" + std::to_string(i), 1));
  EXPECT_EQ(sampler.watch("one more", 1).error().code, Errc::resource_exhausted);
  EXPECT_TRUE(sampler.watch("m0", 2)) << "a known subject may change its pid";
  sampler.unwatch("m0");
  EXPECT_TRUE(sampler.watch("one more", 1));
  EXPECT_FALSE(sampler.watch("", 1));
  EXPECT_FALSE(sampler.watch("x", 0));
}

TEST_F(SamplerTest, SaysThatAWatchedProcessDoesNotExist) {
  ASSERT_TRUE(sampler.watch("macro:ghost", 4711));
  const auto snapshot = next();
  const ProcessSample& ghost = snapshot->processes.at("macro:ghost");
  EXPECT_FALSE(ghost.alive);
  EXPECT_EQ(ghost.demand_pct.reason(), "no process 4711");
  sampler.unwatch("macro:ghost");
  EXPECT_TRUE(next()->processes.empty());
  EXPECT_EQ(snapshot->processes.size(), 1U) << "a published snapshot never changes";
}

/// Collects snapshots of a running sampler and lets a test wait for the nth.
class Collector {
 public:
  void add(Sampler::Published snapshot) {
    const std::lock_guard lock(mu_);
    items_.push_back(std::move(snapshot));
    more_.notify_all();
  }
  Sampler::Published wait_for(std::size_t n) {
    std::unique_lock lock(mu_);
    more_.wait(lock, [&] { return items_.size() >= n; });
    return items_[n - 1];
  }

 private:
  std::mutex mu_;
  std::condition_variable more_;
  std::vector<Sampler::Published> items_;
};

TEST(SamplerThreadTest, TicksAtAbsoluteTimesOnTheRealMachineAndPublishes) {
  const SystemClock clock;
  CaptureLog log;
  Metrics metrics;
  Sampler sampler({.interval = Millis(100)}, clock, log, metrics);
  Collector seen;
  ASSERT_TRUE(sampler.watch("self", ::getpid()));
  ASSERT_TRUE(sampler.start([&](Sampler::Published s) { seen.add(std::move(s)); }));
  EXPECT_EQ(sampler.start({}).error().code, Errc::failed_precondition);
  const auto fourth = seen.wait_for(4);
  sampler.stop();
  EXPECT_TRUE(fourth->memory_usage.measured());
  EXPECT_TRUE(fourth->cpu_usage.measured());
  EXPECT_TRUE(fourth->processes.at("self").demand_pct.measured());
  EXPECT_GT(fourth->processes.at("self").rss_bytes.value(), 100'000);
  EXPECT_GE(fourth->at - seen.wait_for(1)->at, Millis(300));
  EXPECT_EQ(sampler.latest()->number >= 4, true);
}

TEST(SamplerThreadTest, TakesANewIntervalAtOnce) {
  const SystemClock clock;
  CaptureLog log;
  Metrics metrics;
  Sampler sampler({.interval = Seconds(60)}, clock, log, metrics);
  Collector seen;
  ASSERT_TRUE(sampler.start([&](Sampler::Published s) { seen.add(std::move(s)); }));
  (void)seen.wait_for(1);
  const auto hold = sampler.hold_fast();
  EXPECT_EQ(seen.wait_for(3)->interval, Millis(100)) << "would take two minutes otherwise";
  sampler.stop();
}

}  // namespace
}  // namespace gk::monitor
