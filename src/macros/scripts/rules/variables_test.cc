#include "macros/scripts/rules/variables.h"

#include <gtest/gtest.h>

#include "testing/seeded_random.h"

namespace gk::macros {
namespace {

std::string expand(const char* text, const Variables& variables) {
  const auto out = Template::parse(text).value().expand(variables);
  return out ? *out : "error: " + out.error().message;
}

TEST(Template, PutsValuesIn) {
  EXPECT_EQ(expand("say hi ${who}, ${n} left", {{"who", {"Bob", false}}, {"n", {"3", false}}}),
            "say hi Bob, 3 left");
  EXPECT_EQ(expand("a $${b} $c", {}), "a ${b} $c");
}

TEST(Template, PutsAValueInOnce) {
  EXPECT_EQ(expand("${a}", {{"a", {"${b}", false}}, {"b", {"x", false}}}), "${b}");
}

TEST(Template, TamesWhatCameFromOutside) {
  EXPECT_EQ(expand("say hi ${who}", {{"who", {"x\"; shutdown", true}}}), "say hi x__ shutdown");
  EXPECT_EQ(expand("think ${who}", {{"who", {"[pemit(me,1)]", true}}}), "think _pemit(me,1)_");
}

TEST(Template, RefusesALineEndInAnAuthorsValue) {
  EXPECT_EQ(expand("say ${x}", {{"x", {"a\nshutdown", false}}}),
            "error: the text holds a line end or NUL");
  EXPECT_EQ(expand("say ${x}", {{"x", {std::string("a\0b", 3), false}}}),
            "error: the text holds a line end or NUL");
}

TEST(Template, NamesWhatIsMissing) {
  EXPECT_EQ(expand("${gone}", {}), "error: no variable gone");
  EXPECT_EQ(Template::parse("ab${x").error().message, "character 3: expected } after ${");
  EXPECT_FALSE(Template::parse("${X-1}"));
}

// The negative control is an author's own value, which is not tamed: the same text gets through.
TEST(Template, NoOutsideBytesEverStartASecondCommand) {
  SeededRandom random(7);
  const auto text = Template::parse("say \"${who}\"").value();
  bool control = false;
  for (int round = 0; round < 20'000; ++round) {
    std::string who;
    for (std::uint64_t n = random.below(300); n > 0; --n) {
      who += static_cast<char>(random.below(256));
    }
    const std::string out = text.expand({{"who", {who, true}}}).value();
    const std::string inside = out.substr(5, out.size() - 6);
    ASSERT_EQ(inside.find_first_of(std::string_view("\"\r\n;\\`$[]{}%|@\0", 16)),
              std::string::npos);
    ASSERT_LE(inside.size(), 200U);
    const auto raw = text.expand({{"who", {who, false}}});
    control = control || (raw && raw->find(';') != std::string::npos);
  }
  EXPECT_TRUE(control);
}

TEST(Tame, CutsNoCharacterInHalf) {
  const std::string text = std::string(199, 'a') + "é" + "b";
  EXPECT_EQ(tame(text), std::string(199, 'a'));
}

}  // namespace
}  // namespace gk::macros
