#include "monitor/frame_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>

#include "monitor/frame_socket.h"
#include "net/loop.h"
#include "testing/capture_log.h"
#include "testing/manual_clock.h"
#include "testing/send_descriptors.h"
#include "testing/temp_dir.h"

namespace gk::monitor {
namespace {

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

/// A game's memory, written by hand.
class Game {
 public:
  explicit Game(off_t size = sizeof(FramePage), int seals = kSeals)
      : fd_(::memfd_create("game", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {
    EXPECT_EQ(::ftruncate(fd_, size), 0);
    EXPECT_EQ(seals == 0 ? 0 : ::fcntl(fd_, F_ADD_SEALS, seals), 0);
    if (size == sizeof(FramePage)) write();
  }
  ~Game() { ::close(fd_); }
  Game(const Game&) = delete;
  Game& operator=(const Game&) = delete;
  int fd() const { return fd_; }
  void frames(int count, Nanos each, ManualClock& clock) {
    for (int i = 0; i < count; ++i) {
      clock.advance(each);
      page.ring[page.frames % kFrameSlots] =
          static_cast<std::uint32_t>(std::chrono::duration_cast<Micros>(each).count());
      ++page.frames;
    }
    page.last_ns = clock.mono().time_since_epoch().count();
    page.sequence += 2;
    write();
  }
  void write() { EXPECT_GT(::pwrite(fd_, &page, sizeof page, 0), 0); }

  FramePage page;

 private:
  int fd_;
};

class FrameReaderTest : public testing::Test {
 protected:
  std::string text() const { return metrics.text(); }
  ManualClock clock;
  Metrics metrics;
  FrameReader reader{clock, metrics};
};

TEST_F(FrameReaderTest, TellsRateAndFramesOfEachGame) {
  Game a, b;
  ASSERT_TRUE(reader.add("frames:a", a.fd()).ok());
  ASSERT_TRUE(reader.add("frames:b", b.fd()).ok());
  a.frames(50, Millis(20), clock);
  (void)reader.read(Seconds(1));
  a.frames(50, Millis(20), clock);
  const auto rates = reader.read(Seconds(1));
  ASSERT_EQ(rates.size(), 2U);
  EXPECT_NEAR(rates[0].fps.value_or(0), 50, 0.001);
  EXPECT_FALSE(rates[1].fps);
  const auto frames = reader.take();
  EXPECT_EQ(frames.at("frames:a"), std::vector<double>(50, 20.0));
  EXPECT_TRUE(reader.take().empty());
}

TEST_F(FrameReaderTest, TakesNothingButASealedMemfdOfAPagesSize) {
  const TempDir dir;
  const Game shorter(100), longer(8192), unsealed(sizeof(FramePage), 0),
      may_shrink(sizeof(FramePage), F_SEAL_GROW);
  const std::string path = dir / "file";
  const sys::Fd file(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  ASSERT_EQ(::ftruncate(file.get(), sizeof(FramePage)), 0);
  const std::string fifo_path = dir / "fifo";
  ASSERT_EQ(::mkfifo(fifo_path.c_str(), 0600), 0);
  const sys::Fd fifo(::open(fifo_path.c_str(), O_RDWR | O_CLOEXEC));
  for (const int bad :
       {shorter.fd(), longer.fd(), unsealed.fd(), may_shrink.fd(), file.get(), fifo.get(), -1}) {
    EXPECT_EQ(reader.add("frames:a", bad).error().code, Errc::invalid_argument) << bad;
  }
  EXPECT_TRUE(reader.read(Seconds(1)).empty());
}

TEST_F(FrameReaderTest, RefusesASecondProgramOfANameAndOneGameTooMany) {
  const Game game;
  const auto first = reader.add("frames:0", game.fd()).value();
  EXPECT_EQ(reader.add("frames:0", game.fd()).error().code, Errc::already_exists);
  for (std::size_t i = 1; i < FrameReader::kMaxPages; ++i) {
    ASSERT_TRUE(reader.add("frames:" + std::to_string(i), game.fd()).ok());
  }
  EXPECT_EQ(reader.add("frames:x", game.fd()).error().code, Errc::resource_exhausted);
  EXPECT_EQ(reader.remove(first), "frames:0");
  EXPECT_FALSE(reader.remove(first));
  EXPECT_FALSE(reader.reads(first));
  EXPECT_TRUE(reader.add("frames:x", game.fd()).ok());
}

TEST_F(FrameReaderTest, CountsALieAndSaysWhatItWas) {
  Game game;
  ASSERT_TRUE(reader.add("frames:a", game.fd()).ok());
  game.frames(60, Millis(16), clock);
  (void)reader.read(Seconds(1));
  game.page.frames = 5;
  game.write();
  EXPECT_EQ(reader.read(Seconds(1))[0].trouble, "frames: its count or its clock went back");
  EXPECT_NE(text().find("gamekeeper_frame_lies_total 1"), std::string::npos);
}

TEST_F(FrameReaderTest, SurvivesAWriterThatTakesTheMemoryAwayOrNeverEndsAFrame) {
  Game game;
  ASSERT_TRUE(reader.add("frames:a", game.fd()).ok());
  game.page.sequence = 7;  // For ever in the middle of a frame.
  game.write();
  EXPECT_EQ(reader.read(Seconds(1))[0].trouble, "");
  clock.advance(Seconds(2));
  EXPECT_EQ(reader.read(Seconds(1))[0].trouble, "frames: none for 2.0 s");
  ASSERT_EQ(
      ::fallocate(game.fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, sizeof(FramePage)), 0);
  EXPECT_EQ(reader.read(Seconds(1))[0].trouble, "frames: this is no page of frames");
}

/// Control: why the memory must be sealed and is not mapped.
TEST(FrameReaderDeathTest, ControlAReaderThatMapsWhatIsNotSealedIsEndedByItsWriter) {
  const auto map_and_read = [] {
    ::signal(SIGBUS, SIG_DFL);  // A sanitizer would report it in its own way.
    const Game game(sizeof(FramePage), 0);
    const void* const at = ::mmap(nullptr, sizeof(FramePage), PROT_READ, MAP_SHARED, game.fd(), 0);
    const auto* const page = static_cast<const volatile FramePage*>(at);
    const int ended = ::ftruncate(game.fd(), 0);
    ::_exit(ended == 0 && page->magic == kFrameMagic ? 1 : 2);
  };
  EXPECT_EXIT(map_and_read(), testing::KilledBySignal(SIGBUS), "");
}

TEST_F(FrameReaderTest, KeepsOfFramesThatNobodyTakesTheNewest) {
  Game game;
  ASSERT_TRUE(reader.add("frames:a", game.fd()).ok());
  game.frames(1, Millis(1), clock);
  (void)reader.read(Seconds(1));
  for (int i = 1; i <= 3; ++i) {
    game.frames(1000, Millis(i), clock);
    (void)reader.read(Seconds(1));
  }
  const auto frames = reader.take().at("frames:a");
  ASSERT_EQ(frames.size(), kFrameSlots);
  EXPECT_EQ(frames.front(), 2);
  EXPECT_EQ(frames.back(), 3);
}

/// The whole way: a monitor, its socket, and a connection as a game makes it.
class FrameSocketTest : public testing::Test {
 protected:
  FrameSocketTest() { socket = FrameSocket::create(path, loop, log, *monitor).value(); }
  static MonitorOptions options() {
    MonitorOptions out;
    out.sampler.sensors.root = "/nonexistent/";
    return out;
  }
  static int open_socket() { return ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0); }
  bool connect(int fd) const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path.c_str());
    return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  int connect() const {
    const int fd = open_socket();
    EXPECT_TRUE(connect(fd));
    return fd;
  }
  /// Sends one packet, with a descriptor unless -1, and gives back the answer.
  std::string ask(int fd, std::string_view packet, int memory) {
    EXPECT_GE(send_descriptors(fd, packet, memory < 0 ? std::vector<int>() : std::vector{memory}),
              0);
    char buffer[512];
    ssize_t n = -1;
    loop.run_until([&] { return (n = ::recv(fd, buffer, sizeof buffer, MSG_DONTWAIT)) >= 0; },
                   Seconds(20));
    return {buffer, static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
  }
  double gauge() { return metrics.gauge("gamekeeper_frame_tickers", "").value(); }
  const ExternalSample* fps() {
    monitor->sample_for_test();
    last = monitor->history().latest();
    const auto it = std::find_if(last->external.begin(), last->external.end(),
                                 [](const auto& sample) { return sample.signal == "fps"; });
    return it == last->external.end() ? nullptr : &*it;
  }

  const TempDir dir;
  const std::string path = dir / "frames.sock";
  net::Loop loop;
  ManualClock clock;
  CaptureLog log;
  Metrics metrics;
  std::unique_ptr<Monitor> monitor =
      std::make_unique<Monitor>(options(), [](auto) {}, clock, log, metrics, nullptr);
  std::unique_ptr<FrameSocket> socket;
  Monitor::Published last;
};

TEST_F(FrameSocketTest, TurnsFramesIntoAClaimedRateWithIssuesUntilTheConnectionCloses) {
  Game game;
  const int fd = connect();
  ASSERT_EQ(ask(fd, "frames arena", game.fd()), "ok");
  game.frames(60, Nanos(16'666'667), clock);
  (void)fps();
  game.frames(60, Nanos(16'666'667), clock);
  game.frames(1, Millis(250), clock);
  const ExternalSample* sample = fps();
  ASSERT_NE(sample, nullptr);
  EXPECT_EQ(sample->subject, "frames:arena");
  EXPECT_EQ(sample->source, SampleSource::claim) << "a game's own word is no measurement";
  EXPECT_NEAR(sample->value.value(), 61 / 1.25, 0.01);
  const auto issues = monitor->performance().issues(clock.mono());
  ASSERT_EQ(issues.size(), 1U);
  EXPECT_EQ(issues[0].kind, IssueKind::stutter);
  EXPECT_EQ(issues[0].source, SampleSource::claim);
  ::close(fd);
  loop.run_until([&] { return !fps()->value.measured(); }, Seconds(20));
  EXPECT_EQ(fps()->value.reason(), "frames: the program let go of them, or has ended");
}

TEST_F(FrameSocketTest, LetsTheLateCloseOfADeadGameEndNothingOfItsSuccessor) {
  Game before, after;
  // The connection of the dead game is still open here, as it would be in a child of it.
  const int late = open_socket(), next = connect();
  const pid_t dead = ::fork();
  if (dead == 0) {
    (void)(connect(late) && send_descriptors(late, "frames arena", {before.fd()}) >= 0);
    for (;;) ::pause();
  }
  ASSERT_TRUE(loop.run_until([&] { return gauge() == 1; }, Seconds(20)));
  ASSERT_EQ(ask(next, "frames arena", after.fd()).find("error already_exists"), 0U);
  // Both are there when the loop goes on: the death first, and the close comes after both.
  ::kill(dead, SIGKILL);
  ASSERT_EQ(::waitpid(dead, nullptr, 0), dead);
  ASSERT_EQ(ask(next, "frames arena", after.fd()), "ok");
  char byte = 0;
  ASSERT_TRUE(
      loop.run_until([&] { return ::recv(late, &byte, 1, MSG_DONTWAIT) == 0; }, Seconds(20)))
      << "the late close";
  EXPECT_EQ(gauge(), 1) << "of the successor";
  after.frames(60, Millis(20), clock);
  (void)fps();
  after.frames(60, Millis(20), clock);
  ASSERT_NE(fps(), nullptr);
  EXPECT_NEAR(fps()->value.value(), 50, 0.01);
  ::close(late);
  ::close(next);
}

TEST_F(FrameSocketTest, AnswersEachMistakeWithWhatItExpected) {
  const Game game;
  const int fd = connect(), other = connect();
  EXPECT_EQ(ask(fd, "hello", game.fd()).find("error invalid_argument expected \"frames NAME\""),
            0U);
  EXPECT_EQ(ask(fd, "frames Arena", game.fd()).find("error invalid_argument"), 0U);
  EXPECT_EQ(ask(fd, "frames " + std::string(500, 'a'), game.fd()).find("error invalid_arg"), 0U);
  EXPECT_EQ(ask(fd, "frames arena", -1),
            "error invalid_argument expected a memfd beside the packet");
  EXPECT_EQ(ask(fd, "frames arena", fd).find("error invalid_argument expected a memfd of"), 0U);
  EXPECT_EQ(ask(fd, "frames arena", game.fd()), "ok");
  EXPECT_EQ(ask(fd, "frames second", game.fd()).find("error already_exists"), 0U);
  EXPECT_EQ(ask(other, "frames arena", game.fd()).find("error already_exists"), 0U);
  ::close(fd);
  ::close(other);
}

}  // namespace
}  // namespace gk::monitor
