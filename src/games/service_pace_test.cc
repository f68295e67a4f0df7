// That a lane's pace follows its game, by when commands reach a server of the admin port of
// OpenTTD. The rule itself: rules/pace_guard_test.cc.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "games/service_fixture_test.h"
#include "sys/files.h"

namespace gk::games {
namespace {

using namespace std::string_literals;

std::string packet(int type, const std::string& body) {
  const std::size_t size = body.size() + 3;
  return std::string{static_cast<char>(size & 0xFF), static_cast<char>(size >> 8),
                     static_cast<char>(type)} +
         body;
}

/// Lets everybody in, answers every command with nothing, and has days when it is told to.
class CalendarServer {
 public:
  explicit CalendarServer(net::Loop& loop) : loop_(loop) {
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
  void day() {
    ++day_;
    say(packet(107, {static_cast<char>(day_ & 0xFF), static_cast<char>(day_ >> 8), 0, 0}));
  }

  /// As a server that is started again.
  void hang_up() {
    reads_.cancel();
    client_ = {};
    bytes_.clear();
  }

  std::uint16_t port = 0;

 private:
  void on_client() {
    client_ = sys::Fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    reads_ = loop_.watch_readable(client_.get(), [this] { on_bytes(); });
  }
  void on_bytes() {
    char buffer[4096];
    const ssize_t n = ::read(client_.get(), buffer, sizeof buffer);
    if (n <= 0) return reads_.cancel();
    bytes_.append(buffer, static_cast<std::size_t>(n));
    while (bytes_.size() >= 3) {
      const auto size =
          static_cast<unsigned char>(bytes_[0]) + 256UL * static_cast<unsigned char>(bytes_[1]);
      if (bytes_.size() < size) return;
      const int type = bytes_[2];
      const std::string body = bytes_.substr(3, size - 3);
      bytes_.erase(0, size);
      if (type == 0) say(packet(103, "\x02\0"s) + packet(104, "gk\0"s));
      if (type == 5) say(packet(125, body));
      if (type == 7) say(packet(126, body));
    }
  }
  void say(const std::string& bytes) {
    EXPECT_EQ(::write(client_.get(), bytes.data(), bytes.size()), std::ssize(bytes));
  }

  net::Loop& loop_;
  sys::Fd listener_, client_;
  net::Handle accepts_, reads_;
  std::string bytes_;
  int day_ = 0;
};

/// A game of 100 commands a second, one at a time, whose days the test makes.
class PaceTest : public GameServiceTest {
 protected:
  void SetUp() override {
    GameServiceTest::SetUp();
    server = std::make_unique<CalendarServer>(loop);
    put(R"("rate_per_s":100,"burst":1)");
    ASSERT_TRUE(until([&] {
      const auto health = service->health("prog");  // None until the game is stored.
      return health && health->state == "ready";
    }));
    server->day();
    day_of(2220ms);
  }
  void TearDown() override {
    GameServiceTest::TearDown();
    server.reset();
  }
  void put(const std::string& more) {
    Complaints complaints;
    const GameSettings* old = service->settings("prog");
    const GameSettings game = read_settings(
        parse_json(R"({"kind":"openttd","port":)" + std::to_string(server->port) + "," + more + "}")
            .value(),
        "prog", old == nullptr ? GameSettings{} : *old, complaints);
    ASSERT_TRUE(complaints.empty()) << complaints.front().second;
    bool stored = false;
    service->put(game, std::nullopt, [&](const Result<void>& result) { stored = result.ok(); });
    ASSERT_TRUE(until([&] { return stored; }));
  }
  /// A day ends that took at least `length` since the last one.
  void day_of(Nanos length) {
    const MonoTime now = clock.mono();
    clock.skipped += std::max(Nanos(0), length - (now - day_ended));
    day_ended = clock.mono();
    const auto before = signals.size();
    server->day();
    if (std::exchange(first_day, false)) {
      loop.run_for(50ms);  // It has no length yet, and gives no signal.
    } else {
      ASSERT_TRUE(until([&] { return signals.size() > before; }));
    }
  }
  Nanos time_of(int count) {
    const MonoTime start = clock.mono();
    std::size_t last = 0;
    for (int i = 0; i < count; ++i) last = send("getdate");
    EXPECT_TRUE(until([&] { return answered(last); }));
    return clock.mono() - start;
  }
  /// A day on time, and one that is late with 32 commands in it.
  void fall_behind() {
    day_of(2220ms);
    day_of(2220ms);
    time_of(32);
    day_of(2700ms);
  }
  double pace() const {
    const auto json = parse_json(service->game_json("prog").value()).value();
    return json.find("health")->find("pace_per_s")->as_number();
  }
  bool console_has(const std::string& text) const {
    return service->history_json("prog", 0, 500).value().find(text) != std::string::npos;
  }

  std::unique_ptr<CalendarServer> server;
  MonoTime day_ended{};
  bool first_day = true;
};

TEST_F(PaceTest, AGameThatFallsBehindGetsItsCommandsSlower) {
  EXPECT_LT(time_of(3), 90ms);
  fall_behind();
  EXPECT_EQ(pace(), 10);
  EXPECT_TRUE(console_has("pace 10/s of 100/s: the game is behind"));
  EXPECT_GE(time_of(3), 190ms) << "100 ms between two";
  EXPECT_NE(metrics.text().find("gamekeeper_game_pace_cuts_total 1"), std::string::npos);
  EXPECT_NE(metrics.text().find("gamekeeper_games_slowed 1"), std::string::npos);
}
TEST_F(PaceTest, AGameOnTimeKeepsItsPace) {
  for (int day = 0; day < 5; ++day) {
    time_of(16);
    day_of(2228ms);
  }
  EXPECT_EQ(pace(), 100);
  EXPECT_LT(time_of(3), 90ms);
}
TEST_F(PaceTest, GetsItsPaceBackAndSaysSo) {
  fall_behind();
  for (int day = 0; day < 60; ++day) day_of(2220ms);
  EXPECT_EQ(pace(), 100);
  EXPECT_TRUE(console_has("\"text\":\"pace 100/s\""));
  EXPECT_NE(metrics.text().find("gamekeeper_games_slowed 0"), std::string::npos);
}
// What was sent before the link was lost does not make the first day after it late.
TEST_F(PaceTest, AServerThatComesBackIsNotJudgedByItsDaysBefore) {
  day_of(2220ms);
  day_of(2220ms);
  for (int i = 0; i < 4; ++i) time_of(32);
  server->hang_up();
  ASSERT_TRUE(until([&] { return service->health("prog")->state != "ready"; }));
  ASSERT_TRUE(until([&] { return service->health("prog")->state == "ready"; }));
  first_day = true;
  day_of(2220ms);
  day_of(2700ms);
  EXPECT_EQ(pace(), 100);
}
TEST_F(PaceTest, SwitchedOffItDoesNothing) {
  put(R"("adaptive_pace":false)");
  fall_behind();
  EXPECT_EQ(pace(), 100);
  EXPECT_LT(time_of(3), 90ms);
}
TEST_F(PaceTest, SwitchingItOffGivesThePaceBackAtOnce) {
  fall_behind();
  ASSERT_EQ(pace(), 10);
  put(R"("adaptive_pace":false)");
  EXPECT_EQ(pace(), 100);
  EXPECT_LT(time_of(3), 190ms);
}
TEST_F(PaceTest, OtherSettingsDoNotChangeIt) {
  fall_behind();
  put(R"("allow":["getdate"])");
  EXPECT_EQ(pace(), 10);
}

}  // namespace
}  // namespace gk::games
