#include <gtest/gtest.h>

#include "base/random.h"
#include "base/utf8.h"

namespace gk {
namespace {

TEST(IsUtf8, TakesEveryLengthAndRefusesMalformedForms) {
  EXPECT_TRUE(is_utf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x8e\xae"));
  EXPECT_FALSE(is_utf8("\xc0\xaf"));          // overlong
  EXPECT_FALSE(is_utf8("\xed\xa0\x80"));      // surrogate
  EXPECT_FALSE(is_utf8("\xf4\x90\x80\x80"));  // past U+10FFFF
  EXPECT_FALSE(is_utf8("\xe2\x82"));          // cut short
  EXPECT_FALSE(is_utf8("\x80"));
}

TEST(Printable, EscapesControlsLineBreaksAndBidi) {
  EXPECT_EQ(printable("a\r\n\x1b[31mb"), "a\\x0d\\x0a\\x1b[31mb");
  EXPECT_EQ(printable("x\xe2\x80\xaey"), "x\\u{202e}y");
  EXPECT_EQ(printable("\xffz"), "\\xffz");
  EXPECT_EQ(printable("caf\xc3\xa9"), "caf\xc3\xa9");
}

TEST(RandomHex, HasTheAskedLengthAndDiffers) {
  SystemRandom random;
  const std::string a = random_hex(random, 16), b = random_hex(random, 16);
  EXPECT_EQ(a.size(), 32U);
  EXPECT_EQ(random_hex(random, 3).size(), 6U);
  EXPECT_NE(a, b);
}

TEST(UuidV7, CarriesTimeVersionAndVariant) {
  SystemRandom random;
  const std::string id = uuid_v7(random, 0x0123456789abULL);
  EXPECT_EQ(id.substr(0, 15), "01234567-89ab-7");
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
  EXPECT_EQ(id.size(), 36U);
}

}  // namespace
}  // namespace gk
