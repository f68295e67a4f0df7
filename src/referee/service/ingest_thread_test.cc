#include "referee/service/ingest_thread.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "net/loop.h"
#include "referee/service/judge_fixture_test.h"
#include "testing/temp_dir.h"

namespace gk::referee {
namespace {

using namespace std::chrono_literals;

class IngestThreadTest : public testing::Test {
 protected:
  IngestThreadTest() {
    thread.add_unix(sys::DatagramSocket::open_unix(dir / "m", 0660).value());
    EXPECT_TRUE(thread.start().ok());
    sockaddr_un own{};
    own.sun_family = AF_UNIX;
    std::strcpy(own.sun_path, (dir / "c").c_str());
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::strcpy(to.sun_path, (dir / "m").c_str());
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&own), sizeof own), 0);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  }
  ~IngestThreadTest() override { thread.stop(); }

  void send(Bytes frame) {
    ASSERT_EQ(::send(fd.get(), frame.data(), frame.size(), 0), static_cast<ssize_t>(frame.size()));
  }
  /// Asks on the judge's thread and waits.
  std::uint64_t ask(std::uint64_t (*question)(Bench&)) {
    std::optional<std::uint64_t> answer;
    EXPECT_TRUE(thread
                    .run([&](Bench& bench) {
                      const std::uint64_t value = question(bench);
                      loop.post([&answer, value] { answer = value; });
                    })
                    .ok());
    EXPECT_TRUE(loop.run_until([&] { return answer.has_value(); }, 10s));
    return answer.value_or(0);
  }
  void join(std::uint32_t players) {
    builder.begin(FrameKind::events);
    for (std::uint32_t i = 0; i < players; ++i) {
      const std::string name = "p" + std::to_string(i);
      EventRecord join;
      join.kind = EventKind::join;
      join.handle = i;
      join.profile.max_speed = 5;
      join.name = name;
      builder.add(join);
    }
    send(builder.finish());
  }

  TempDir dir;
  net::Loop loop;
  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  Judge judge{{.max_players = 64}, metrics};
  Ingest ingest{judge, random, metrics, {.allowed_uids = {}, .own_uid = ::getuid()}};
  std::vector<Digest> digests;
  IngestThread thread{
      {.max_tasks = 8, .digest_interval = Millis(5)}, clock, judge, ingest, [this](Digest digest) {
        auto kept = std::make_shared<Digest>(std::move(digest));
        loop.post([this, kept] {
          thread.digest_done();
          digests.push_back(std::move(*kept));
        });
      }};
  sys::Fd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  FrameBuilder builder;
};

TEST_F(IngestThreadTest, JudgesWhatASenderWritesAndAnswersIt) {
  join(1);
  builder.set_time(1'000'000);
  builder.begin(FrameKind::moves);
  for (const float x : {0.0F, 900.0F}) {
    MoveRecord record;
    record.move.sequence = x > 0 ? 2 : 1;
    record.move.client_us = x > 0 ? 50'000 : 0;
    record.offset_us = x > 0 ? 50'000 : 0;
    record.move.position.x = x;
    builder.add(record);
  }
  send(builder.finish());
  std::array<std::uint8_t, 512> answer{};
  const ssize_t got = ::recv(fd.get(), answer.data(), answer.size(), 0);
  FrameView frame;
  ASSERT_EQ(read_frame(Bytes(answer).first(static_cast<std::size_t>(got)), frame),
            FrameFault::none);
  EXPECT_EQ(frame.header.kind, FrameKind::verdicts);
  EXPECT_EQ(read_verdict(frame.payload, 0).rule, RefereeRule::teleport);
  EXPECT_TRUE(loop.run_until(
      [&] {
        for (const Digest& d : digests)
          if (!d.rejected.empty()) return true;
        return false;
      },
      10s))
      << "the loop is told";
}

TEST_F(IngestThreadTest, TheLoopsTasksHaveTheirTurnUnderAFlood) {
  join(50);
  std::atomic<bool> stop{false};
  std::thread flood([&] {
    FrameBuilder own;
    for (std::uint32_t round = 1; !stop; ++round) {
      own.set_time(50'000LL * round);
      own.begin(FrameKind::moves);
      for (std::uint32_t i = 0; i < 50; ++i) {
        MoveRecord record;
        record.handle = i;
        record.move.sequence = round;
        record.move.client_us = 50'000LL * round;
        own.add(record);
      }
      const Bytes frame = own.finish();
      (void)::send(fd.get(), frame.data(), frame.size(), 0);
    }
  });
  std::uint64_t before = 0;
  // Twenty answers can come before the flood has begun: then it goes on until it has.
  const MonoTime give_up = clock.mono() + 10s;
  for (int i = 0; i < 20 || (before == 0 && clock.mono() < give_up); ++i) {
    const std::uint64_t now = ask([](Bench& bench) { return bench.judge.stats().events; });
    EXPECT_GE(now, before);
    before = now;
  }
  stop = true;
  flood.join();
  EXPECT_GT(ask([](Bench& bench) { return bench.judge.stats().events; }), 0U);
}

TEST_F(IngestThreadTest, RefusesTasksWhenItStops) {
  EXPECT_TRUE(thread.run([](Bench&) {}).ok());
  thread.stop();
  EXPECT_EQ(thread.run([](Bench&) {}).error().code, Errc::cancelled);
}

}  // namespace
}  // namespace gk::referee
