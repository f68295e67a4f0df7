// The client against a daemon that a test plays: one connection a request, answered as told.
#include "gamekeeper/macros.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "gamekeeper/macros_c.h"
#include "macros/client/daemon_call.h"
#include "testing/temp_dir.h"

namespace gk {
namespace {

using macro_client::json_text;
using macro_client::member_text;

std::string http(int status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string state(const std::string& state, const std::string& reason = "") {
  return http(200, "{\"macro_id\":\"heal\",\"state\":\"" + state +
                       "\",\"reason\":" + (reason.empty() ? "null" : json_text(reason)) + "}");
}

/// Answers requests whose target contains a word, each answer once; the last for ever. A poll
/// without an answer is held until there is one.
class FakeDaemon {
 public:
  explicit FakeDaemon(std::string path) : path_(std::move(path)) {
    answers_["start"] = {http(201, "{\"macro_id\":\"heal\"}")};
    answers_["stop"] = {http(200, "{}")};
    open();
  }
  ~FakeDaemon() { close(); }

  void open() {
    ::unlink(path_.c_str());
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    ends_ = false;
    thread_ = std::thread([this] { serve(); });
  }
  void close() {
    if (ends_.exchange(true)) return;
    changed_.notify_all();
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    ::unlink(path_.c_str());
  }
  void answer(const std::string& word, std::string bytes) {
    const std::lock_guard lock(mutex_);
    answers_[word].push_back(std::move(bytes));
    changed_.notify_all();
  }
  void replace(const std::string& word, std::string bytes) {
    const std::lock_guard lock(mutex_);
    answers_[word] = {std::move(bytes)};
    changed_.notify_all();
  }
  std::vector<std::string> requests(const std::string& word) {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const auto& request : seen_) {
      if (request.substr(0, request.find('\r')).find(word) != std::string::npos) {
        out.push_back(request);
      }
    }
    return out;
  }

 private:
  void serve() {
    for (;;) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      std::string request;
      char buffer[4096];
      while (request.find("\r\n\r\n") == std::string::npos) {
        const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
        if (n <= 0) break;
        request.append(buffer, static_cast<std::size_t>(n));
      }
      const std::string bytes = answer_to(request, fd);
      (void)!::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      ::close(fd);
    }
  }
  std::string answer_to(const std::string& request, int fd) {
    std::unique_lock lock(mutex_);
    seen_.push_back(request);
    const std::string target = request.substr(0, request.find('\r'));
    for (auto& [word, list] : answers_) {
      if (target.find("/" + word) == std::string::npos) continue;
      std::string out = list.front();
      if (list.size() > 1) list.pop_front();
      return out;
    }
    for (;;) {  // A long poll: until there is an answer, or it hangs up.
      if (ends_) return {};
      if (auto& polls = answers_["external"]; !polls.empty()) {
        std::string out = polls.front();
        polls.pop_front();
        if (polls.empty()) answers_.erase("external");
        return out;
      }
      answers_.erase("external");
      pollfd gone{fd, POLLIN | POLLRDHUP, 0};
      if (::poll(&gone, 1, 0) > 0) return {};
      changed_.wait_for(lock, std::chrono::milliseconds(5));
    }
  }

  const std::string path_;
  int listener_ = -1;
  std::thread thread_;
  std::atomic<bool> ends_ = true;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::deque<std::string>> answers_;
  std::vector<std::string> seen_;
};

class MacroClientTest : public testing::Test {
 protected:
  Macro::Changed hear() {
    return [this](MacroChange change, const std::string& reason) {
      const std::lock_guard lock(mutex);
      heard.emplace_back(change, reason);
      news.notify_all();
    };
  }
  /// True when `n` calls came in time.
  bool heard_in_time(std::size_t n) {
    std::unique_lock lock(mutex);
    return news.wait_for(lock, std::chrono::seconds(5), [&] { return heard.size() >= n; });
  }
  MacroOptions options() const {
    return {.socket = dir / "sock",
            .reply_deadline = Millis(1'000),
            .first_retry = Millis(5),
            .last_retry = Millis(20)};
  }
  TempDir dir;
  std::mutex mutex;
  std::condition_variable news;
  std::vector<std::pair<MacroChange, std::string>> heard;
  FakeDaemon daemon{dir / "sock"};
};

TEST_F(MacroClientTest, RegistersAndEndsAtTheDaemon) {
  {
    auto options = this->options();
    options.pid = 4711;
    const auto macro = start_macro("heal", "Heal \"Macro\"", hear(), options);
    ASSERT_TRUE(macro) << macro.error().message;
    EXPECT_TRUE((*macro)->may_act());
    const auto starts = daemon.requests("/start");
    ASSERT_EQ(starts.size(), 1U);
    EXPECT_NE(starts[0].find("{\"macro_id\":\"heal\",\"macro_name\":\"Heal \\\"Macro\\\"\","
                             "\"pid\":4711}"),
              std::string::npos)
        << starts[0];
    EXPECT_TRUE(daemon.requests("/stop").empty());
  }
  EXPECT_EQ(daemon.requests("/stop/heal").size(), 1U);
  EXPECT_TRUE(heard.empty());
}

TEST_F(MacroClientTest, TellsEachChangeInItsOrderAndEndsAfterTheCancellation) {
  const auto macro = start_macro("heal", "", hear(), options());
  ASSERT_TRUE(macro);
  daemon.answer("external", state("running"));  // A poll that was over: no news.
  daemon.answer("external", state("paused", "fps"));
  ASSERT_TRUE(heard_in_time(1));
  EXPECT_FALSE((*macro)->may_act());
  daemon.answer("external", state("running"));
  ASSERT_TRUE(heard_in_time(2));
  EXPECT_TRUE((*macro)->may_act());
  daemon.answer("external", state("cancelled", "Duration exceeded: 61 s > 60 s"));
  ASSERT_TRUE(heard_in_time(3));
  EXPECT_EQ(heard[0], std::pair(MacroChange::paused, std::string("fps")));
  EXPECT_EQ(heard[1].first, MacroChange::resumed);
  EXPECT_EQ(heard[2],
            std::pair(MacroChange::cancelled, std::string("Duration exceeded: 61 s > 60 s")));
  EXPECT_FALSE((*macro)->may_act());
}

TEST_F(MacroClientTest, RegistersAnewWhenTheDaemonComesBack) {
  const auto macro = start_macro("heal", "", hear(), options());
  ASSERT_TRUE(macro);
  daemon.close();
  ASSERT_TRUE(heard_in_time(1));
  EXPECT_EQ(heard[0].first, MacroChange::lost);
  daemon.open();
  ASSERT_TRUE(heard_in_time(2));
  EXPECT_EQ(heard[1].first, MacroChange::regained);
  EXPECT_GE(daemon.requests("/start").size(), 2U);
  daemon.answer("external", state("cancelled", "fps"));
  ASSERT_TRUE(heard_in_time(3));
  EXPECT_EQ(heard[2].first, MacroChange::cancelled);
}

TEST_F(MacroClientTest, GoesOnWhenTheDaemonKnowsItStill) {
  const auto macro = start_macro("heal", "", hear(), options());
  ASSERT_TRUE(macro);
  daemon.replace("start", http(409, "{\"type\":\"already_exists\",\"detail\":\"runs already\"}"));
  daemon.answer("external", "no HTTP at all");
  ASSERT_TRUE(heard_in_time(2));
  EXPECT_EQ(heard[1].first, MacroChange::regained);
}

TEST_F(MacroClientTest, IsOverWhenItMayNotStartAgain) {
  const auto macro = start_macro("heal", "", hear(), options());
  ASSERT_TRUE(macro);
  daemon.replace("start", http(409,
                               "{\"type\":\"/problems/macro-blocked\",\"detail\":\"in "
                               "quarantine\"}"));
  daemon.answer("external", http(404, "{\"detail\":\"does not run\"}"));
  ASSERT_TRUE(heard_in_time(2));
  EXPECT_EQ(heard[1], std::pair(MacroChange::cancelled, std::string("in quarantine")));
  EXPECT_FALSE((*macro)->may_act());
}

TEST_F(MacroClientTest, SaysWhyItCannotStart) {
  daemon.replace("start", http(403, "{\"detail\":\"needs macros:run\"}"));
  const auto refused = start_macro("heal", "", hear(), options());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), (Error{Errc::permission_denied, "needs macros:run"}));
  EXPECT_EQ(start_macro("Heal!", "", hear(), options()).error().code, Errc::invalid_argument);
  auto far = options();
  far.socket = std::string(200, 'x');
  EXPECT_EQ(start_macro("heal", "", hear(), far).error().code, Errc::invalid_argument);
  daemon.close();
  EXPECT_EQ(start_macro("heal", "", hear(), options()).error().code, Errc::unavailable);
}

TEST_F(MacroClientTest, DoesNotWaitForADaemonThatIsSilentOrEndless) {
  auto quick = options();
  quick.reply_deadline = Millis(50);
  daemon.replace("start", "");  // Hangs up without a word.
  EXPECT_EQ(start_macro("heal", "", hear(), quick).error().code, Errc::unavailable);
  daemon.replace("start", "HTTP/1.1 201 X\r\n\r\n" + std::string(100'000, ' '));
  EXPECT_EQ(start_macro("heal", "", hear(), quick).error().code, Errc::data_loss);
}

TEST_F(MacroClientTest, SpeaksCToo) {
  std::vector<int> changes;
  gk_macro* macro = nullptr;
  char text[128] = "";
  const std::string path = dir / "sock";
  ASSERT_EQ(
      gk_start_macro(path.c_str(), "heal", "Heal", 0, nullptr, nullptr, &macro, text, sizeof text),
      0)
      << text;
  EXPECT_EQ(gk_macro_may_act(macro), 1);
  gk_macro_end(macro);
  EXPECT_EQ(daemon.requests("/stop/heal").size(), 1U);
  EXPECT_EQ(gk_start_macro(path.c_str(), "No!", "", 0, nullptr, nullptr, &macro, text, sizeof text),
            static_cast<int>(Errc::invalid_argument));
  EXPECT_EQ(macro, nullptr);
  EXPECT_NE(std::string(text).find("macro_id"), std::string::npos);
}

TEST(MemberText, FindsOnlyStringsOfTheOutermostObject) {
  const std::string json =
      "{\"a\":{\"state\":\"inner\"},\"list\":[\"state\",\"x\"],\"n\":1,\"state\":"
      "\"o\\\"u\\u00e4\"}";
  EXPECT_EQ(member_text(json, "state"), "o\"u\xc3\xa4");
  EXPECT_EQ(member_text(json, "n"), std::nullopt);
  EXPECT_EQ(member_text("{\"state\":null,\"x\":\"y\"}", "state"), std::nullopt);
  EXPECT_EQ(member_text("{\"state\":\"cut", "state"), std::nullopt);
  EXPECT_EQ(member_text("{\"state\":\"\\u12", "state"), std::nullopt);
  EXPECT_EQ(member_text("", "state"), std::nullopt);
}

}  // namespace
}  // namespace gk
