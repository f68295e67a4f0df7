#include "net/chunk_decoder.h"

#include <gtest/gtest.h>

#include "testing/seeded_random.h"

namespace gk::net {
namespace {

using State = ChunkDecoder::State;

class ChunkDecoderTest : public testing::Test {
 protected:
  ChunkDecoderTest() { decoder.reset(100); }
  State feed(std::string_view bytes) { return decoder.feed(bytes, body, used); }

  ChunkDecoder decoder;
  std::string body;
  std::size_t used = 0;
};

TEST_F(ChunkDecoderTest, ReadsChunksAndStopsAtTheEnd) {
  const std::string bytes = "3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n0\r\n\r\n";
  EXPECT_EQ(feed(bytes + "GET"), State::done);
  EXPECT_EQ(body, "abc0123456789");
  EXPECT_EQ(used, bytes.size());
}

TEST_F(ChunkDecoderTest, ReadsOneByteAtATime) {
  const std::string bytes = "3\r\nabc\r\n0\r\nTrailer: x\r\n\r\n";
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i)
    ASSERT_EQ(feed(bytes.substr(i, 1)), State::more) << i;
  EXPECT_EQ(feed("\n"), State::done);
  EXPECT_EQ(body, "abc");
}

TEST_F(ChunkDecoderTest, ChecksTheAnnouncedSizeBeforeTheData) {
  EXPECT_EQ(feed("64\r\n"), State::more) << "100 bytes";
  decoder.reset(100);
  EXPECT_EQ(feed("65\r\n"), State::too_large);
}

TEST_F(ChunkDecoderTest, CountsAllChunksTogether) {
  EXPECT_EQ(feed("3c\r\n" + std::string(60, 'a') + "\r\n29\r\n"), State::too_large);
}

TEST_F(ChunkDecoderTest, RefusesSizesThatReadersDisagreeAbout) {
  for (const std::string_view line :
       {"\r\n", " 3\r\n", "3 \r\n", "+3\r\n", "-3\r\n", "0x3\r\n", "3g\r\n", "000000003\r\n", "3\n",
        "3\r\r\n", ";x\r\n", "3;\x01\r\n", "3\r \n"}) {
    decoder.reset(100);
    EXPECT_EQ(feed(line), State::malformed) << line;
  }
}

TEST_F(ChunkDecoderTest, RefusesDataThatIsLongerThanItsSize) {
  EXPECT_EQ(feed("3\r\nabcd\r\n"), State::malformed);
}

TEST_F(ChunkDecoderTest, RefusesBadTrailers) {
  EXPECT_EQ(feed("0\r\nno colon\r\n"), State::malformed);
  decoder.reset(100);
  EXPECT_EQ(feed("0\r\nX : y\r\n"), State::malformed);
  decoder.reset(100);
  EXPECT_EQ(feed("0\r\n: y\r\n"), State::malformed);
  decoder.reset(100);
  EXPECT_EQ(feed("0\r\nX: y\n"), State::malformed);
}

TEST_F(ChunkDecoderTest, LimitsLinesAndTrailers) {
  EXPECT_EQ(feed("3;" + std::string(300, 'a')), State::malformed);
  decoder.reset(100);
  std::string trailers = "0\r\n";
  for (int i = 0; i < 11; ++i) trailers += "X: " + std::string(200, 'a') + "\r\n";
  EXPECT_EQ(feed(trailers), State::malformed);
}

TEST_F(ChunkDecoderTest, StaysMalformed) {
  EXPECT_EQ(feed("x\r\n"), State::malformed);
  EXPECT_EQ(feed("0\r\n\r\n"), State::malformed);
  EXPECT_EQ(used, 0U);
}

TEST(ChunkDecoderProperty, AnySplitGivesTheSameBody) {
  SeededRandom random(7);
  std::string wire, wanted;
  for (int chunk = 1; chunk <= 40; ++chunk) {
    const std::string data(random.below(300) + 1, static_cast<char>('a' + chunk % 26));
    char size[16];
    std::snprintf(size, sizeof size, "%zx\r\n", data.size());
    wire += size + data + "\r\n";
    wanted += data;
  }
  wire += "0\r\n\r\n";
  for (int round = 0; round < 50; ++round) {
    ChunkDecoder decoder;
    decoder.reset(1 << 20);
    std::string body;
    State state = State::more;
    for (std::size_t at = 0; at < wire.size();) {
      const std::string_view piece = std::string_view(wire).substr(at, random.below(97) + 1);
      std::size_t used = 0;
      state = decoder.feed(piece, body, used);
      ASSERT_EQ(used, piece.size());
      at += piece.size();
    }
    EXPECT_EQ(state, State::done);
    EXPECT_EQ(body, wanted);
  }
}

}  // namespace
}  // namespace gk::net
