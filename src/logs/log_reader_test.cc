#include "logs/log_reader.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "testing/temp_dir.h"

namespace gk::logs {
namespace {

std::string line(int number, const char* level = "info") {
  return R"({"ts":"2026-11-28T07:00:00Z","level":")" + std::string(level) +
         R"(","event":"e","message":"number )" + std::to_string(number) + R"("})";
}

class LogReaderTest : public testing::Test {
 protected:
  void write(const std::string& name, int from, int to, const std::string& rest = "") {
    std::ofstream out(dir.path().string() + "/" + name, std::ios::app);
    for (int i = from; i <= to; ++i) out << line(i) << "\n";
    out << rest;
  }
  /// All pages from the newest back, `limit` at a time.
  std::vector<std::string> all(std::size_t limit, const LogQuery& query = {}) {
    std::vector<std::string> out;
    std::optional<Place> at;
    for (int pages = 0; pages < 10'000; ++pages) {
      auto page = read_back(file, query, limit, at).value();
      out.insert(out.end(), page.lines.begin(), page.lines.end());
      EXPECT_LE(page.lines.size(), limit);
      if (!page.next) return out;
      at = Place::read(page.next->text());
    }
    ADD_FAILURE() << "the pages never end";
    return out;
  }
  static std::vector<std::string> lines(int from, int to) {
    std::vector<std::string> out;
    for (int i = from; i >= to; --i) out.push_back(line(i));
    return out;
  }

  TempDir dir;
  std::string file = dir.path().string() + "/x.log";
};

TEST_F(LogReaderTest, PagesGoBackOverRotatedFilesWithoutLossOrRepetition) {
  write("x.2.log", 1, 1000);
  write("x.1.log", 1001, 2500);
  write("x.log", 2501, 3000);
  EXPECT_EQ(all(7), lines(3000, 1));
  EXPECT_EQ(all(1000), lines(3000, 1));
  EXPECT_EQ(all(3000), lines(3000, 1));
}

TEST_F(LogReaderTest, ARotationBetweenTwoPagesLosesNothing) {
  write("x.log", 1, 100);
  const auto first = read_back(file, {}, 30, {}).value();
  std::filesystem::rename(file, dir.path().string() + "/x.1.log");
  write("x.log", 101, 150);
  const auto second = read_back(file, {}, 100, first.next).value();
  EXPECT_EQ(second.lines, lines(70, 1));
  EXPECT_FALSE(second.next);
}

TEST_F(LogReaderTest, HalfALineAtTheEndIsNoLineYet) {
  write("x.log", 1, 2, R"({"ts":"2026-11)");
  EXPECT_EQ(all(10), lines(2, 1));
}

TEST_F(LogReaderTest, AFilterThatFindsNothingEnds) {
  write("x.log", 1, 5000);
  EXPECT_TRUE(all(10, {.text = "nowhere"}).empty());
  EXPECT_EQ(all(10, {.text = "number 4711\""}), lines(4711, 4711));
}

TEST_F(LogReaderTest, NoFileIsAnEmptyPage) {
  EXPECT_TRUE(all(10).empty());
  EXPECT_TRUE(read_on(file, {}, 10, {}).value().lines.empty());
}

TEST_F(LogReaderTest, GoingOnSeesWhatCameSinceAndARotatedFileFromItsBegin) {
  write("x.log", 1, 10);
  auto page = read_on(file, {}, 100, {}).value();
  EXPECT_TRUE(page.lines.empty()) << "it begins at the end";
  write("x.log", 11, 12, "{\"half");
  page = read_on(file, {}, 100, page.next).value();
  EXPECT_EQ(page.lines, (std::vector<std::string>{line(11), line(12)}));
  std::filesystem::rename(file, dir.path().string() + "/x.1.log");
  write("x.log", 13, 13);
  page = read_on(file, {}, 100, page.next).value();
  EXPECT_EQ(page.lines, std::vector<std::string>{line(13)});
  EXPECT_TRUE(read_on(file, {}, 100, page.next).value().lines.empty());
}

TEST(PlaceTest, ReadsOnlyWhatItWrote) {
  const Place place{0xabc, 0x123};
  EXPECT_EQ(place.text(), "abc-123");
  EXPECT_EQ(Place::read("abc-123")->offset, 0x123U);
  for (const char* wrong : {"", "-", "abc", "abc-", "-1", "abc-12z", "../../etc"}) {
    EXPECT_FALSE(Place::read(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace gk::logs
