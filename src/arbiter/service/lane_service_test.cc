#include "arbiter/service/lane_service.h"

#include <gtest/gtest.h>

#include "arbiter/service/fakes_for_test.h"
#include "testing/capture_log.h"

namespace gk::arbiter {
namespace {

using namespace std::chrono_literals;

constexpr const char* kNoGap = R"({"spacing_s":0})";

class LaneServiceTest : public testing::Test {
 protected:
  ~LaneServiceTest() override {
    notices = {};
    service.reset();  // Tells those who still wait, while `answers` is there.
  }
  void start(LaneServiceOptions options = {}, const char* settings = kNoGap,
             Token ceiling = Token(1000)) {
    StoredLanes stored;
    stored.lanes.push_back({"character", settings, Token(7), ceiling});
    service = LaneService::create(options, loop, clock, log, metrics, store, stored).value();
    notices = service->notices().subscribe([this](const LaneNotice& n) { seen.push_back(n); });
  }
  Party socket(std::uint64_t owner) const {
    Party party;
    party.kind = PartyKind::socket;
    party.owner = OwnerId(owner);
    return party;
  }
  /// The place in `answers` where the outcome will be.
  std::size_t ask(const char* actor, Party party, std::optional<Nanos> timeout = {},
                  std::optional<Nanos> lease = {}) {
    const std::size_t place = answers.size();
    answers.emplace_back();
    const auto wait = service->acquire(
        {"character", actor, std::move(party), timeout, lease},
        [this, place](const Result<Lease>& lease_or_error) { answers[place] = lease_or_error; });
    waits.push_back(wait ? *wait : 0);
    if (!wait) answers[place] = wait.error();
    return place;
  }
  bool until(const std::function<bool()>& done) { return loop.run_until(done, 10s); }
  bool granted(std::size_t place) const { return answers[place] && answers[place]->ok(); }
  Errc error(std::size_t place) const {
    return answers[place] && !answers[place]->ok() ? answers[place]->error().code : Errc::internal;
  }
  Token token(std::size_t place) const { return (*answers[place])->token; }
  std::size_t count(LaneNotice::Kind kind) const {
    return static_cast<std::size_t>(
        std::count_if(seen.begin(), seen.end(), [&](const auto& n) { return n.kind == kind; }));
  }

  net::Loop loop;
  SystemClock clock;
  CaptureLog log;
  Metrics metrics;
  FakeLaneStore store{loop};
  std::unique_ptr<LaneService> service;
  Topic<LaneNotice>::Subscription notices;
  std::vector<LaneNotice> seen;
  std::vector<std::optional<Result<Lease>>> answers;
  std::vector<WaitId> waits;
};

TEST_F(LaneServiceTest, GrantsAFreeLaneAtOnceAboveTheStoredMark) {
  start();
  const auto place = ask("fisher", {});
  ASSERT_TRUE(granted(place)) << "before acquire() returned";
  EXPECT_EQ(token(place), Token(8));
  EXPECT_NE(service->lane_json("character")->find("\"kind\":\"local\""), std::string::npos);
  EXPECT_TRUE(*service->may_act("character", Token(8)));
  EXPECT_FALSE(*service->may_act("character", Token(7)));
}

TEST_F(LaneServiceTest, HandsOverByPriorityAndRefusesTheOldToken) {
  start();
  const auto first = ask("fisher", socket(1));
  const auto low = ask("eater", socket(2)), high = ask("trainer", socket(3));
  ASSERT_TRUE(service->release("character", token(first), socket(1)));
  ASSERT_TRUE(until([&] { return granted(high); }));
  EXPECT_FALSE(granted(low));
  EXPECT_FALSE(*service->may_act("character", token(first)));
  EXPECT_EQ(service->release("character", token(first), socket(1)).error().code,
            Errc::failed_precondition);
}

TEST_F(LaneServiceTest, AnotherPartyCannotEndAGrantThoughItKnowsTheToken) {
  start();
  const auto place = ask("fisher", socket(1));
  EXPECT_EQ(service->release("character", token(place), socket(2)).error().code,
            Errc::permission_denied);
  Party user;
  user.kind = PartyKind::http;
  user.user = "udo";
  EXPECT_EQ(service->renew("character", token(place), user).error().code, Errc::permission_denied);
  user.admin = true;
  EXPECT_TRUE(service->release("character", token(place), user));
}

TEST_F(LaneServiceTest, ShowsNoTokenBeforeItsCeilingIsOnDisk) {
  LaneServiceOptions options;
  options.token_block = 4;
  store.held_back = true;
  start(options, kNoGap, Token(7));
  const auto place = ask("fisher", socket(1));
  loop.run_for(20ms);
  EXPECT_FALSE(answers[place]) << "token 8 is above the ceiling 7";
  EXPECT_FALSE(*service->may_act("character", Token(8))) << "nobody's yet";
  EXPECT_NE(service->lane_json("character")->find("\"holder\":null"), std::string::npos);
  ASSERT_EQ(store.waiting.size(), 1U);
  store.answer();
  ASSERT_TRUE(granted(place));
  EXPECT_EQ(token(place), Token(8));
  EXPECT_LE(token(place), store.ceilings["character"]);
}

TEST_F(LaneServiceTest, RefusesWhenTheCeilingCannotBeStoredAndTriesAgain) {
  LaneServiceOptions options;
  options.token_block = 4;
  options.store_retry = 10ms;
  store.broken = true;
  start(options, kNoGap, Token(7));
  const auto place = ask("fisher", socket(1));
  ASSERT_TRUE(until([&] { return answers[place].has_value(); }));
  EXPECT_EQ(error(place), Errc::unavailable);
  store.broken = false;
  loop.run_for(40ms);
  const auto again = ask("fisher", socket(1));
  ASSERT_TRUE(until([&] { return answers[again].has_value(); }));
  EXPECT_TRUE(granted(again));
}

TEST_F(LaneServiceTest, ADeadConnectionFreesWhatItHeldAndGivesUpWhatItWaitedFor) {
  start();
  const auto held = ask("fisher", socket(1)), dead = ask("trainer", socket(2)),
             next = ask("eater", socket(3));
  service->drop(OwnerId(2));
  EXPECT_EQ(error(dead), Errc::cancelled);
  service->drop(OwnerId(1));
  ASSERT_TRUE(until([&] { return granted(next); }));
  EXPECT_FALSE(*service->may_act("character", token(held)));
  EXPECT_EQ(count(LaneNotice::Kind::lost), 1U);
}

// An owner that ends within somebody's callback: the answers to it wait in the inbox until then.
TEST_F(LaneServiceTest, NothingIsCalledForAnOwnerThatHasGone) {
  start();
  const auto holder = ask("fisher", socket(1));
  ASSERT_TRUE(granted(holder));
  bool gone = false, told_late = false;
  std::size_t told = 0;
  const auto answer = [&](const Result<Lease>& lease) {
    ++told;
    told_late = told_late || gone;
    EXPECT_EQ(lease.error().code, Errc::cancelled);
  };
  ASSERT_TRUE(service->acquire({.lane = "character",
                                .actor = "trainer",
                                .party = socket(2),
                                .timeout = 10s,
                                .lease = std::nullopt},
                               answer));
  const auto last = service->acquire({.lane = "character",
                                      .actor = "eater",
                                      .party = socket(3),
                                      .timeout = 10s,
                                      .lease = std::nullopt},
                                     [&](const Result<Lease>&) {
                                       service->drop(OwnerId(2));
                                       gone = true;
                                     });
  ASSERT_TRUE(last);
  service->drop(OwnerId(3));  // Calls back while the service drains.
  EXPECT_TRUE(gone);
  EXPECT_EQ(told, 1U);
  EXPECT_FALSE(told_late);
  loop.run_for(20ms);
  EXPECT_EQ(told, 1U);
}

TEST_F(LaneServiceTest, AHungHolderLosesTheLaneAtTheEndOfItsLease) {
  start({}, R"({"spacing_s":0,"lease_s":0.03})");
  const MonoTime begin = clock.mono();
  const auto held = ask("fisher", socket(1)), next = ask("trainer", socket(2));
  ASSERT_TRUE(until([&] { return granted(next); }));
  EXPECT_GE(clock.mono() - begin, 30ms);
  EXPECT_FALSE(*service->may_act("character", token(held)));
  ASSERT_EQ(count(LaneNotice::Kind::lost), 1U);
  const auto lost = std::find_if(seen.begin(), seen.end(),
                                 [](const auto& n) { return n.kind == LaneNotice::Kind::lost; });
  EXPECT_EQ(lost->owner, OwnerId(1));
  EXPECT_EQ(lost->reason, Reason::lease);
}

TEST_F(LaneServiceTest, AShorterLeaseEndsEarlierAndCanBeRenewed) {
  start();
  const auto held = ask("fisher", socket(1), {}, 9s);
  EXPECT_LE((*answers[held])->expires_in, 9s);
  loop.run_for(30ms);
  const auto renewed = service->renew("character", token(held), socket(1));
  ASSERT_TRUE(renewed);
  EXPECT_GT(renewed->expires_in, 9s - 30ms) << "counted from now, not from the grant";
  EXPECT_LE(renewed->expires_in, 9s) << "not the lane's 30 s";
  ASSERT_TRUE(service->release("character", token(held), socket(1)));
  const auto brief = ask("fisher", socket(1), {}, 20ms);
  ASSERT_TRUE(until([&] { return count(LaneNotice::Kind::lost) == 1; }));
  EXPECT_FALSE(*service->may_act("character", token(brief)));
}

TEST_F(LaneServiceTest, ATimeoutAndACancelEndAWaitOnce) {
  start();
  (void)ask("fisher", socket(1));
  const auto late = ask("trainer", socket(2), 10ms), gone = ask("trainer", socket(3));
  service->cancel(waits[gone]);
  EXPECT_EQ(error(gone), Errc::cancelled);
  ASSERT_TRUE(until([&] { return answers[late].has_value(); }));
  EXPECT_EQ(error(late), Errc::deadline_exceeded);
  EXPECT_EQ(count(LaneNotice::Kind::timeout), 1U);
  const std::string text = metrics.text();
  EXPECT_NE(text.find("gamekeeper_lane_timeouts_total 1\n"), std::string::npos)
      << "a wait that was given up is no timeout";
  EXPECT_NE(text.find("gamekeeper_lane_wait_seconds_count 1\n"), std::string::npos)
      << "of the one that was granted";
  service->cancel(waits[gone]);  // harmless
  EXPECT_EQ(service->graph_json(), "{\"waits\":[]}");
}

TEST_F(LaneServiceTest, TheQueueOfALaneIsBoundedByItsOwnLimit) {
  start({}, R"({"spacing_s":0,"queue_max":2})");
  (void)ask("fisher", socket(1));
  (void)ask("fisher", socket(2));
  (void)ask("fisher", socket(3));
  const auto refused = ask("fisher", socket(4));
  EXPECT_EQ(error(refused), Errc::resource_exhausted);
}

TEST_F(LaneServiceTest, ARemovedLaneComesBackWithNewTokensOnly) {
  start();
  const auto held = ask("fisher", socket(1));
  std::optional<Result<void>> done;
  const auto keep = [&](const Result<void>& result) { done = result; };
  service->remove_lane("character", keep);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->error().code, Errc::failed_precondition) << "it is held";
  ASSERT_TRUE(service->release("character", token(held), socket(1)));
  done.reset();
  service->remove_lane("character", keep);
  ASSERT_TRUE(until([&] { return done.has_value(); }));
  EXPECT_EQ(store.floor, token(held));
  EXPECT_EQ(error(ask("fisher", socket(1))), Errc::not_found);
  done.reset();
  service->set_lane("character", {.spacing_s = 0}, keep);
  ASSERT_TRUE(until([&] { return done.has_value(); }));
  const auto again = ask("fisher", socket(1));
  ASSERT_TRUE(granted(again));
  EXPECT_GT(token(again), token(held));
}

TEST_F(LaneServiceTest, SettingsThatCannotBeStoredAreNotInForce) {
  start();
  store.broken = true;
  std::optional<Result<void>> done;
  service->set_lane("character", {.spacing_s = 9}, [&](const Result<void>& r) { done = r; });
  ASSERT_TRUE(until([&] { return done.has_value(); }));
  EXPECT_FALSE(done->ok());
  EXPECT_EQ(service->settings("character")->spacing_s, 0);
}

TEST_F(LaneServiceTest, ARemovedModuleIsForgottenOrADefaultAgain) {
  start();
  const auto remove = [&](const char* name) {
    std::optional<Result<void>> done;
    service->remove_module(name, [&](const Result<void>& r) { done = r; });
    EXPECT_TRUE(until([&] { return done.has_value(); }));
    return done->ok() ? std::nullopt : std::optional(done->error().code);
  };
  const auto set = [&](const char* name, std::int64_t priority) {
    Module module;
    module.name = name;
    module.priority = priority;
    module.uids = {4711};
    module.custom = true;
    std::optional<Result<void>> done;
    service->set_module(module, [&](const Result<void>& r) { done = r; });
    EXPECT_TRUE(until([&] { return done.has_value(); }));
  };
  EXPECT_EQ(remove("nobody"), Errc::not_found);
  EXPECT_EQ(remove("fisher"), Errc::failed_precondition) << "an unchanged default";
  set("fisher", 7);
  set("painter", 200);
  const std::size_t holder = ask("painter", socket(1));
  EXPECT_EQ(remove("painter"), Errc::failed_precondition) << "it holds a lane";
  const std::size_t waiter = ask("fisher", socket(2));
  EXPECT_EQ(remove("fisher"), Errc::failed_precondition) << "it waits";
  service->drop(OwnerId(1));
  service->drop(OwnerId(2));
  EXPECT_TRUE(granted(holder));
  EXPECT_TRUE(until([&] { return answers[waiter].has_value(); }));
  EXPECT_EQ(remove("painter"), std::nullopt);
  EXPECT_EQ(service->module("painter"), nullptr);
  EXPECT_EQ(remove("fisher"), std::nullopt);
  EXPECT_EQ(service->module("fisher")->priority, 60);
  EXPECT_FALSE(service->module("fisher")->bound());
  EXPECT_TRUE(store.modules.empty());
  // Who asks under a forgotten name is alone, of priority 50: trainer (80) goes first.
  const std::size_t first = ask("eater", socket(3)), painter = ask("painter", socket(4)),
                    trainer = ask("trainer", socket(5));
  ASSERT_TRUE(until([&] { return granted(first); }));
  service->drop(OwnerId(3));
  ASSERT_TRUE(until([&] { return granted(trainer); }));
  EXPECT_FALSE(granted(painter));
  store.broken = true;
  set("eater", 9);
  EXPECT_EQ(service->module("eater")->priority, 20) << "not stored, not in force";
}

TEST_F(LaneServiceTest, ANewPriorityOfAModuleCountsFromTheNextRequest) {
  start();
  const auto held = ask("fisher", socket(1));
  Module eater;
  eater.name = "eater";
  eater.priority = 255;
  std::optional<Result<void>> done;
  service->set_module(eater, [&](const Result<void>& r) { done = r; });
  ASSERT_TRUE(until([&] { return done.has_value(); }));
  const auto high = ask("trainer", socket(2)), eats = ask("eater", socket(3));
  ASSERT_TRUE(service->release("character", token(held), socket(1)));
  ASSERT_TRUE(until([&] { return granted(eats); }));
  EXPECT_FALSE(granted(high));
  EXPECT_TRUE(store.modules.contains("eater"));
}

Party program(std::uint64_t owner, std::string identity) {
  Party party;
  party.kind = PartyKind::socket;
  party.owner = OwnerId(owner);
  party.identities = {std::move(identity)};
  return party;
}

TEST_F(LaneServiceTest, ACancelledMacroLosesItsLaneAndItsPlacesAndGetsNoOther) {
  start();
  service->enter_macro("heal", "", {});
  const auto held = ask("heal", program(1, "process:7:1"));
  const auto waiting = ask("heal", program(2, "token:a"));
  const auto other = ask("fisher", socket(3));
  ASSERT_TRUE(until([&] { return granted(held); }));
  service->fence_macro("heal", FenceReach::program);
  EXPECT_FALSE(service->may_act("character", token(held)).value());
  ASSERT_TRUE(until([&] { return granted(other); }));
  EXPECT_EQ(error(waiting), Errc::cancelled);
  EXPECT_EQ(error(ask("heal", socket(4))), Errc::permission_denied);
  EXPECT_EQ(error(ask("fisher", program(1, "process:7:1"))), Errc::permission_denied);
  EXPECT_EQ(error(ask("trader", program(2, "token:a"))), Errc::permission_denied);
  service->enter_macro("heal", "", {});
  EXPECT_EQ(service->release("character", token(other), socket(3)).ok(), true);
  const auto again = ask("heal", program(1, "process:7:1"));
  EXPECT_TRUE(until([&] { return granted(again); }));
}

TEST_F(LaneServiceTest, AMacroThatChangedItsNameIsSeenWhenTheFenceKnowsNamesOnly) {
  LaneServiceOptions planted;
  planted.fences.ignores_others = true;  // The bug: the test above must not pass by accident.
  start(planted);
  service->enter_macro("heal", "", {});
  const auto held = ask("heal", program(1, "process:7:1"));
  ASSERT_TRUE(until([&] { return granted(held); }));
  service->fence_macro("heal", FenceReach::program);
  const auto evades = ask("fisher", program(1, "process:7:1"));
  EXPECT_TRUE(until([&] { return granted(evades); }));
}

TEST_F(LaneServiceTest, KnowsWhetherOthersUseAName) {
  start();
  const auto held = ask("heal", program(1, "process:7:1"));
  ASSERT_TRUE(until([&] { return granted(held); }));
  const auto waiting = ask("fisher", program(2, "token:a"));
  EXPECT_TRUE(service->is_used_by_others("heal", {}));
  EXPECT_TRUE(service->is_used_by_others("heal", {"token:a"}));
  EXPECT_FALSE(service->is_used_by_others("heal", {"token:b", "process:7:1"}));
  EXPECT_TRUE(service->is_used_by_others("fisher", {"process:7:1"})) << "it waits";
  EXPECT_FALSE(service->is_used_by_others("fisher", {"token:a"}));
  EXPECT_FALSE(service->is_used_by_others("nobody", {}));
  ASSERT_TRUE(service->release("character", token(held), program(1, "process:7:1")));
  EXPECT_FALSE(service->is_used_by_others("heal", {})) << "it holds nothing any more";
  EXPECT_TRUE(until([&] { return granted(waiting); }));
}

TEST_F(LaneServiceTest, ShutdownAnswersWhoeverWaits) {
  start();
  (void)ask("fisher", socket(1));
  const auto waits_on = ask("trainer", socket(2));
  service->shutdown();
  EXPECT_EQ(error(waits_on), Errc::cancelled);
  notices.reset();
  service.reset();
}

}  // namespace
}  // namespace gk::arbiter
