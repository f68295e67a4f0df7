#include "api/hub.h"

#include <gtest/gtest.h>

#include "base/json_writer.h"
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
  EXPECT_EQ(*socket->frames[0].text,
            R"({"type":"ack","id":7,"seq":{"metric:sample":0},"epoch":")" + hub.epoch() + "\"}");
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

TEST_F(HubTest, RefusesAMemberThatTheOpDoesNotHaveAndSaysWhichItHas) {
  socket->on_message(R"({"op":"subscribe","topics":["metric:sample"],"sinse":{},"id":7})");
  EXPECT_EQ(socket->last(),
            R"({"type":"error","id":7,"detail":"sinse: no member of \"subscribe\"; )"
            R"(allowed: op id topics since epoch"})");
  EXPECT_FALSE(hub.has_subscribers("metric:sample"));
  socket->on_message(R"({"op":"ping","topics":[]})");
  EXPECT_NE(socket->last().find("allowed: op id\""), std::string::npos);
  socket->on_message(R"({"op":"subscribe","topics":["metric:sample"],"epoch":7})");
  EXPECT_NE(socket->last().find("epoch: expected a string"), std::string::npos);
  // The control: what was refused is taken without the member.
  socket->on_message(R"({"op":"subscribe","topics":["metric:sample"],"since":{},"id":7})");
  EXPECT_TRUE(hub.has_subscribers("metric:sample"));
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
  EXPECT_EQ(*socket->frames.back().text,
            R"({"type":"ack","id":9,"seq":{"macro:started":0},"epoch":")" + hub.epoch() + "\"}");
}

/// A hub with one topic that everybody sees, and clients that come and go.
class HubSinceTest : public testing::Test {
 protected:
  HubSinceTest() : hub(loop, clock, metrics) {
    hub.add_topic({.name = "macro:started", .scope = "macros:read", .summary = "", .schema = ""});
    principal->scopes = {"*"};
  }
  std::shared_ptr<FakeSocket> connect() {
    auto socket = std::make_shared<FakeSocket>();  // as net shares it
    hub.attach(socket, principal);
    return socket;
  }
  void publish(int count) {
    for (int i = 0; i < count; ++i) hub.publish("macro:started", "{}");
  }
  /// What a client that asks since `seen` is sent after its ack: numbers of frames, and gaps.
  std::string missed(const std::string& seen) {
    auto socket = connect();
    socket->on_message(R"({"op":"subscribe","topics":["macro:started"],"since":)" + seen + "}");
    std::string out;
    for (const auto& frame : socket->frames) {
      const auto tree = parse_json(*frame.text).value();
      const std::string type = tree.find("type")->as_string();
      if (type == "error") return "error: " + tree.find("detail")->as_string();
      if (type == "ack") continue;
      if (type == "gap") {
        out += " gap " + to_json(*tree.find("from")) + "-" + to_json(*tree.find("to"));
      } else {
        out += " " + to_json(*tree.find("seq"));
      }
    }
    socket->close(1000, "");
    return out;
  }

  net::Loop loop;
  ManualClock clock;
  Metrics metrics;
  Hub hub;
  std::shared_ptr<Principal> principal = std::make_shared<Principal>();
};

TEST_F(HubSinceTest, ReplaysWhatAClientMissedWhileItWasAway) {
  auto first = connect();
  first->on_message(R"({"op":"subscribe","topics":["macro:started"]})");
  publish(2);
  first->close(1006, "");
  publish(2);  // Nobody listens, but somebody may come back.
  EXPECT_TRUE(hub.has_subscribers("macro:started"));
  EXPECT_EQ(missed(R"({"macro:started":2})"), " 3 4");
  EXPECT_EQ(missed(R"({"macro:started":4})"), "");
}

TEST_F(HubSinceTest, SaysThatWhatItDidNotKeepIsGone) {
  publish(3);  // Nobody ever listened.
  EXPECT_FALSE(hub.has_subscribers("macro:started"));
  EXPECT_EQ(missed(R"({"macro:started":1})"), " gap 2-3");
}

TEST_F(HubSinceTest, StopsKeepingAMinuteAfterTheLastClient) {
  missed(R"({"macro:started":0})");
  publish(1);
  clock.advance(Seconds(60));
  publish(1);
  EXPECT_FALSE(hub.has_subscribers("macro:started"));
  EXPECT_EQ(missed(R"({"macro:started":0})"), " gap 1-2");
}

TEST_F(HubSinceTest, TellsAClientOfAnotherLifeToReadAgain) {
  missed(R"({"macro:started":0})");
  publish(2);
  EXPECT_EQ(missed(R"({"macro:started":2},"epoch":"elsewhere")"), " gap 1-2");
  EXPECT_EQ(missed(R"({"macro:started":2},"epoch":")" + hub.epoch() + "\""), "");
}

TEST_F(HubSinceTest, RefusesASinceThatIsNone) {
  EXPECT_TRUE(missed("7").starts_with("error: since"));
  EXPECT_TRUE(missed(R"({"macro:started":-1})").starts_with("error: since"));
  EXPECT_TRUE(missed(R"({"other":1})").starts_with("error: since"));
}

TEST_F(HubSinceTest, AListenerGetsWhatItMissedAndThenWhatComes) {
  missed(R"({"macro:started":0})");
  publish(2);
  auto socket = std::make_shared<FakeSocket>();
  hub.attach_listener(socket, principal, hub.find_topics({"macro:started"}, *principal).value(),
                      {.epoch = hub.epoch(), .seen = {1}});
  publish(1);
  ASSERT_EQ(socket->frames.size(), 2U) << "no ack: it cannot ask";
  EXPECT_EQ(socket->frames[0].seq, 2U);
  EXPECT_EQ(socket->frames[1].seq, 3U);
}

TEST_F(HubSinceTest, HandsCommandsOnAndAnswersThemById) {
  std::function<void(int, std::string)> answer;
  std::string asked;
  hub.set_command([&](const auto& holder, const auto&, const JsonValue& message, auto done) {
    asked = to_json(*message.find("command"));
    EXPECT_EQ(holder, principal);
    answer = done;
  });
  auto socket = connect();
  socket->on_message(R"({"op":"command","id":5,"command":{"type":"diagnostics","action":"run"}})");
  EXPECT_EQ(asked, R"({"type":"diagnostics","action":"run"})");
  EXPECT_TRUE(socket->frames.empty()) << "the answer comes when there is one";
  answer(202, R"({"command_id":"c1"})");
  EXPECT_EQ(socket->last(), R"({"type":"ack","id":5,"status":202,"data":{"command_id":"c1"}})");
  answer(403, R"({"type":"forbidden"})");
  EXPECT_EQ(socket->last(),
            R"({"type":"error","id":5,"status":403,"problem":{"type":"forbidden"}})");
  const auto frames = socket->frames.size();
  socket->close(1000, "");
  answer(202, "{}");
  EXPECT_EQ(socket->frames.size(), frames) << "the client has left";
}

}  // namespace
}  // namespace gk::api
