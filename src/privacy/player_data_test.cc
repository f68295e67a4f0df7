#include "privacy/player_data.h"

#include <gtest/gtest.h>

#include <map>

#include "base/json.h"
#include "privacy/pseudonyms.h"
#include "testing/capture_log.h"
#include "testing/manual_clock.h"
#include "testing/seeded_random.h"
#include "testing/temp_dir.h"

namespace gk::privacy {
namespace {

/// A room with players in a map; answers when told to.
struct FakeRoom {
  std::map<std::string, std::string> players;
  std::optional<Error> failure;
  bool late = false;
  std::vector<std::function<void()>> waiting;

  void answer(std::function<void()> task) { late ? waiting.push_back(std::move(task)) : task(); }
  PlayerDataHook hook(std::string name) {
    return {.name = std::move(name),
            .export_data =
                [this](const std::string& player, std::function<void(Result<std::string>)> done) {
                  answer([this, player, done] {
                    if (failure) return done(*failure);
                    const auto it = players.find(player);
                    if (it == players.end()) return done(Error{Errc::not_found, "nothing"});
                    done(it->second);
                  });
                },
            .erase =
                [this](const std::string& player, std::function<void(Result<void>)> done) {
                  answer([this, player, done] {
                    if (failure) return done(*failure);
                    if (players.erase(player) == 0) return done(Error{Errc::not_found, "nothing"});
                    done({});
                  });
                }};
  }
};

class PlayerDataTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(data.add(referee.hook("referee")));
    ASSERT_TRUE(data.add(series.hook("series")));
  }
  Result<std::string> exported(const std::string& player) {
    Result<std::string> out = Error{Errc::internal, "no answer"};
    data.export_player(player, [&](Result<std::string> r) { out = std::move(r); });
    return out;
  }
  Result<std::vector<std::string>> erased(const std::string& player) {
    Result<std::vector<std::string>> out = Error{Errc::internal, "no answer"};
    data.erase_player(player, [&](Result<std::vector<std::string>> r) { out = std::move(r); });
    return out;
  }
  ManualClock clock;
  FakeRoom referee, series;
  PlayerData data{clock};
};

TEST_F(PlayerDataTest, ExportsThePartsOfAllRoomsThatKeepSomething) {
  referee.players["alice"] = R"({"verdicts":[1,2]})";
  const auto json = parse_json(exported("alice").value()).value();
  EXPECT_EQ(json.find("player")->as_string(), "alice");
  EXPECT_EQ(json.find("parts")->as_object().size(), 1U);
  EXPECT_EQ(json.find("parts")->find("referee")->find("verdicts")->as_array().size(), 2U);
  EXPECT_EQ(exported("bob").error().code, Errc::not_found);
}

TEST_F(PlayerDataTest, AnswersWhenTheLastRoomHas) {
  referee.players["alice"] = series.players["alice"] = "1";
  series.late = true;
  bool answered = false;
  data.export_player("alice", [&](Result<std::string> r) { answered = r.ok(); });
  EXPECT_FALSE(answered);
  series.waiting.front()();
  EXPECT_TRUE(answered);
}

TEST_F(PlayerDataTest, AnExportIsWholeOrNotAtAll) {
  referee.players["alice"] = "1";
  series.failure = Error{Errc::unavailable, "the disk"};
  EXPECT_EQ(exported("alice").error().message, "the disk");
}

TEST_F(PlayerDataTest, DeletesInEveryRoomAndNamesThem) {
  referee.players["alice"] = series.players["alice"] = "1";
  referee.players["bob"] = "2";
  EXPECT_EQ(erased("alice").value(), (std::vector<std::string>{"referee", "series"}));
  EXPECT_EQ(exported("alice").error().code, Errc::not_found);
  EXPECT_TRUE(exported("bob"));
  EXPECT_EQ(erased("alice").error().code, Errc::not_found);
}

TEST_F(PlayerDataTest, NamesTheRoomThatFailedAndMayBeRepeated) {
  referee.players["alice"] = series.players["alice"] = "1";
  series.failure = Error{Errc::unavailable, "the disk is full"};
  const auto failed = erased("alice");
  EXPECT_EQ(failed.error().code, Errc::unavailable);
  EXPECT_NE(failed.error().message.find("series: the disk is full"), std::string::npos);
  series.failure.reset();
  EXPECT_EQ(erased("alice").value(), std::vector<std::string>{"series"});
}

TEST_F(PlayerDataTest, RefusesWhatIsNoIdAndASecondHookOfOneName) {
  EXPECT_EQ(exported("").error().code, Errc::invalid_argument);
  EXPECT_EQ(erased(std::string(129, 'x')).error().code, Errc::invalid_argument);
  EXPECT_EQ(exported("a\nb").error().code, Errc::invalid_argument);
  EXPECT_EQ(exported("\xff").error().code, Errc::invalid_argument);
  EXPECT_EQ(data.add(referee.hook("series")).error().code, Errc::already_exists);
}

TEST(PseudonymsTest, AreTheSameAfterARestartAndOfAnotherInstallationDifferent) {
  const SystemClock clock;
  CaptureLog log;
  Metrics metrics;
  SeededRandom random(5);
  const auto first_of = [&](const std::string& path) {
    auto db = store::Database::open({.path = path}).value();
    const store::RoomMigrations rooms[] = {privacy_migrations()};
    EXPECT_TRUE(store::migrate(*db, rooms, clock.wall()));
    store::Writer writer(std::move(db), {.name = "state"}, clock, log, metrics);
    return Pseudonyms::load(writer, random).value().of("alice");
  };
  const TempDir dir;
  const std::string here = first_of(dir / "a.db");
  EXPECT_EQ(here.size(), std::string("player-").size() + 24);
  EXPECT_EQ(first_of(dir / "a.db"), here);
  EXPECT_NE(first_of(dir / "b.db"), here);
}

}  // namespace
}  // namespace gk::privacy
