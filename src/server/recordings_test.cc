#include "server/recordings.h"

#include <gtest/gtest.h>

#include <fstream>

#include "sys/files.h"
#include "testing/temp_dir.h"

namespace gk::server {
namespace {

class RecordingsTest : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::ofstream(dir / name) << text;
  }
  std::string read(const std::string& name) { return sys::read_file(dir / name, 1 << 20).value(); }
  TempDir dir;
  const std::string folder = dir.path();
};

TEST_F(RecordingsTest, TakesOutThePlayersLinesAndNoOthers) {
  write("a.jsonl",
        "{\"k\":\"m\",\"id\":\"alice\",\"x\":1}\n{\"k\":\"m\",\"id\":\"alice2\"}\n"
        "{\"note\":\"alice\"}\nnot json alice\n");
  write("b.jsonl", "{\"k\":\"m\",\"id\":\"bob\"}\n");
  EXPECT_EQ(recordings_of(folder, "alice").value(), R"([{"file":"a.jsonl","lines":1}])");
  ASSERT_TRUE(erase_from_recordings(folder, "alice"));
  EXPECT_EQ(read("a.jsonl"),
            "{\"k\":\"m\",\"id\":\"alice2\"}\n{\"note\":\"alice\"}\nnot json alice\n");
  EXPECT_EQ(read("b.jsonl"), "{\"k\":\"m\",\"id\":\"bob\"}\n");
  EXPECT_EQ(recordings_of(folder, "alice").error().code, Errc::not_found);
  EXPECT_EQ(erase_from_recordings(folder, "alice").error().code, Errc::not_found);
}

TEST_F(RecordingsTest, AFolderThatIsNotThereHasNothing) {
  EXPECT_EQ(recordings_of(folder + "/none", "alice").error().code, Errc::not_found);
}

}  // namespace
}  // namespace gk::server
