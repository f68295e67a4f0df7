// The fence and the places in flight, judged by what reaches the game, not by what was answered.
// The same file with a planted bug of mutant.h must fail: tests/games_mutants.cmake.
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "games/failing_memory_test.h"
#include "games/mutant.h"
#include "games/service_fixture_test.h"
#include "sys/files.h"

namespace gk::games {
namespace {

#ifdef GK_GAMES_MUTANTS
const bool mutant_is_set = [] {
  const char* wanted = std::getenv("GK_GAMES_MUTANT");
  if (wanted != nullptr) active_mutant_for_test = static_cast<MutantForTest>(std::atoi(wanted));
  return true;
}();
#endif

using Lines = std::vector<std::string>;

constexpr const char* kEcho = "cat";
// Reads one line and then no more: what follows stays unanswered.
constexpr const char* kDeaf = "read line; sleep 60";

/// A program that keeps every line that reaches it.
class FenceTest : public GameServiceTest {
 protected:
  void SetUp() override {
    GameServiceTest::SetUp();
    char name[] = "/tmp/gk-fence-XXXXXX";
    folder = ::mkdtemp(name);
    file = folder + "/received";
  }
  void TearDown() override {
    GameServiceTest::TearDown();
    std::filesystem::remove_all(folder);
  }
  void add_keeper(bool replies, double rate = 1000, std::int64_t burst = 1000) {
    add("while read -r line; do echo \"$line\" >> " + file + (replies ? "; echo \"$line\"" : "") +
            "; done",
        rate, burst);
  }
  /// Without the lines that the link sends to find the end of an answer.
  Lines received() const {
    Lines out;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
      if (!line.starts_with("gk")) out.push_back(line);
    }
    return out;
  }

  std::string folder, file;
};

/// A Teeworlds console that lets everybody in, keeps what it is told and never answers it.
class SilentEcon {
 public:
  explicit SilentEcon(net::Loop& loop) : loop_(loop) {
    listener_ = sys::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    const bool good = ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&at), size) == 0 &&
                      ::listen(listener_.get(), 4) == 0 &&
                      ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&at), &size) == 0;
    EXPECT_TRUE(good);
    port = ntohs(at.sin_port);
    accepts_ = loop_.watch_readable(listener_.get(), [this] { on_client(); });
  }

  Lines received;
  std::uint16_t port = 0;

 private:
  void on_client() {
    reads_ = {};
    client_ = sys::Fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    say("Enter password:\n");
    reads_ = loop_.watch_readable(client_.get(), [this] { on_bytes(); });
  }
  void on_bytes() {
    char buffer[4096];
    const ssize_t n = ::read(client_.get(), buffer, sizeof buffer);
    if (n <= 0) return reads_.cancel();
    text_.append(buffer, static_cast<std::size_t>(n));
    for (std::size_t end = 0; (end = text_.find('\n')) != std::string::npos;) {
      const std::string line = text_.substr(0, end);
      text_.erase(0, end + 1);
      if (!std::exchange(knows_him_, true)) {
        say("Authentication successful. External console access granted.\n");
      } else if (!line.starts_with("echo gk")) {
        received.push_back(line);
      }
    }
  }
  void say(std::string_view text) {
    const std::string bytes = std::string(text) + std::string(2, '\0');
    EXPECT_EQ(::write(client_.get(), bytes.data(), bytes.size()), std::ssize(bytes));
  }

  net::Loop& loop_;
  sys::Fd listener_, client_;
  net::Handle accepts_, reads_;
  std::string text_;
  bool knows_him_ = false;
};

/// A game with four places in flight whose only query is "status".
class PipelineTest : public GameServiceTest {
 protected:
  void SetUp() override {
    GameServiceTest::SetUp();
    server = std::make_unique<SilentEcon>(loop);
    Complaints complaints;
    const GameSettings game = read_settings(
        parse_json(R"({"kind":"teeworlds","in_flight":4,"queries":["status"],"port":)" +
                   std::to_string(server->port) + "}")
            .value(),
        "prog", {}, complaints);
    ASSERT_TRUE(complaints.empty()) << complaints.front().second;
    service->put(game, "secret", [](const Result<void>&) {});
    ASSERT_TRUE(until([&] {
      const auto health = service->health("prog");  // None until the game is stored.
      return health && health->state == "ready";
    }));
  }
  void TearDown() override {
    GameServiceTest::TearDown();
    server.reset();
  }

  std::unique_ptr<SilentEcon> server;
};

TEST_F(FenceTest, ExactlyWhatWasWrittenBeforeItReachesTheGame) {
  add_keeper(true, 20, 1);  // 50 ms apart: most of them wait.
  Lines all;
  for (int i = 0; i < 10; ++i) send(all.emplace_back("n" + std::to_string(i)));
  ASSERT_TRUE(until([&] { return commands.size() >= 2; }));
  const std::size_t dropped = service->fence("macro:m");
  const auto late = send("late"), other = send("end", "user:x");
  ASSERT_TRUE(until([&] { return answered(other); }));
  loop.run_for(200ms);  // Four more turns of the pace.
  EXPECT_EQ(error(late), Errc::cancelled);
  Lines expected(all.begin(), all.end() - static_cast<std::ptrdiff_t>(dropped));
  expected.emplace_back("end");
  EXPECT_EQ(received(), expected);
  EXPECT_GE(dropped, 5U) << "most of them waited, or the test shows nothing";
}
// The control of the test above: without the fence all of them reach it.
TEST_F(FenceTest, EverythingReachesTheGameWithoutAFence) {
  add_keeper(true, 20, 1);
  Lines all;
  for (int i = 0; i < 10; ++i) send(all.emplace_back("n" + std::to_string(i)));
  ASSERT_TRUE(until([&] { return commands.size() == 10; }));
  EXPECT_EQ(received(), all);
}
TEST_F(FenceTest, TheOneThatHoldsTheLaneIsNotWritten) {
  add_keeper(true, 2, 1);
  const auto first = send("first");
  ASSERT_TRUE(until([&] { return answered(first); }));
  const auto holds = send("holds");  // It has the lane and waits 500 ms for the pace.
  loop.run_for(50ms);
  EXPECT_EQ(service->fence("macro:m"), 1U);
  EXPECT_EQ(error(holds), Errc::cancelled);
  loop.run_for(700ms);
  EXPECT_EQ(received(), Lines{"first"});
}
TEST_F(FenceTest, ACommandBeyondThePlacesInFlightWaits) {
  add_keeper(false);
  const auto written = send("a"), waiting = send("b", "user:x", 400ms);
  ASSERT_TRUE(until([&] { return answered(waiting); }));
  EXPECT_EQ(error(waiting), Errc::deadline_exceeded);
  EXPECT_FALSE(answered(written));
  EXPECT_EQ(received(), Lines{"a"});
}
TEST_F(PipelineTest, QueriesFillThePlacesAndTheNextWaits) {
  for (int i = 0; i < 5; ++i) send("status");
  ASSERT_TRUE(until([&] { return server->received.size() >= 4; }));
  loop.run_for(100ms);
  EXPECT_EQ(server->received, Lines(4, "status"));
}
TEST_F(PipelineTest, OneCommandThatMayChangeTheGameIsUnansweredAtATime) {
  send("status");
  send("say a");
  send("status");
  send("say b");
  send("status");
  ASSERT_TRUE(until([&] { return server->received.size() >= 3; }));
  loop.run_for(100ms);
  EXPECT_EQ(server->received, (Lines{"status", "say a", "status"})) << "the last keep their order";
}
TEST_F(PipelineTest, AFenceLeavesOneSuchCommandUnanswered) {
  for (int i = 0; i < 6; ++i) send("say " + std::to_string(i));
  ASSERT_TRUE(until([&] { return !server->received.empty(); }));
  EXPECT_EQ(service->fence("macro:m"), 5U);
  send("status", "user:x");
  ASSERT_TRUE(until([&] { return server->received.size() >= 2; }));
  loop.run_for(100ms);
  EXPECT_EQ(server->received, (Lines{"say 0", "status"}));
}

TEST_F(GameServiceTest, FenceDropsWhatWaitsAndRefusesWhatComes) {
  add(kDeaf);
  const auto written = send("a"), waiting = send("b"), other = send("c", "macro:other", 500ms);
  loop.run_for(50ms);
  EXPECT_EQ(service->fence("macro:m"), 1U) << "what is written already stays";
  EXPECT_EQ(error(waiting), Errc::cancelled);
  EXPECT_FALSE(answered(written));
  EXPECT_EQ(error(send("d")), Errc::cancelled);
  ASSERT_TRUE(until([&] { return answered(other); }));
  EXPECT_EQ(error(other), Errc::deadline_exceeded) << "others are not touched";
}
TEST_F(GameServiceTest, FenceNeedsNoMemory) {
  add(kEcho, 0.1, 1);
  const auto first = send("a");
  ASSERT_TRUE(until([&] { return answered(first); }));
  const auto paced = send("b"), queued = send("c");
  set_memory_is_gone(true);
  const std::size_t dropped = service->fence("macro:m");
  set_memory_is_gone(false);
  EXPECT_EQ(dropped, 2U);
  EXPECT_EQ(error(paced), Errc::cancelled);
  EXPECT_EQ(error(queued), Errc::cancelled);
}
TEST_F(GameServiceTest, LaneIsFreeAgainAfterAFence) {
  add(kEcho, 5, 1);
  const auto first = send("a");
  ASSERT_TRUE(until([&] { return answered(first); }));
  send("b");
  loop.run_for(20ms);
  service->fence("macro:m");
  const auto other = send("c", "user:x");
  ASSERT_TRUE(until([&] { return answered(other); }));
  EXPECT_EQ(text(other), "c");
  service->lift_fence("macro:m");
  const auto again = send("d");
  ASSERT_TRUE(until([&] { return answered(again); }));
  EXPECT_EQ(text(again), "d");
}

}  // namespace
}  // namespace gk::games
