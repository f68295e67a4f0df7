#include "net/out_buffer.h"

#include <gtest/gtest.h>

#include <array>

#include "testing/seeded_random.h"

namespace gk::net {
namespace {

std::string gathered(const OutBuffer& buffer) {
  std::array<iovec, 64> parts{};
  std::string out;
  const std::size_t n = buffer.gather(parts);
  for (std::size_t i = 0; i < n; ++i)
    out.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  return out;
}

TEST(OutBuffer, KeepsOrderAcrossKindsOfPieces) {
  OutBuffer buffer;
  buffer.text() += "head1 ";
  buffer.append_static("static ");
  buffer.text() += "head2 ";
  buffer.append_body(std::string(5000, 'b'));
  buffer.text() += " end";
  EXPECT_EQ(gathered(buffer), "head1 static head2 " + std::string(5000, 'b') + " end");
  EXPECT_EQ(buffer.size(), gathered(buffer).size());
}

TEST(OutBuffer, DoesNotCopyStaticBytes) {
  static constexpr std::string_view kAsset = "asset";
  OutBuffer buffer;
  buffer.append_static(kAsset);
  std::array<iovec, 4> parts{};
  ASSERT_EQ(buffer.gather(parts), 1U);
  EXPECT_EQ(parts[0].iov_base, kAsset.data());
}

TEST(OutBuffer, CollectsSmallBodiesInOnePiece) {
  OutBuffer buffer;
  buffer.text() += "head";
  buffer.append_body("body");
  buffer.text() += "head";
  std::array<iovec, 4> parts{};
  EXPECT_EQ(buffer.gather(parts), 1U);
}

TEST(OutBuffer, IsEmptyAfterAllIsConsumedAndServesAgain) {
  OutBuffer buffer;
  buffer.text() += "abc";
  buffer.consume(3);
  EXPECT_TRUE(buffer.empty());
  buffer.text() += "d";
  EXPECT_EQ(gathered(buffer), "d");
}

TEST(OutBufferProperty, AgreesWithAString) {
  SeededRandom random(11);
  static const std::string kStatic(3000, 's');
  OutBuffer buffer;
  std::string model;
  for (int step = 0; step < 3000; ++step) {
    const std::string text(random.below(40), static_cast<char>('a' + step % 26));
    switch (random.below(4)) {
      case 0:
        buffer.text() += text;
        model += text;
        break;
      case 1:
        buffer.append_static(kStatic);
        model += kStatic;
        break;
      case 2:
        buffer.append_body(std::string(6000, 'l'));
        model += std::string(6000, 'l');
        break;
      default: {
        const std::size_t n = random.below(model.size() + 1);
        buffer.consume(n);
        model.erase(0, n);
      }
    }
    ASSERT_EQ(buffer.size(), model.size());
    const std::string front = gathered(buffer);
    ASSERT_EQ(front, model.substr(0, front.size()));
  }
}

}  // namespace
}  // namespace gk::net
