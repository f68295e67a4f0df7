#include "base/log.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/json.h"
#include "testing/manual_clock.h"
#include "testing/temp_dir.h"

namespace gk {
namespace {

std::string read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class FileLogTest : public testing::Test {
 protected:
  std::unique_ptr<FileLog> open(std::size_t max_bytes = 1 << 20) {
    return FileLog::create({.file = dir / "gk.log",
                            .max_file_bytes = max_bytes,
                            .max_files = 2,
                            .to_stderr = false},
                           clock)
        .value();
  }
  TempDir dir;
  ManualClock clock;
};

TEST_F(FileLogTest, WritesOneJsonObjectALineWithTypedFields) {
  auto log = open();
  log->info("test.event", "hello", {{"text", "a\nb"}, {"count", 3}, {"ratio", 0.5}, {"yes", true}});
  log->flush();
  const auto line = parse_json(read(dir / "gk.log")).value();
  EXPECT_EQ(line.find("event")->as_string(), "test.event");
  EXPECT_EQ(line.find("text")->as_string(), "a\nb");
  EXPECT_EQ(line.find("count")->as_int(), 3);
  EXPECT_EQ(line.find("ts")->as_string(), "2026-01-01T00:00:00.000Z");
}

TEST_F(FileLogTest, KeepsALineBreakInsideItsLine) {
  auto log = open();
  log->warn("test.event", "first\nlevel\":\"forged");
  const std::string text = read(dir / "gk.log");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_TRUE(parse_json(text));
}

TEST_F(FileLogTest, WritesNoControlsThatATerminalOrReaderObeys) {
  auto log = open();
  // ESC, BEL, CR, NUL, DEL, C1 CSI, right-to-left override, isolate, line separator.
  const std::string naughty("\x1b[2J\x07\r\0\x7f\xc2\x9b\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8!", 20);
  log->warn("test.event", naughty, {{"field", naughty}});
  const std::string text = read(dir / "gk.log");
  for (const char* part :
       {"\x1b", "\x07", "\r", "\x7f", "\xc2\x9b", "\xe2\x80\xae", "\xe2\x81\xa6"}) {
    EXPECT_EQ(text.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(text.find('\0'), std::string::npos);
  const auto line = parse_json(text).value();
  EXPECT_EQ(line.find("message")->as_string(), naughty) << "escaped, not lost";
}

TEST_F(FileLogTest, WarningsReachTheFileAtOnce) {
  auto log = open();
  log->info("test.first", "first line flushes: none was before");
  log->info("test.buffered", "waits");
  EXPECT_EQ(read(dir / "gk.log").find("test.buffered"), std::string::npos);
  log->warn("test.urgent", "now");
  EXPECT_NE(read(dir / "gk.log").find("test.urgent"), std::string::npos);
}

TEST_F(FileLogTest, RotatesAndDeletesTheOldest) {
  auto log = open(64 * 1024);
  const std::string filler(1000, 'x');
  for (int i = 0; i < 400; ++i) log->info("test.fill", filler);
  log->flush();
  std::size_t files = 0, bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    ++files;
    bytes += entry.file_size();
  }
  EXPECT_EQ(files, 3U) << "the file and two older ones";
  EXPECT_LE(bytes, 3 * 66 * 1024U);
}

TEST_F(FileLogTest, CountsLinesForTheHealthCheck) {
  auto log = open();
  log->info("test.event", "one");
  log->info("test.event", "two");
  EXPECT_EQ(log->stats().lines, 2U);
  EXPECT_EQ(log->stats().last_line, clock.mono());
}

TEST(FileLog, SaysWhichFileCannotBeOpened) {
  ManualClock clock;
  const auto log = FileLog::create({.file = "/proc/nowhere/gk.log"}, clock);
  ASSERT_FALSE(log);
  EXPECT_NE(log.error().message.find("/proc/nowhere/gk.log"), std::string::npos);
}

}  // namespace
}  // namespace gk
