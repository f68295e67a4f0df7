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

TEST(Spoken, PutsTheTextIntoTheWordsOfTheGame) {
  EXPECT_EQ(spoken("say \"{text}\"", "don't panic, it's 5 o'clock: 50/50!"),
            "say \"don't panic, it's 5 o'clock: 50/50!\"");
  EXPECT_EQ(spoken("@wall {text}", "a \"b\"\nc"), "@wall a 'b' c");
  EXPECT_EQ(spoken("say {text}", "{text} ${x}"), "say  text    x ");
}

// How many commands a console makes of a line: `;` and line ends part them outside of quotes, a MUD
// runs what is in brackets.
int commands_in(std::string_view line) {
  int count = 1;
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    if (c == '\n' || c == '[' || (c == ';' && !quoted)) ++count;
  }
  return count;
}

// The negative control puts the text in as it is: the same texts then make second commands.
TEST(Spoken, NoTextEverStartsASecondCommand) {
  constexpr std::string_view kBytes = "a\";\n[]\\{} $%@`|'";
  SeededRandom random(11);
  for (const std::string words : {"say {text}", "say \"{text}\"", "@wall {text}"}) {
    int control = 1;
    for (int round = 0; round < 5'000; ++round) {
      std::string text;
      for (std::uint64_t n = random.below(40); n > 0; --n) {
        text += kBytes[static_cast<std::size_t>(random.below(kBytes.size()))];
      }
      ASSERT_EQ(commands_in(spoken(words, text)), 1) << words << " and " << text;
      std::string planted = words;
      control = std::max(control, commands_in(planted.replace(planted.find("{text}"), 6, text)));
    }
    EXPECT_GT(control, 1) << words;
  }
}

TEST(Tame, CutsNoCharacterInHalf) {
  const std::string text = std::string(199, 'a') + "é" + "b";
  EXPECT_EQ(tame(text), std::string(199, 'a'));
}

}  // namespace
}  // namespace gk::macros
