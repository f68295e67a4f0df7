#include "settings/service.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/mutex.h"
#include "net/loop.h"
#include "sys/files.h"
#include "testing/capture_log.h"
#include "testing/manual_clock.h"
#include "testing/temp_dir.h"

namespace gk::settings {
namespace {

/// One live key and one that is not: "live=…;fixed=…". "bad" in a text is wrong.
class TwoKeys final : public Schema {
 public:
  Checked check(std::string_view text) const override {
    Checked out;
    if (text.find("bad") != std::string_view::npos) {
      out.complaints.push_back({"file", 3, "live", "expected something good"});
    }
    out.values = {{"live", value(text, "live="), true}, {"fixed", value(text, "fixed="), false}};
    return out;
  }
  void apply(std::string_view text) override { applied.emplace_back(text); }
  std::string json_schema() const override { return "{}"; }

  std::vector<std::string> applied;

 private:
  static std::string value(std::string_view text, std::string_view key) {
    const std::size_t at = text.find(key);
    if (at == std::string_view::npos) return "0";
    const std::string_view rest = text.substr(at + key.size());
    return std::string(rest.substr(0, rest.find(';')));
  }
};

class FakeStore final : public RevisionStore {
 public:
  Result<Stored> load() override { return stored; }
  void save(const Revision& revision, std::string text,
            std::function<void(Result<void>)> done) override {
    if (broken) return done(Error{Errc::unavailable, "disk full"});
    stored.revisions.push_back(revision);
    texts[revision.id] = stored.newest_text = std::move(text);
    done({});
  }
  void text(std::int64_t id, std::function<void(Result<std::string>)> done) override {
    const auto it = texts.find(id);
    if (it == texts.end()) return done(Error{Errc::not_found, "no such revision"});
    done(it->second);
  }

  Stored stored;
  std::map<std::int64_t, std::string> texts;
  bool broken = false;
};

class SettingsServiceTest : public testing::Test {
 protected:
  void start(std::string text, std::size_t max_waiting = 16) {
    service = std::make_unique<SettingsService>(
        SettingsOptions{.file = dir / "gk.toml", .max_waiting = max_waiting, .max_revisions = 3},
        std::move(text), schema, store, pool,
        [this](std::function<void()> task) { loop.post(std::move(task)); }, clock, log, metrics);
    ASSERT_TRUE(service->restore());
  }
  Outcome wait(const std::function<void(SettingsService::Done)>& change) {
    std::optional<Outcome> result;
    change([&](const Outcome& outcome) { result = outcome; });
    EXPECT_TRUE(loop.run_until([&] { return result.has_value(); }, Seconds(10)));
    return result.value_or(Outcome{});
  }
  Outcome replace(const std::string& text) {
    return wait([&](auto done) { service->replace(text, {.name = "ann", .cause = "put"}, done); });
  }
  Outcome reload() {
    return wait([&](auto done) { service->reload({.name = "file", .cause = "file"}, done); });
  }
  std::string on_disk() const { return sys::read_file(dir / "gk.toml", 1000).value_or(""); }
  void write(const std::string& text) { std::ofstream(dir / "gk.toml") << text; }

  TempDir dir;
  ManualClock clock;
  CaptureLog log;
  Metrics metrics;
  net::Loop loop;
  TwoKeys schema;
  FakeStore store;
  WorkerPool pool{{.threads = 1}};
  std::unique_ptr<SettingsService> service;
};

using Kind = Outcome::Kind;

TEST_F(SettingsServiceTest, ReplacesFileAndValuesAndSaysWhatWaits) {
  start("live=1;fixed=1;");
  const Outcome outcome = replace("live=2;fixed=2;");
  EXPECT_EQ(outcome.kind, Kind::changed);
  EXPECT_EQ(outcome.revision, 2);
  EXPECT_EQ(outcome.changes.size(), 2U);
  EXPECT_EQ(outcome.restart_required, std::vector<std::string>{"fixed"});
  EXPECT_EQ(on_disk(), "live=2;fixed=2;");
  EXPECT_EQ(schema.applied, std::vector<std::string>{"live=2;fixed=2;"});
}

TEST_F(SettingsServiceTest, ASettingThatIsPutBackNoLongerWaits) {
  start("fixed=1;");
  replace("fixed=2;");
  EXPECT_TRUE(replace("fixed=1;").restart_required.empty());
}

TEST_F(SettingsServiceTest, TheTextInForceReplacesAWrongFile) {
  start("live=1;");
  write("bad");
  EXPECT_EQ(reload().kind, Kind::invalid);
  EXPECT_EQ(replace("live=1;").kind, Kind::unchanged);
  EXPECT_EQ(on_disk(), "live=1;");
  EXPECT_TRUE(service->complaints().empty());
}

TEST_F(SettingsServiceTest, ARefusedTextChangesNothing) {
  start("live=1;");
  const Outcome outcome = replace("live=2;bad");
  EXPECT_EQ(outcome.kind, Kind::invalid);
  ASSERT_EQ(outcome.complaints.size(), 1U);
  EXPECT_EQ(outcome.complaints[0].line, 3);
  EXPECT_EQ(on_disk(), "");
  EXPECT_TRUE(schema.applied.empty());
  EXPECT_EQ(service->text(), "live=1;");
  EXPECT_TRUE(service->complaints().empty()) << "the file on disk is not wrong";
}

TEST_F(SettingsServiceTest, AWrongFileIsRememberedUntilItIsRight) {
  start("live=1;");
  write("bad");
  EXPECT_EQ(reload().kind, Kind::invalid);
  EXPECT_EQ(service->complaints().size(), 1U);
  EXPECT_EQ(service->text(), "live=1;");
  write("live=1;");
  EXPECT_EQ(reload().kind, Kind::unchanged);
  EXPECT_TRUE(service->complaints().empty());
}

TEST_F(SettingsServiceTest, AFileThatCannotBeReadIsNoConfiguration) {
  start("live=1;");
  std::filesystem::create_directory(dir / "gk.toml");
  const Outcome outcome = reload();
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_EQ(service->text(), "live=1;");
}

TEST_F(SettingsServiceTest, AFileThatCannotBeWrittenChangesNothing) {
  start("live=1;");
  std::filesystem::create_directory(dir / "gk.toml");  // A rename over a folder fails.
  EXPECT_EQ(replace("live=2;").kind, Kind::failed);
  EXPECT_EQ(service->text(), "live=1;");
  EXPECT_TRUE(schema.applied.empty());
}

TEST_F(SettingsServiceTest, SaysThatARevisionCouldNotBeKept) {
  start("live=1;");
  store.broken = true;
  const Outcome outcome = replace("live=2;");
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_NE(outcome.error.message.find("the configuration holds"), std::string::npos);
  EXPECT_EQ(service->text(), "live=2;");
}

TEST_F(SettingsServiceTest, RestoresARevision) {
  start("live=1;");
  replace("live=2;");
  const Outcome outcome = wait(
      [&](auto done) { service->restore_revision(1, {.name = "ann", .cause = "restore"}, done); });
  EXPECT_EQ(outcome.kind, Kind::changed);
  EXPECT_EQ(on_disk(), "live=1;");
}

TEST_F(SettingsServiceTest, ATextThatChangedWhileTheDaemonWasAwayIsARevision) {
  start("live=1;");
  start("live=5;");
  ASSERT_EQ(service->revisions().size(), 2U);
  const Revision& newest = service->revisions().back();
  EXPECT_EQ(newest.author.cause, "start");
  ASSERT_EQ(newest.changes.size(), 1U);
  EXPECT_EQ(newest.changes[0].before, "1");
  EXPECT_EQ(newest.changes[0].after, "5");
  start("live=5;");
  EXPECT_EQ(service->revisions().size(), 2U) << "the same text is no new revision";
}

TEST_F(SettingsServiceTest, KeepsTheNewestRevisions) {
  start("live=0;");
  for (int i = 1; i <= 4; ++i) replace("live=" + std::to_string(i) + ";");
  EXPECT_EQ(service->revisions().size(), 3U);
  EXPECT_EQ(service->revisions().front().id, 3);
}

TEST_F(SettingsServiceTest, RefusesChangesPastItsQueue) {
  start("live=0;", 1);
  std::vector<Kind> kinds;
  for (int i = 1; i <= 3; ++i) {
    service->replace("live=" + std::to_string(i) + ";", {.cause = "put"},
                     [&](const Outcome& outcome) { kinds.push_back(outcome.kind); });
  }
  ASSERT_EQ(kinds.size(), 1U) << "one runs, one waits, one is refused";
  EXPECT_EQ(kinds[0], Kind::failed);
  EXPECT_TRUE(loop.run_until([&] { return kinds.size() == 3; }, Seconds(10)));
  EXPECT_EQ(service->text(), "live=2;");
}

TEST_F(SettingsServiceTest, TellsSubscribersWhatChanged) {
  start("live=0;");
  std::vector<ConfigChanged> heard;
  const auto subscription =
      service->changed().subscribe([&](const ConfigChanged& e) { heard.push_back(e); });
  replace("live=1;");
  replace("bad");
  replace("live=1;");
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(heard[0].author.name, "ann");
  EXPECT_TRUE(heard[0].valid);
}

}  // namespace
}  // namespace gk::settings
