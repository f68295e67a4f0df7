#include "api/hub.h"

#include <gtest/gtest.h>

#include "testing/manual_clock.h"

namespace gk::api {
namespace {

/// Keeps what was sent.
class FakeSocket final : public net::WebSocket {
 public:
  void send(net::OutFrame frame) override { frames.push_back(std::move(frame)); }
  void close(std::uint16_t code, std::string_view) override {
    closed = code;
    if (on_close) on_close(code);
  }
  const net::Peer& peer() const override { return peer_; }
  std::size_t queued_bytes() const override { return 0; }
  const std::string& last() const { return *frames.back().text; }

  std::vector<net::OutFrame> frames;
  std::uint16_t closed = 0;

 private:
  net::Peer peer_;
};

class HubTest : public testing::Test {
 protected:
  HubTest() : hub(loop, clock, metrics) {
    hub.add_topic({.name = "metric:sample",
                   .scope = "metrics:read",
                   .summary = "",
                   .schema = "",
                   .delivery = Delivery::latest_wins,
                   .snapshot = [] { return std::string("{\"now\":1}"); }});
    hub.add_topic({.name = "macro:started", .scope = "macros:read", .summary = "", .schema = ""});
    auto principal = std::make_shared<Principal>();
    principal->scopes = {"metrics:read"};
    principal->session_id = "s1";
    hub.attach(socket, principal);
  }
  net::Loop loop;
  ManualClock clock;
  Metrics metrics;
  Hub hub;
  std::shared_ptr<FakeSocket> socket = std::make_shared<FakeSocket>();  // as net shares it
};

TEST_F(HubTest, AnswersSubscribeWithAckAndSnapshot) {
  socket->on_message(R"({"op":"subscribe","topics":["metric:sample"],"id":7})");
  ASSERT_EQ(socket->frames.size(), 2U);
  EXPECT_EQ(*socket->frames[0].text, R"({"type":"ack","id":7,"seq":{"metric:sample":0}})");
  EXPECT_NE(socket->last().find("\"seq\":0"), std::string::npos);
  EXPECT_NE(socket->last().find("{\"now\":1}"), std::string::npos);
}

TEST_F(HubTest, TellsInTheAckWhatWasPublishedBefore) {
  hub.publish("metric:sample", "{}");
  socket->on_message(R"({"op":"subscribe","topics":["metric:sample"]})");
  EXPECT_NE(socket->frames[0].text->find("\"seq\":{\"metric:sample\":1}"), std::string::npos);
  EXPECT_EQ(hub.last_seq("metric:sample"), 1U);
}

TEST_F(HubTest, NumbersFramesPerTopicAndMarksLatestWins) {
  socket->on_message(R"({"op":"subscribe","topics":["metric:sample"]})");
  hub.publish("metric:sample", "{\"v\":1}");
  hub.publish("metric:sample", "{\"v\":2}");
  EXPECT_EQ(socket->frames.back().seq, 2U);
  EXPECT_TRUE(socket->frames.back().latest_wins);
}

TEST_F(HubTest, RefusesTopicsWithoutScopeOrThatDoNotExist) {
  socket->on_message(R"({"op":"subscribe","topics":["macro:started"]})");
  EXPECT_NE(socket->last().find("needs the scope macros:read"), std::string::npos);
  socket->on_message(R"({"op":"subscribe","topics":["nonsense"]})");
  EXPECT_NE(socket->last().find("no topic"), std::string::npos);
  EXPECT_FALSE(hub.has_subscribers("macro:started"));
}

TEST_F(HubTest, ExplainsMalformedMessages) {
  socket->on_message("{");
  EXPECT_NE(socket->last().find("malformed JSON"), std::string::npos);
  socket->on_message(R"({"op":"dance"})");
  EXPECT_NE(socket->last().find("expected \\\"subscribe\\\""), std::string::npos);
}

TEST_F(HubTest, TellsAClientWhatItMissed) {
  socket->on_dropped(1, 4, 9);
  EXPECT_EQ(socket->last(), R"({"type":"gap","topic":"metric:sample","from":4,"to":9})");
}

TEST_F(HubTest, ClosesOnlyTheSocketsOfAnEndedSession) {
  hub.close_session("s2");
  EXPECT_EQ(socket->closed, 0);
  hub.close_session("s1");
  EXPECT_EQ(socket->closed, 4401);
  EXPECT_EQ(hub.clients(), 0U);
}

TEST_F(HubTest, ForgetsAClientThatLeft) {
  socket->on_message(R"({"op":"subscribe","topics":["metric:sample"]})");
  socket->on_close(1000);
  EXPECT_FALSE(hub.has_subscribers("metric:sample"));
}

TEST_F(HubTest, ClosesWith4403WhoListensToWhatTheyMayNoLongerSee) {
  socket->on_message(R"({"op":"subscribe","topics":["metric:sample"]})");
  auto holder = std::make_shared<Principal>();
  holder->session_id = "s1";
  holder->scopes = {"macros:read"};
  hub.change_holder("other", holder);
  EXPECT_EQ(socket->closed, 0);
  hub.change_holder("s1", holder);
  EXPECT_EQ(socket->closed, 4403);
}

TEST_F(HubTest, KeepsWhoLostOnlyWhatTheyDoNotListenToAndUsesTheNewScopes) {
  socket->on_message(R"({"op":"subscribe","topics":["metric:sample"]})");
  auto holder = std::make_shared<Principal>();
  holder->session_id = "s1";
  holder->scopes = {"metrics:read", "macros:read"};
  hub.change_holder("s1", holder);
  EXPECT_EQ(socket->closed, 0);
  socket->on_message(R"({"op":"subscribe","topics":["macro:started"],"id":9})");
  EXPECT_EQ(*socket->frames.back().text, R"({"type":"ack","id":9,"seq":{"macro:started":0}})");
}

}  // namespace
}  // namespace gk::api
