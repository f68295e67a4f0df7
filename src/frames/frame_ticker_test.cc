#include "gamekeeper/frame_ticker.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <thread>

#include "gamekeeper/frame_page.h"
#include "gamekeeper/frame_ticker_c.h"
#include "testing/temp_dir.h"

namespace gk {
namespace {

constexpr MonoTime t0{std::chrono::hours(1)};

FramePage page_of(const FrameTicker& ticker) {
  FramePage page;
  EXPECT_EQ(::pread(ticker.fd_for_test(), &page, sizeof page, 0),
            static_cast<ssize_t>(sizeof page));
  return page;
}

/// A daemon that gives one answer.
class Listener {
 public:
  explicit Listener(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_SEQPACKET, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path.c_str());
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd_, 4), 0);
  }
  ~Listener() {
    ::close(fd_);
    if (client_ >= 0) ::close(client_);
  }
  /// Takes one game and answers it; returns what it said.
  std::string answer(const std::string& text) {
    client_ = ::accept(fd_, nullptr, nullptr);
    char buffer[256];
    const ssize_t n = ::recv(client_, buffer, sizeof buffer, 0);
    EXPECT_EQ(::send(client_, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
    return {buffer, static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
  }
  void hang_up() {
    ::close(client_);
    client_ = -1;
  }

 private:
  int fd_, client_ = -1;
};

TEST(FrameTickerTest, WritesCountTimeAndDurationOfEachFrame) {
  auto ticker = FrameTicker::create("arena").value();
  ticker.tick(t0);
  EXPECT_EQ(page_of(ticker).frames, 0U) << "the first call ends no frame";
  ticker.tick(t0 + Micros(16'667));
  ticker.tick(t0 + Micros(50'000));
  const FramePage page = page_of(ticker);
  EXPECT_EQ(page.magic, kFrameMagic);
  EXPECT_EQ(page.slots, kFrameSlots);
  EXPECT_EQ(page.sequence, 6U);
  EXPECT_EQ(page.frames, 2U);
  EXPECT_EQ(page.last_ns, (t0 + Micros(50'000)).time_since_epoch().count());
  EXPECT_EQ(page.ring[0], 16'667U);
  EXPECT_EQ(page.ring[1], 33'333U);
}

TEST(FrameTickerTest, GoesRoundItsRingAndCutsWhatDoesNotFit) {
  auto ticker = FrameTicker::create("arena").value();
  MonoTime now = t0;
  for (std::uint32_t i = 0; i <= kFrameSlots; ++i) ticker.tick(now += Millis(1));
  ticker.tick(now += std::chrono::hours(2));
  const FramePage page = page_of(ticker);
  EXPECT_EQ(page.frames, kFrameSlots + 1U);
  EXPECT_EQ(page.ring[0], 0xffff'ffffU);
  EXPECT_EQ(page.ring[1], 1000U);
}

TEST(FrameTickerTest, SealsItsMemoryAgainstEverybody) {
  const auto ticker = FrameTicker::create("arena").value();
  EXPECT_NE(::ftruncate(ticker.fd_for_test(), 0), 0);
  EXPECT_NE(::ftruncate(ticker.fd_for_test(), 8192), 0);
}

TEST(FrameTickerTest, RefusesNamesThatTheDaemonWouldRefuse) {
  for (const std::string& bad : {std::string(), std::string("A"), std::string("a b"),
                                 std::string("a\n"), std::string(65, 'a')}) {
    EXPECT_EQ(FrameTicker::create(bad).error().code, Errc::invalid_argument) << bad;
  }
  EXPECT_TRUE(FrameTicker::create(std::string(64, 'a')));
}

TEST(FrameTickerTest, CountsWithoutADaemonAndFindsItLater) {
  const TempDir dir;
  const std::string path = dir / "frames.sock";
  auto ticker = FrameTicker::create("arena").value();
  EXPECT_EQ(ticker.connect(path).error().code, Errc::unavailable);
  ticker.tick();
  ticker.tick();
  EXPECT_EQ(page_of(ticker).frames, 1U);
  Listener daemon(path);
  std::string said;
  std::thread answering([&] { said = daemon.answer("ok"); });
  EXPECT_TRUE(ticker.connect(path).ok());
  answering.join();
  EXPECT_EQ(said, "frames arena");
  EXPECT_TRUE(ticker.connected());
  EXPECT_TRUE(ticker.connect("/nowhere").ok()) << "has one already";
  daemon.hang_up();
  EXPECT_FALSE(ticker.connected());
}

TEST(FrameTickerTest, SaysWhyTheDaemonRefused) {
  const TempDir dir;
  const std::string path = dir / "frames.sock";
  Listener daemon(path);
  auto ticker = FrameTicker::create("arena").value();
  for (const auto& [text, code, message] :
       {std::tuple{"error already_exists taken", Errc::already_exists, "taken"},
        std::tuple{"error new_code why", Errc::unavailable, "why"},
        std::tuple{"error", Errc::unavailable, "the daemon's answer was not understood"}}) {
    std::thread answering([&] { (void)daemon.answer(text); });
    const auto refused = ticker.connect(path);
    answering.join();
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, code);
    EXPECT_EQ(refused.error().message, message);
    EXPECT_FALSE(ticker.connected());
  }
}

TEST(FrameTickerC, DoesWhatTheClassDoes) {
  EXPECT_EQ(gk_frame_ticker_create("Not This"), nullptr);
  EXPECT_EQ(gk_frame_ticker_create(nullptr), nullptr);
  gk_frame_ticker* const ticker = gk_frame_ticker_create("arena");
  ASSERT_NE(ticker, nullptr);
  gk_frame_ticker_tick(ticker);
  EXPECT_EQ(gk_frame_ticker_connected(ticker), 0);
  EXPECT_EQ(gk_frame_ticker_connect(ticker, "/nowhere/frames.sock"),
            static_cast<int32_t>(Errc::unavailable));
  EXPECT_NE(std::string(gk_frame_ticker_error(ticker)).find("/nowhere"), std::string::npos);
  EXPECT_EQ(gk_frame_ticker_connect(ticker, nullptr), static_cast<int32_t>(Errc::invalid_argument));
  gk_frame_ticker_destroy(ticker);
}

}  // namespace
}  // namespace gk
