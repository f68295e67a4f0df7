#include "arbiter/service/lane_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arbiter/service/fakes_for_test.h"
#include "testing/capture_log.h"

namespace gk::arbiter {
namespace {

using namespace std::chrono_literals;

class LaneSocketTest : public testing::Test {
 protected:
  LaneSocketTest() {
    StoredLanes stored;
    stored.lanes.push_back({"character", R"({"spacing_s":0})", Token(7), Token(1000)});
    service = LaneService::create({}, loop, clock, log, metrics, store, stored).value();
    LaneSocketOptions options;
    options.own_uid = ::geteuid();
    options.limits.max_adopted = 2;
    const std::string path = testing::TempDir() + "gk-lanes-" + std::to_string(::getpid());
    socket = LaneSocket::create(options, path, loop, log, metrics, *service).value();
  }
  /// What the daemon answers to one packet; "closed" when it closed the connection.
  std::string ask(const sys::Fd& child, const std::string& packet) {
    if (!packet.empty()) {
      EXPECT_EQ(::send(child.get(), packet.data(), packet.size(), 0),
                static_cast<ssize_t>(packet.size()));
    }
    char buffer[4096];
    ssize_t n = -1;
    loop.run_until(
        [&] { return (n = ::recv(child.get(), buffer, sizeof buffer, MSG_DONTWAIT)) >= 0; }, 5s);
    return n > 0 ? std::string(buffer, static_cast<std::size_t>(n)) : "closed";
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  net::Loop loop;
  SystemClock clock;
  CaptureLog log;
  Metrics metrics;
  FakeLaneStore store{loop};
  std::unique_ptr<LaneService> service;
  std::unique_ptr<LaneSocket> socket;
};

constexpr const char* kAcquire = R"({"op":"acquire","id":1,"lane":"character"})";

TEST_F(LaneSocketTest, AChildIsWhoItWasStartedAsWhateverItSays) {
  const sys::Fd child = socket->connect_child("fisher", "/bin/fish").value();
  EXPECT_TRUE(has(ask(child, R"({"op":"acquire","id":1,"lane":"character","actor":"runemaker"})"),
                  R"("error":"forbidden")"));
  EXPECT_TRUE(has(ask(child, kAcquire), R"("actor":"fisher")"));
}

TEST_F(LaneSocketTest, AFencedChildLosesItsLaneAndGetsNoOther) {
  const sys::Fd child = socket->connect_child("fisher", "/bin/fish").value();
  const sys::Fd other = socket->connect_child("trainer", "/bin/train").value();
  ASSERT_TRUE(has(ask(child, kAcquire), R"("ok":true)"));
  EXPECT_TRUE(service->may_act("character", Token(8)).value());
  socket->fence_child("fisher");
  EXPECT_FALSE(service->may_act("character", Token(8)).value());
  EXPECT_TRUE(has(ask(child, ""), R"("event":"lost")"));
  for (const char* packet :
       {kAcquire, R"({"op":"send-check","id":2,"lane":"character","token":8})",
        R"({"op":"renew","id":3,"lane":"character","token":8})", R"({"op":"status","id":4})"}) {
    EXPECT_TRUE(has(ask(child, packet), R"("error":"forbidden")")) << packet;
  }
  EXPECT_TRUE(has(ask(other, kAcquire), R"("ok":true)"));
}

TEST_F(LaneSocketTest, AWaitingChildThatIsFencedIsGrantedNothing) {
  const sys::Fd holder = socket->connect_child("trainer", "/bin/train").value();
  const sys::Fd child = socket->connect_child("fisher", "/bin/fish").value();
  ASSERT_TRUE(has(ask(holder, kAcquire), R"("ok":true)"));
  ASSERT_EQ(::send(child.get(), kAcquire, std::string(kAcquire).size(), 0), 42);
  loop.run_until([&] { return has(service->brief_json("character").value(), R"("depth":1)"); }, 5s);
  socket->fence_child("fisher");
  EXPECT_TRUE(has(ask(child, ""), R"("error":"unavailable")"));
  EXPECT_TRUE(has(ask(holder, R"({"op":"release","id":2,"lane":"character","token":8})"),
                  R"("released":true)"));
  EXPECT_TRUE(has(service->lane_json("character").value(), R"("holder":null)"));
}

TEST_F(LaneSocketTest, TheEndOfAChildFreesItsLaneAndItsPlace) {
  sys::Fd child = socket->connect_child("fisher", "/bin/fish").value();
  const sys::Fd other = socket->connect_child("trainer", "/bin/train").value();
  EXPECT_EQ(socket->connect_child("eater", "/bin/eat").error().code, Errc::resource_exhausted);
  ASSERT_TRUE(has(ask(child, kAcquire), R"("ok":true)"));
  ASSERT_EQ(::send(other.get(), kAcquire, std::string(kAcquire).size(), 0), 42);
  loop.run_until([&] { return has(service->brief_json("character").value(), R"("depth":1)"); }, 5s);
  child.reset();
  EXPECT_TRUE(has(ask(other, ""), R"("actor":"trainer")"));
  EXPECT_TRUE(socket->connect_child("eater", "/bin/eat").ok());
}

TEST_F(LaneSocketTest, AModuleForOthersIsNotForAChildOfItsName) {
  Module module;
  module.name = "fisher";
  module.programs = {"/bin/other"};
  service->set_module(module, [](const Result<void>&) {});
  loop.run_until([&] { return service->module("fisher")->bound(); }, 5s);
  const sys::Fd child = socket->connect_child("fisher", "/bin/fish").value();
  EXPECT_TRUE(has(ask(child, kAcquire), R"("error":"forbidden")"));
  EXPECT_EQ(socket->connect_child("No Name", "/bin/fish").error().code, Errc::invalid_argument);
}

}  // namespace
}  // namespace gk::arbiter
