#include "base/json.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/json_writer.h"

namespace gk {
namespace {

std::string message_of(std::string_view text) { return parse_json(text).error().message; }

TEST(ParseJson, KeepsOrderTypesAndExactNumbers) {
  const auto value = parse_json(R"({"b":1,"a":[true,null,0.1,-7,"x"]})").value();
  EXPECT_EQ(to_json(value), R"({"b":1,"a":[true,null,0.1,-7,"x"]})");
  EXPECT_EQ(value.find("a")->as_array()[2].as_number(), 0.1);
}

TEST(ParseJson, ReadsNumbersThatBoostReadsInexactly) {
  EXPECT_EQ(parse_json("9007199254740993").value().as_int(), 9007199254740993);
  EXPECT_EQ(parse_json("2.2250738585072011e-308").value().as_number(), 2.2250738585072011e-308);
  EXPECT_EQ(parse_json("7.2057594037927933e16").value().as_number(), 7.2057594037927933e16);
}

TEST(ParseJson, RefusesDuplicateKeyByName) {
  EXPECT_NE(message_of(R"({"a":1,"a":2})").find("duplicate key \"a\""), std::string::npos);
}

TEST(ParseJson, RefusesPrototypeKeys) {
  EXPECT_NE(message_of(R"({"__proto__":1})").find("not allowed"), std::string::npos);
  EXPECT_NE(message_of(R"({"x":{"constructor":1}})").find("not allowed"), std::string::npos);
  EXPECT_NE(message_of(R"({"prototype":1})").find("not allowed"), std::string::npos);
}

TEST(ParseJson, RefusesDepthBeyondTheLimitAndTakesTheLimit) {
  EXPECT_TRUE(parse_json(std::string(32, '[') + std::string(32, ']')));
  const auto deep = parse_json(std::string(33, '[') + std::string(33, ']'));
  EXPECT_EQ(deep.error().code, Errc::resource_exhausted);
}

TEST(ParseJson, SaysAtWhichByteItStopped) {
  EXPECT_NE(message_of("{\"a\": 1,\n \"b\": }").find("at byte 15, line 2"), std::string::npos)
      << message_of("{\"a\": 1,\n \"b\": }");
  EXPECT_NE(message_of(R"({"a":})").find("at byte 5"), std::string::npos)
      << message_of(R"({"a":})");
  EXPECT_NE(message_of("1 2").find("text after the document"), std::string::npos);
}

TEST(ParseJson, RefusesWhatIsNotJson) {
  EXPECT_FALSE(parse_json(""));
  EXPECT_FALSE(parse_json("NaN"));
  EXPECT_FALSE(parse_json("01"));
  EXPECT_FALSE(parse_json("1e999"));
  EXPECT_FALSE(parse_json("\"\xff\""));
  EXPECT_FALSE(parse_json("[1,]"));
  EXPECT_FALSE(parse_json("// c\n1"));
}

TEST(JsonWriter, WritesNullForNonFiniteAndPlainDigits) {
  std::string out;
  JsonWriter(out).begin_array().value(NAN).value(INFINITY).value(63.25).value(0.1).end_array();
  EXPECT_EQ(out, "[null,null,63.25,0.1]");
}

TEST(JsonWriter, EscapesControlsAndMendsBrokenUtf8) {
  std::string out;
  append_json_string(out, std::string_view("a\"\\\n\x01\x7f\xff\xc3\xa9", 9));
  EXPECT_EQ(out, "\"a\\\"\\\\\\n\\u0001\\u007f\xEF\xBF\xBD\xc3\xa9\"");
}

TEST(JsonReader, ReportsEveryComplaintWithItsPath) {
  const auto body = parse_json(R"({"n":5,"s":1,"x":0})").value();
  JsonReader reader(body, "profile");
  double n = 0;
  std::string s;
  reader.number("n", n, 0, 1);
  reader.string("s", s);
  reader.require("id");
  reader.refuse_unknown();
  EXPECT_EQ(reader.result().error().message,
            "profile.n: expected a number from 0 to 1, got 5; profile.s: expected a string, got "
            "number; profile.id: is required; profile.x: unknown key; expected one of n, s");
}

}  // namespace
}  // namespace gk
