#include "notices/rules/discord.h"

#include <gtest/gtest.h>

#include "notices/rules/text_limits.h"
#include "testing/seeded_random.h"

namespace gk::notices {
namespace {

Cancellation event() {
  Cancellation e;
  e.id = "0193-id";
  e.macro_id = "heal";
  e.macro_name = "Heal Macro";
  e.reason = "Performance threshold exceeded: cpu_usage 85.5 > 80";
  e.rule = "cpu_usage";
  e.cpu_usage = 85.5;
  e.at = WallTime(Seconds(1767225600));
  return e;
}

JsonValue embed_of(const std::string& body) {
  return parse_json(body).value().find("embeds")->as_array().at(0);
}

std::size_t units(const JsonValue& embed) {
  std::size_t sum = utf16_length(embed.find("title")->as_string()) +
                    utf16_length(embed.find("description")->as_string()) +
                    utf16_length(embed.find("footer")->find("text")->as_string());
  for (const JsonValue& field : embed.find("fields")->as_array()) {
    sum += utf16_length(field.find("name")->as_string());
    sum += utf16_length(field.find("value")->as_string());
  }
  return sum;
}

TEST(DiscordBody, HasTheTitleTheReasonAndEachMetric) {
  const JsonValue embed = embed_of(discord_body(cancellation_notice(event())));
  EXPECT_EQ(embed.find("title")->as_string(), "🚨 Macro Auto-Cancelled: Heal Macro");
  EXPECT_EQ(embed.find("description")->as_string(),
            "Performance threshold exceeded: cpu_usage 85.5 > 80");
  const auto& fields = embed.find("fields")->as_array();
  EXPECT_EQ(fields[0].find("value")->as_string(), "85.5 %");
  EXPECT_EQ(fields[2].find("name")->as_string(), "FPS");
  EXPECT_EQ(fields[2].find("value")->as_string(), "unknown") << "never 0";
  EXPECT_EQ(embed.find("timestamp")->as_string(), "2026-01-01T00:00:00.000Z");
}

TEST(DiscordBody, MentionsNobody) {
  Cancellation e = event();
  e.macro_name = "@everyone <@&123>";
  const JsonValue body = parse_json(discord_body(cancellation_notice(e))).value();
  EXPECT_TRUE(body.find("allowed_mentions")->find("parse")->as_array().empty());
  EXPECT_EQ(body.find("content"), nullptr) << "text outside the embed could mention";
}

TEST(DiscordBody, StaysWithinEveryLimitForHugeNotices) {
  SeededRandom random(5);
  const std::string wide = "\xF0\x9F\x9A\xA8";
  for (int i = 0; i < 300; ++i) {
    Notice n;
    n.id = "id";
    const auto text = [&](std::size_t most) {
      std::string out;
      for (std::size_t k = random.below(most); k > 0; --k) out += random.below(2) == 0 ? wide : "a";
      return out;
    };
    n.title = text(600);
    n.text = text(9'000);
    for (std::size_t k = random.below(40); k > 0; --k) n.fields.push_back({text(400), text(1'500)});
    const JsonValue embed = embed_of(discord_body(n));
    ASSERT_LE(utf16_length(embed.find("title")->as_string()), 256U);
    ASSERT_LE(utf16_length(embed.find("description")->as_string()), 4'096U);
    ASSERT_LE(embed.find("fields")->as_array().size(), 25U);
    ASSERT_LE(units(embed), 6'000U);
    for (const JsonValue& field : embed.find("fields")->as_array()) {
      ASSERT_FALSE(field.find("name")->as_string().empty());
      ASSERT_FALSE(field.find("value")->as_string().empty());
      ASSERT_LE(utf16_length(field.find("value")->as_string()), 1'024U);
    }
  }
}

// The planted bug: a looser total. The walk above would notice.
TEST(DiscordBody, WouldPassTheTotalWithoutTheBudget) {
  Notice n;
  n.text = std::string(4'096, 'x');
  for (int i = 0; i < 25; ++i) n.fields.push_back({"name", std::string(1'024, 'y')});
  EXPECT_GT(units(embed_of(discord_body(n, {.total = 100'000}))), 6'000U);
  EXPECT_LE(units(embed_of(discord_body(n))), 6'000U);
}

TEST(DiscordUrl, AsksForConfirmationBesideAnExistingQuery) {
  EXPECT_EQ(discord_url("https://d/api/webhooks/1/t"), "https://d/api/webhooks/1/t?wait=true");
  EXPECT_EQ(discord_url("https://d/w?thread_id=3"), "https://d/w?thread_id=3&wait=true");
}

}  // namespace
}  // namespace gk::notices
