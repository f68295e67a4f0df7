#include "gamekeeper/external_macro.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>

#include "external/unix_http.h"
#include "gamekeeper/external_macro_c.h"
#include "testing/temp_dir.h"

namespace gk {
namespace {

using namespace std::chrono_literals;

std::string answer(int status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// A daemon that gives one prepared answer after another; without one it keeps the caller waiting.
class FakeDaemon {
 public:
  explicit FakeDaemon(std::string path) : path_(std::move(path)) { listen(); }
  ~FakeDaemon() { stop(); }

  void listen() {
    ::unlink(path_.c_str());
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    ASSERT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(listener_, 8), 0);
    over_ = false;
    thread_ = std::thread([this] { serve(); });
  }
  void stop() {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    changed_.notify_all();
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    ::unlink(path_.c_str());
  }
  void give(std::string bytes) {
    const std::lock_guard lock(mutex_);
    answers_.push_back(std::move(bytes));
    changed_.notify_all();
  }
  std::string seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  void serve() {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      char bytes[4096];
      const ssize_t n = ::recv(fd, bytes, sizeof bytes, 0);
      std::unique_lock lock(mutex_);
      seen_.append(bytes, n > 0 ? static_cast<std::size_t>(n) : 0);
      changed_.wait(lock, [&] { return over_ || !answers_.empty() || closed(fd); });
      if (!over_ && !answers_.empty()) {
        const std::string out = std::move(answers_.front());
        answers_.pop_front();
        (void)!::send(fd, out.data(), out.size(), MSG_NOSIGNAL);
      }
      ::close(fd);
      if (over_) return;
    }
  }
  static bool closed(int fd) {
    char byte = 0;
    return ::recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
  }

  const std::string path_;
  int listener_ = -1;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> answers_;
  std::string seen_;
  bool over_ = false;
  std::thread thread_;
};

class ExternalMacroTest : public testing::Test {
 protected:
  Result<std::unique_ptr<ExternalMacro>> start() {
    return start_macro("heal", "Heal Macro",
                       [this](const ExternalChange& change) {
                         const std::lock_guard lock(mutex);
                         told += std::string(external_state_name(change.state)) + ":" +
                                 change.reason + " ";
                       },
                       {.socket = socket, .token = "gk_pat_x"});
  }
  /// Waits until the callback has said that.
  bool hears(const std::string& what) {
    for (int i = 0; i < 500; ++i) {
      {
        const std::lock_guard lock(mutex);
        if (told.find(what) != std::string::npos) return true;
      }
      std::this_thread::sleep_for(10ms);
    }
    ADD_FAILURE() << "heard only: " << told;
    return false;
  }
  TempDir dir;
  const std::string socket = (dir.path() / "d.sock").string();
  std::mutex mutex;
  std::string told;
};

TEST_F(ExternalMacroTest, RegistersWithWhatItWasGiven) {
  FakeDaemon daemon(socket);
  daemon.give(answer(201, "{}"));
  auto macro = start();
  ASSERT_TRUE(macro) << macro.error().message;
  EXPECT_EQ((*macro)->state(), ExternalState::running);
  const std::string seen = daemon.seen();
  EXPECT_NE(seen.find("POST /api/v1/macro-safety/start HTTP/1.1\r\n"), std::string::npos) << seen;
  EXPECT_NE(seen.find("Authorization: Bearer gk_pat_x\r\n"), std::string::npos) << seen;
  EXPECT_NE(seen.find(R"({"macro_id":"heal","macro_name":"Heal Macro"})"), std::string::npos);
}

TEST_F(ExternalMacroTest, TellsTheEndOnceAndWithItsReason) {
  FakeDaemon daemon(socket);
  daemon.give(answer(201, "{}"));
  auto macro = start();
  ASSERT_TRUE(macro);
  daemon.give(answer(200, R"({"macro_id":"heal","state":"running","reason":null})"));  // Timed out.
  daemon.give(answer(200, R"({"state":"cancelled","reason":"Duration exceeded: 61 s > 60 s"})"));
  ASSERT_TRUE(hears("cancelled:Duration exceeded: 61 s > 60 s "));
  EXPECT_EQ((*macro)->state(), ExternalState::cancelled);
  macro->reset();
  EXPECT_EQ(daemon.seen().find("/stop/heal"), std::string::npos) << "it has ended already";
}

TEST_F(ExternalMacroTest, IsTakenBackWhenItIsDestroyed) {
  FakeDaemon daemon(socket);
  daemon.give(answer(201, "{}"));
  auto macro = start();
  ASSERT_TRUE(macro);
  std::thread later([&] {
    std::this_thread::sleep_for(50ms);
    daemon.give(answer(200, "{}"));
    daemon.give(answer(200, "{}"));
  });
  macro->reset();
  later.join();
  EXPECT_NE(daemon.seen().find("POST /api/v1/macro-safety/stop/heal "), std::string::npos);
  EXPECT_EQ(told, "");
}

TEST_F(ExternalMacroTest, RegistersAgainWithADaemonThatWasRestarted) {
  auto daemon = std::make_unique<FakeDaemon>(socket);
  daemon->give(answer(201, "{}"));
  auto macro = start();
  ASSERT_TRUE(macro);
  daemon->stop();
  ASSERT_TRUE(hears("unwatched:"));
  EXPECT_EQ((*macro)->state(), ExternalState::unwatched);
  daemon->listen();
  daemon->give(answer(404, R"({"detail":"macro heal does not run"})"));
  daemon->give(answer(201, "{}"));
  ASSERT_TRUE(hears("running:"));
}

TEST_F(ExternalMacroTest, IsTakenBackAlsoWhileTheDaemonDoesNotAnswerWell) {
  FakeDaemon daemon(socket);
  daemon.give(answer(201, "{}"));
  auto macro = start();
  ASSERT_TRUE(macro);
  daemon.give(answer(503, R"({"detail":"too many programs wait"})"));
  ASSERT_TRUE(hears("unwatched:too many programs wait"));
  daemon.give(answer(200, "{}"));
  daemon.give(answer(200, "{}"));
  macro->reset();
  EXPECT_NE(daemon.seen().find("POST /api/v1/macro-safety/stop/heal "), std::string::npos);
}

TEST_F(ExternalMacroTest, IsRefusedForGoodByADaemonThatQuarantinesIt) {
  FakeDaemon daemon(socket);
  daemon.give(answer(201, "{}"));
  auto macro = start();
  ASSERT_TRUE(macro);
  daemon.give(answer(404, "{}"));
  daemon.give(answer(409, R"({"detail":"macro heal is in quarantine for 30 s"})"));
  ASSERT_TRUE(hears("refused:macro heal is in quarantine for 30 s "));
}

TEST_F(ExternalMacroTest, DoesNotTakeNonsenseForPermission) {
  FakeDaemon daemon(socket);
  daemon.give(answer(201, "{}"));
  auto macro = start();
  ASSERT_TRUE(macro);
  daemon.give("SSH-2.0-OpenSSH\r\n\r\n");
  ASSERT_TRUE(hears("unwatched:the daemon's answer was not understood"));
  daemon.give(answer(200, R"({"state":"dancing"})"));
  daemon.give(answer(200, "not json"));
  daemon.give(answer(200, R"({"state":"stopped","reason":"by ada"})"));
  ASSERT_TRUE(hears("stopped:by ada "));
  EXPECT_EQ(told.find("running"), std::string::npos) << told;
}

TEST_F(ExternalMacroTest, SaysWhyItCannotStart) {
  EXPECT_EQ(start().error().code, Errc::unavailable);
  EXPECT_EQ(start_macro("Heal!", "", {}, {.socket = socket}).error().code, Errc::invalid_argument);
  EXPECT_EQ(start_macro("heal", "", {}, {.socket = socket, .token = "a\r\nb"}).error().code,
            Errc::invalid_argument);
  EXPECT_EQ(start_macro("heal", "", {}, {.socket = std::string(200, 'a')}).error().code,
            Errc::invalid_argument);
  FakeDaemon daemon(socket);
  const std::pair<int, Errc> refusals[] = {
      {400, Errc::invalid_argument},   {401, Errc::unauthenticated},
      {403, Errc::permission_denied},  {409, Errc::failed_precondition},
      {429, Errc::resource_exhausted}, {500, Errc::internal},
      {503, Errc::unavailable}};
  for (const auto& [status, code] : refusals) {
    daemon.give(answer(status, R"({"detail":"why"})"));
    const auto refused = start();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, code) << status;
    EXPECT_EQ(refused.error().message, "why");
  }
}

TEST_F(ExternalMacroTest, SpeaksC) {
  FakeDaemon daemon(socket);
  daemon.give(answer(201, "{}"));
  std::atomic<int> state = -1;
  const auto changed = [](void* user, int now, const char*) {
    *static_cast<std::atomic<int>*>(user) = now;
  };
  const gk_macro_options options{socket.c_str(), nullptr, nullptr, nullptr, nullptr, 0};
  gk_macro* macro = nullptr;
  char why[128] = "";
  ASSERT_EQ(gk_start_macro("heal", nullptr, changed, &state, &options, &macro, why, sizeof why), 0)
      << why;
  EXPECT_EQ(gk_macro_state(macro), GK_MACRO_RUNNING);
  daemon.give(answer(200, R"({"state":"stopped"})"));
  for (int i = 0; i < 500 && state != GK_MACRO_STOPPED; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(state, GK_MACRO_STOPPED);
  gk_macro_destroy(macro);
  EXPECT_EQ(gk_start_macro("NO", nullptr, changed, &state, &options, &macro, why, sizeof why),
            static_cast<int>(Errc::invalid_argument));
  EXPECT_EQ(macro, nullptr);
  EXPECT_STREQ(why, "macro_id: expected 1 to 64 of a-z, 0-9, _ and -");
  EXPECT_NE(gk_start_macro(nullptr, nullptr, nullptr, nullptr, nullptr, &macro, nullptr, 0), 0);
  gk_macro_destroy(nullptr);
}

TEST(UnixHttpTest, ReadsAnAnswerInPieces) {
  const std::string whole = answer(200, "12345");
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const auto parsed = external::parse_answer(whole.substr(0, n));
    ASSERT_TRUE(parsed) << n;
    EXPECT_FALSE(parsed->complete) << n;
  }
  const auto parsed = external::parse_answer(whole);
  ASSERT_TRUE(parsed && parsed->complete);
  EXPECT_EQ(parsed->answer.status, 200);
  EXPECT_EQ(parsed->answer.body, "12345");
  EXPECT_TRUE(external::parse_answer("HTTP/1.1 204 No Content\r\n\r\n")->complete);
}

TEST(UnixHttpTest, RefusesWhatIsNoAnswer) {
  for (const char* bytes :
       {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 x\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    EXPECT_EQ(external::parse_answer(bytes).error().code, Errc::data_loss) << bytes;
  }
}

}  // namespace
}  // namespace gk
