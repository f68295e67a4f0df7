#include "notices/rules/receiver.h"

#include <gtest/gtest.h>

namespace gk::notices {
namespace {

const std::vector<Network> kNone;
const std::vector<Network> kLoopback{Network::parse("127.0.0.0/8").value()};

ReceiverReading read(std::string_view body, const Receiver* before = nullptr,
                     const std::vector<Network>& allowed = kNone) {
  return read_receiver("ops", parse_json(body).value(), before, allowed);
}

std::string complaint(std::string_view body, const std::vector<Network>& allowed = kNone) {
  const auto reading = read(body, nullptr, allowed);
  return reading.complaints.empty()
             ? ""
             : reading.complaints[0].first + ": " + reading.complaints[0].second;
}

TEST(ReadReceiver, TakesAPublicHttpsUrl) {
  EXPECT_EQ(complaint(R"({"kind":"discord","url":"https://discord.com/api/webhooks/1/t"})"), "");
  EXPECT_EQ(complaint(R"({"kind":"webhook","url":"https://[2606:4700::1]:8443/x",
                         "secret":"0123456789abcdef"})"),
            "");
}

TEST(ReadReceiver, RefusesPrivateAddressesUnlessTheyAreListed) {
  constexpr std::string_view kLocal = R"({"kind":"webhook","url":"https://127.0.0.1:9/x"})";
  EXPECT_NE(complaint(kLocal).find("loopback"), std::string::npos);
  EXPECT_EQ(complaint(kLocal, kLoopback), "");
  EXPECT_NE(complaint(R"({"kind":"webhook","url":"https://[::ffff:10.0.0.1]/"})").find("private"),
            std::string::npos);
}

TEST(ReadReceiver, RefusesPlainHttpUnlessSomethingPrivateIsListed) {
  constexpr std::string_view kPlain = R"({"kind":"webhook","url":"http://example.org/"})";
  EXPECT_NE(complaint(kPlain).find("https"), std::string::npos);
  EXPECT_EQ(complaint(kPlain, kLoopback), "");
}

TEST(ReadReceiver, RefusesUrlsThatHideWhereTheyLead) {
  for (const char* url : {"ftp://a/", "https://", "https://user@host/", "https://a b/", "file:///x",
                          "https://a:port/", "https://[::1/", "https://h\\@x/", "javascript:1"}) {
    EXPECT_FALSE(split_url(url)) << url;
  }
}

TEST(ReadReceiver, KeepsTheSecretUrlWhenItIsAbsent) {
  Receiver before;
  before.url = "https://discord.com/api/webhooks/1/t";
  const auto kept = read(R"({"kind":"discord","enabled":false})", &before);
  EXPECT_TRUE(kept.complaints.empty());
  EXPECT_EQ(kept.receiver.url, before.url);
  EXPECT_FALSE(kept.receiver.enabled);
  EXPECT_FALSE(read(R"({"kind":"webhook"})", &before).complaints.empty())
      << "another kind needs its own";
}

TEST(ReadReceiver, NamesAllFaults) {
  const auto bad = read(R"({"kind":"pigeon","events":["A B"],"loud":true})");
  EXPECT_EQ(bad.complaints.size(), 3U);
}

TEST(MaskedUrl, ShowsTheHostAlone) {
  EXPECT_EQ(masked_url("https://discord.com/api/webhooks/1/secret?wait=true"),
            "https://discord.com/…");
}

TEST(Wants, MatchesKindsAndFamilies) {
  Receiver r;
  EXPECT_TRUE(wants(r, "anything"));
  r.events = {"macro.*", "alert.firing"};
  EXPECT_TRUE(wants(r, "macro.cancelled"));
  EXPECT_TRUE(wants(r, "alert.firing"));
  EXPECT_FALSE(wants(r, "alert.resolved"));
  r.enabled = false;
  EXPECT_FALSE(wants(r, "macro.cancelled"));
}

TEST(StoredReceiver, ReadsBackBothParts) {
  Receiver r;
  r.name = "ops";
  r.kind = ReceiverKind::webhook;
  r.url = "https://x/";
  r.secret = "0123456789abcdef";
  r.events = {"macro.*"};
  const auto back = read_stored_receiver("ops", receiver_config_json(r), receiver_secrets_json(r));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->url, r.url);
  EXPECT_EQ(back->secret, r.secret);
  EXPECT_EQ(back->events, r.events);
  EXPECT_EQ(receiver_config_json(r).find("https://x/"), std::string::npos);
}

TEST(GameLine, SaysInWordsWhatARuleCompares) {
  Receiver r;
  r.command = "say {text}";
  Notice n;
  n.text = "Duration exceeded: 61 s > 60 s; fps 5 < 15 a>b";
  EXPECT_EQ(game_line(r, n), "say Duration exceeded: 61 s over 60 s  fps 5 under 15 a b");
}

TEST(GameLine, IsOneHarmlessLine) {
  Receiver r;
  Notice n;
  n.title = "Macro \"x\"; quit\n$rcon";
  n.text = std::string(500, 'y');
  const std::string line = game_line(r, n);
  EXPECT_TRUE(line.starts_with("say Macro  x   quit"));
  EXPECT_EQ(line.find_first_of(";\"\n$"), std::string::npos);
  EXPECT_LE(line.size(), 200U);
}

}  // namespace
}  // namespace gk::notices
