#include "macros/profile_book.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "macros/fakes_for_test.h"
#include "testing/capture_log.h"
#include "testing/temp_dir.h"

namespace gk::macros {
namespace {

using namespace std::chrono_literals;

class ProfileBookTest : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::ofstream(dir / name) << text;
  }
  std::string logged() const {
    std::string all;
    for (const auto& line : log.lines()) all += line + "\n";
    return all;
  }
  TempDir dir;
  net::Loop loop;
  CaptureLog log;
  FakeStore store{loop};
  ProfileBook book{dir.path().string(), store, log};
};

TEST_F(ProfileBookTest, HoldsLooseningBackUntilTheFilesHashIsApproved) {
  write("dancer.safe.json",
        R"({"dance":{"safety_level":"safe","max_duration":1800,"auto_cancel_enabled":false}})");
  const auto state = book.load_file("dancer");
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(book.resolve("dance").max_duration_s, 1800);
  EXPECT_TRUE(book.resolve("dance").auto_cancel_enabled);
  const std::string hash = (*state)->hash;
  Errc refused{};
  book.approve("dancer", "0000", "ann", [&](const auto& r) { refused = r.error().code; });
  EXPECT_EQ(refused, Errc::failed_precondition);
  bool approved = false;
  book.approve("dancer", hash, "ann", [&](const auto& r) { approved = r.ok(); });
  ASSERT_TRUE(loop.run_until([&] { return approved; }, 10s));
  EXPECT_FALSE(book.resolve("dance").auto_cancel_enabled);
  write("dancer.safe.json", R"({"dance":{"auto_cancel_enabled":false}})");
  ASSERT_TRUE(book.load_file("dancer"));
  EXPECT_TRUE(book.resolve("dance").auto_cancel_enabled) << "another file needs another approval";
}

TEST_F(ProfileBookTest, KeepsTheOldProfileWhenAFileIsBad) {
  write("dancer.safe.json", R"({"dance":{"max_duration":100}})");
  ASSERT_TRUE(book.load_file("dancer"));
  write("dancer.safe.json", R"({"dance":{"max_duration":-1}})");
  const auto bad = book.load_file("dancer");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message.rfind("dancer.safe.json:1: dance.max_duration:", 0), 0U);
  EXPECT_EQ(book.resolve("dance").max_duration_s, 100);
}

TEST_F(ProfileBookTest, NeverLeavesItsDirectory) {
  EXPECT_EQ(book.load_file("../secret").error().code, Errc::invalid_argument);
  std::filesystem::create_symlink("/etc/passwd", dir / "link.safe.json");
  EXPECT_EQ(book.load_file("link").error().code, Errc::permission_denied);
  EXPECT_EQ(book.load_file("none").error().code, Errc::not_found);
}

TEST_F(ProfileBookTest, LoadsAtStartAndSaysWhichFilesItIgnores) {
  write("dancer.safe.json", R"({"dance":{"max_duration":100}})");
  write("combat_risky.json", R"({"attack":{"max_duration":9999}})");
  write("broken.safe.json", "{");
  book.restore({});
  EXPECT_EQ(book.resolve("dance").max_duration_s, 100);
  EXPECT_EQ(book.resolve("attack").max_duration_s, 300);
  EXPECT_NE(logged().find("combat_risky.json"), std::string::npos);
  EXPECT_NE(logged().find("broken.safe.json"), std::string::npos);
}

TEST_F(ProfileBookTest, SetsAndRemovesACustomProfileOnlyWhenItIsStored) {
  ProfilePatch patch;
  patch.max_duration_s = 10;
  store.broken = true;
  int answers = 0;
  book.set_custom("heal", patch, R"({"max_duration":10})", [&](const auto&) { ++answers; });
  ASSERT_TRUE(loop.run_until([&] { return answers == 1; }, 10s));
  EXPECT_EQ(book.resolve("heal").max_duration_s, 60);
  store.broken = false;
  const std::string before = profile_etag(book.resolve("heal"));
  book.set_custom("heal", patch, R"({"max_duration":10})", [&](const auto&) { ++answers; });
  ASSERT_TRUE(loop.run_until([&] { return answers == 2; }, 10s));
  EXPECT_EQ(book.resolve("heal").max_duration_s, 10);
  EXPECT_NE(profile_etag(book.resolve("heal")), before);
  EXPECT_EQ(book.all().size(), 6U);
  book.delete_custom("heal", [&](const auto&) { ++answers; });
  ASSERT_TRUE(loop.run_until([&] { return answers == 3; }, 10s));
  EXPECT_EQ(book.resolve("heal").max_duration_s, 60);
}

TEST(Examples, AreValidOverrideFiles) {
  net::Loop loop;
  CaptureLog log;
  FakeStore store{loop};
  ProfileBook book{GK_EXAMPLES "/config/macro_safety", store, log};
  const auto dancer = book.load_file("dancer");
  ASSERT_TRUE(dancer) << dancer.error().message;
  ASSERT_EQ((*dancer)->split.pending.size(), 1U);
  EXPECT_EQ((*dancer)->split.pending[0].field, "safety_level");
  const auto combat = book.load_file("combat");
  ASSERT_TRUE(combat) << combat.error().message;
  EXPECT_TRUE((*combat)->split.pending.empty());
  EXPECT_EQ(book.resolve("attack").max_duration_s, 180);
}

}  // namespace
}  // namespace gk::macros
