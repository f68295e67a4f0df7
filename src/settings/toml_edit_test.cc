#include "settings/toml_edit.h"

#include <gtest/gtest.h>

namespace gk::settings {
namespace {

constexpr std::string_view kText =
    "# first\n"
    "listen = \"127.0.0.1:5000\"  # here\n"
    "allow_hosts = [\n"
    "  \"a\",  # one\n"
    "  \"b\",\n"
    "]\n"
    "\n"
    "[log]\n"
    "level = \"info\" # loud\n"
    "\n"
    "[monitor]\n"
    "interval_s = 1.0\n";

std::string set(std::string_view key, const JsonValue& value, std::string_view text = kText) {
  const auto edited = set_in_toml(text, key, value);
  return edited ? *edited : "error: " + edited.error().message;
}

std::string replaced(std::string_view from, std::string_view to) {
  std::string text(kText);
  return text.replace(text.find(from), from.size(), to);
}

TEST(SetInToml, ReplacesAValueAndKeepsTheComments) {
  EXPECT_EQ(set("log.level", JsonValue(std::string("warn"))),
            replaced("level = \"info\" # loud", "level = \"warn\" # loud"));
}

TEST(SetInToml, ReplacesAListOfSeveralLines) {
  EXPECT_EQ(set("allow_hosts", JsonValue(JsonValue::Array{JsonValue(std::string("c"))})),
            replaced("[\n  \"a\",  # one\n  \"b\",\n]", "[\"c\"]"));
}

TEST(SetInToml, AddsAKeyAtTheEndOfItsSection) {
  EXPECT_EQ(set("log.requests", JsonValue(false)),
            replaced("# loud\n", "# loud\nrequests = false\n"));
}

TEST(SetInToml, AddsAKeyWithoutASectionBeforeTheSections) {
  EXPECT_EQ(set("behind_proxy", JsonValue(true)), replaced("[log]", "behind_proxy = true\n[log]"));
}

TEST(SetInToml, MakesAMissingSection) {
  EXPECT_EQ(set("store.flush_ms", JsonValue(std::int64_t{50})),
            std::string(kText) + "\n[store]\nflush_ms = 50\n");
  EXPECT_EQ(set("store.flush_ms", JsonValue(std::int64_t{50}), ""), "[store]\nflush_ms = 50\n");
}

TEST(SetInToml, RemovesAKey) {
  EXPECT_EQ(set("log.level", JsonValue()), replaced("level = \"info\" # loud\n", ""));
  EXPECT_EQ(set("allow_hosts", JsonValue()),
            replaced("allow_hosts = [\n  \"a\",  # one\n  \"b\",\n]\n", ""));
  EXPECT_EQ(set("log.nothing", JsonValue()), kText);
}

TEST(SetInToml, WritesTextThatNeedsEscapes) {
  const std::string text = set("listen", JsonValue(std::string("a\"b\\c\nd")));
  EXPECT_NE(text.find(R"(listen = "a\"b\\c\nd")"), std::string::npos);
}

TEST(SetInToml, FindsTheColumnBehindTextThatIsNotAscii) {
  EXPECT_EQ(
      set("log.level", JsonValue(std::string("warn")), "[log] # \xc3\xa4\nlevel = \"info\"\n"),
      "[log] # \xc3\xa4\nlevel = \"warn\"\n");
}

TEST(SetInToml, RefusesWhatItCannotChangeSafely) {
  // A key of a dotted table, a section in one line: the text still reads as before, or an error.
  for (const auto* text :
       {"log = { level = \"info\", format = \"text\" }\n", "log.level = \"info\"\n"}) {
    const auto edited = set_in_toml(text, "log.requests", JsonValue(true));
    if (edited) {
      EXPECT_NE(edited->find("requests = true"), std::string::npos) << *edited;
    } else {
      EXPECT_EQ(edited.error().code == Errc::failed_precondition ||
                    edited.error().code == Errc::invalid_argument,
                true);
    }
  }
}

TEST(SetInToml, RefusesValuesThatAConfigurationDoesNotHave) {
  EXPECT_FALSE(set_in_toml(kText, "log.level", JsonValue(JsonValue::Object{})));
  EXPECT_FALSE(set_in_toml(kText, "allow_hosts", JsonValue(JsonValue::Array{JsonValue(true)})));
  EXPECT_FALSE(set_in_toml("not toml at all [", "log.level", JsonValue(true)));
}

}  // namespace
}  // namespace gk::settings
