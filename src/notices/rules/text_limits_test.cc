#include "notices/rules/text_limits.h"

#include <gtest/gtest.h>

#include "base/utf8.h"
#include "testing/seeded_random.h"

namespace gk::notices {
namespace {

TEST(CutText, KeepsWhatFits) {
  EXPECT_EQ(cut_text("abc", 3), "abc");
  EXPECT_EQ(cut_text("", 1), "");
}

TEST(CutText, EndsWithAnEllipsisWithinTheLimit) {
  EXPECT_EQ(cut_text("abcd", 3), "ab…");
  EXPECT_EQ(cut_text("abcd", 1), "…");
}

TEST(CutText, CountsACharacterOutsideTheBasicPlaneTwice) {
  EXPECT_EQ(utf16_length("\xF0\x9F\x9A\xA8"), 2U);
  EXPECT_EQ(cut_text("\xF0\x9F\x9A\xA8\xF0\x9F\x9A\xA8", 3), "\xF0\x9F\x9A\xA8…");
}

TEST(CutText, ReplacesMalformedBytes) { EXPECT_EQ(cut_text("a\xff", 4), "a\xEF\xBF\xBD"); }

TEST(CutText, IsValidAndWithinTheLimitForAnyBytes) {
  SeededRandom random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random.below(40), ' ');
    for (char& c : text) c = static_cast<char>(random.below(256));
    const std::size_t limit = 1 + random.below(20);
    const std::string cut = cut_text(text, limit);
    ASSERT_TRUE(is_utf8(cut));
    ASSERT_LE(utf16_length(cut), limit);
  }
}

}  // namespace
}  // namespace gk::notices
