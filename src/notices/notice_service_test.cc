#include "notices/notice_service.h"

#include <gtest/gtest.h>

#include "testing/capture_log.h"
#include "testing/manual_clock.h"
#include "testing/seeded_random.h"
#include "testing/temp_dir.h"

namespace gk::notices {
namespace {

using namespace std::chrono_literals;

/// Answers with what the test says; until then everything hangs.
class FakeTransport final : public Transport {
 public:
  struct Sent {
    PostRequest request;
    std::function<void(const Attempt&)> done;
  };
  std::list<Sent> open;
  std::vector<PostRequest> all;

  void post(PostRequest request, std::function<void(const Attempt&)> done) override {
    all.push_back(request);
    open.push_back({std::move(request), std::move(done)});
  }
  void answer(const Attempt& attempt) {
    ASSERT_FALSE(open.empty());
    const Sent first = std::move(open.front());
    open.pop_front();
    first.done(attempt);
  }
};

class NoticeServiceTest : public testing::Test {
 protected:
  NoticeServiceTest() {
    const std::array rooms{notices_migrations()};
    auto db = store::Database::open({.path = dir / "state.db"}).value();
    EXPECT_TRUE(store::migrate(*db, rooms, clock.wall()));
    writer =
        std::make_unique<store::Writer>(std::move(db), store::WriterOptions{}, clock, log, metrics);
    disk = std::make_unique<NoticeStore>(*writer, loop);
    service = make();
  }
  ~NoticeServiceTest() override { service.reset(); }

  std::unique_ptr<NoticeService> make() {
    NoticeOptions options;
    options.max_pending = 5;
    // The seal of the tests: every byte turned.
    const auto turn = [](const std::string& text) {
      std::vector<std::uint8_t> out;
      for (const char c : text) out.push_back(static_cast<std::uint8_t>(~c));
      return out;
    };
    const auto back = [](const std::vector<std::uint8_t>& sealed) {
      std::string out;
      for (const auto b : sealed) out += static_cast<char>(~b);
      return std::optional(out);
    };
    auto made = std::make_unique<NoticeService>(options, loop, clock, random, log, metrics, *disk,
                                                transport, SecretBox{turn, back});
    made->restore(disk->load().value());
    return made;
  }
  void add(const std::string& name, ReceiverKind kind = ReceiverKind::webhook,
           std::string url = "") {
    Receiver r;
    r.name = name;
    r.kind = kind;
    r.url = url.empty() ? "https://example.org/" + name : std::move(url);
    r.game = "tw";
    bool done = false;
    service->put_receiver(r, {}, [&](const auto& result) { done = static_cast<bool>(result); });
    ASSERT_TRUE(loop.run_until([&] { return done; }, 10s));
  }
  void tell(const std::string& text, const std::vector<ReceiverKind>& except = {}) {
    Notice n;
    n.kind = "macro.cancelled";
    n.title = "T";
    n.text = text;
    service->tell(std::move(n), except);
  }
  /// Lets `by` pass; due messages are sent.
  void pass(Nanos by) {
    clock.advance(by);
    // The service looked at the clock when it set its timer, so it is asked anew.
    add("clock-poke");
  }
  std::size_t count(std::string_view state) {
    return parse_json(service->outbox_json(state)).value().find("items")->as_array().size();
  }

  TempDir dir;
  net::Loop loop;
  ManualClock clock;
  SeededRandom random{3};
  CaptureLog log;
  Metrics metrics;
  std::unique_ptr<store::Writer> writer;
  std::unique_ptr<NoticeStore> disk;
  FakeTransport transport;
  std::unique_ptr<NoticeService> service;
};

TEST_F(NoticeServiceTest, TagsEachWriteOfAReceiverAndKeepsTheTagOverARestart) {
  add("a");
  const std::string first = service->etag("a");
  EXPECT_FALSE(first.empty());
  EXPECT_EQ(service->etag("b"), "");
  tell("one");
  transport.answer({.status = 204});
  EXPECT_EQ(service->etag("a"), first) << "what is delivered changes no setting";
  add("a", ReceiverKind::webhook, "https://example.org/elsewhere");
  const std::string second = service->etag("a");
  EXPECT_NE(second, first) << "the url is not shown but counts";
  service = make();
  EXPECT_EQ(service->etag("a"), second);
}

TEST_F(NoticeServiceTest, ReturnsBeforeAnythingIsSentOrStored) {
  add("a");
  tell("one");
  EXPECT_EQ(transport.open.size(), 1U);
  EXPECT_EQ(count("pending"), 1U);
  transport.answer({.status = 204});
  EXPECT_EQ(count("delivered"), 1U);
  EXPECT_EQ(service->pending(), 0U);
}

TEST_F(NoticeServiceTest, SendsOneAtATimeOnAChannelAndOthersBesideIt) {
  add("a", ReceiverKind::discord, "https://d/api/webhooks/1/t");
  add("b", ReceiverKind::discord, "https://d/api/webhooks/1/t");
  add("c");
  tell("one");
  EXPECT_EQ(transport.open.size(), 2U) << "a and b write to one channel";
  transport.answer({.status = 200});
  EXPECT_EQ(transport.open.size(), 2U) << "b follows a";
}

TEST_F(NoticeServiceTest, LeavesOutTheKindsThatTheProfileSilences) {
  add("a", ReceiverKind::discord, "https://d/api/webhooks/1/t");
  add("c");
  tell("one", {ReceiverKind::discord});
  ASSERT_EQ(transport.all.size(), 1U);
  EXPECT_EQ(transport.all[0].url, "https://example.org/c");
}

TEST_F(NoticeServiceTest, TriesAgainWithTheSameIdAfterAnOutage) {
  add("a");
  tell("one");
  transport.answer({.error = "no answer", .error_kind = "timeout"});
  EXPECT_EQ(count("pending"), 1U);
  EXPECT_TRUE(transport.open.empty());
  pass(2s);
  ASSERT_EQ(transport.all.size(), 2U);
  EXPECT_EQ(transport.all[0].body, transport.all[1].body);
}

TEST_F(NoticeServiceTest, WaitsAsLongAsTheReceiverAsks) {
  add("a");
  tell("one");
  transport.answer({.status = 429, .retry_after_s = 30});
  tell("two");
  pass(29s);
  EXPECT_TRUE(transport.open.empty()) << "the whole channel waits";
  pass(2s);
  EXPECT_EQ(transport.open.size(), 1U);
}

TEST_F(NoticeServiceTest, AGlobalLimitHoldsForEveryDiscordChannel) {
  add("a", ReceiverKind::discord, "https://d/api/webhooks/1/t");
  add("b", ReceiverKind::discord, "https://d/api/webhooks/2/t");
  tell("one");
  transport.answer({.status = 429, .retry_after_s = 30, .global = true});
  transport.answer({.status = 200});
  tell("two");
  EXPECT_TRUE(transport.open.empty());
}

TEST_F(NoticeServiceTest, GivesUpWhatNeverGetsBetterAtOnceAndTheOldAfterADay) {
  add("a");
  tell("one");
  transport.answer({.status = 404, .error = "the receiver answered 404"});
  EXPECT_EQ(count("failed"), 1U);
  tell("two");
  transport.answer({.status = 503});
  pass(24h + 1s);
  EXPECT_EQ(count("failed"), 2U);
  EXPECT_EQ(transport.all.size(), 2U);
}

TEST_F(NoticeServiceTest, AFullOutboxLosesTheOldestAndCountsIt) {
  add("a");
  for (int i = 0; i < 7; ++i) tell("n" + std::to_string(i));
  EXPECT_EQ(service->pending(), 5U);
  EXPECT_EQ(count("dropped"), 2U);
  EXPECT_EQ(parse_json(service->outbox_json("")).value().find("dropped_total")->as_number(), 2);
  EXPECT_NE(transport.all[0].body.find("n0"), std::string::npos)
      << "the one in flight is not among the lost";
  EXPECT_EQ(service->outbox_json("pending").find("\"dropped\""), std::string::npos);
}

TEST_F(NoticeServiceTest, KeepsWhatWaitsOverARestart) {
  add("a");
  tell("one");
  transport.answer({.status = 500});
  service.reset();
  disk.reset();
  writer.reset();  // Everything is on disk now.
  auto db = store::Database::open({.path = dir / "state.db"}).value();
  writer =
      std::make_unique<store::Writer>(std::move(db), store::WriterOptions{}, clock, log, metrics);
  disk = std::make_unique<NoticeStore>(*writer, loop);
  service = make();
  EXPECT_EQ(count("pending"), 1U);
  pass(2s);
  ASSERT_EQ(transport.all.size(), 2U);
  EXPECT_EQ(transport.all[0].body, transport.all[1].body);
}

TEST_F(NoticeServiceTest, DeletingAReceiverEndsWhatWaitsForIt) {
  add("a");
  tell("one");
  tell("two");
  bool done = false;
  service->delete_receiver("a", {}, [&](const auto&) { done = true; });
  ASSERT_TRUE(loop.run_until([&] { return done; }, 10s));
  EXPECT_EQ(count("failed"), 2U);
  transport.answer({.status = 200});  // Of the one that was in flight: harmless.
  EXPECT_EQ(service->pending(), 0U);
}

TEST_F(NoticeServiceTest, ATestAnswersWithItsFirstAttempt) {
  add("a");
  std::string answer;
  service->test("a", {.name = "ann"}, [&](const auto& r) { answer = r.value(); });
  ASSERT_TRUE(loop.run_until([&] { return !transport.open.empty(); }, 10s));
  transport.answer({.error = "refused", .error_kind = "connect"});
  EXPECT_NE(answer.find("\"state\":\"pending\""), std::string::npos) << answer;
  EXPECT_NE(answer.find("refused"), std::string::npos);
  Error error;
  service->test("nobody", {.name = "ann"}, [&](const auto& r) { error = r.error(); });
  EXPECT_EQ(error.code, Errc::not_found);
}

TEST_F(NoticeServiceTest, TellsPlayersThroughTheSenderAndNotTwiceWhatTheGameRefuses) {
  add("players", ReceiverKind::game);
  std::vector<std::string> lines;
  service->set_game_sender([&](const std::string& game, const std::string& command, auto done) {
    lines.push_back(game + ": " + command);
    done(Error{Errc::permission_denied, "not on the allow-list"});
  });
  tell("too slow; quit");
  ASSERT_TRUE(loop.run_until([&] { return count("failed") == 1; }, 10s));
  EXPECT_EQ(lines, std::vector<std::string>{"tw: say T: too slow  quit"});
}

TEST_F(NoticeServiceTest, OldNewsAreNotToldInsideAGame) {
  add("players", ReceiverKind::game);
  tell("one");  // Nobody is connected: it waits.
  ASSERT_TRUE(loop.run_until(
      [&] { return service->outbox_json("").find("no game") != std::string::npos; }, 10s));
  pass(301s);
  EXPECT_EQ(count("failed"), 1U);
}

TEST_F(NoticeServiceTest, RecordsWhoDidWhatToAReceiverAndNeverItsSecrets) {
  std::vector<ReceiverAct> acts;  // Written by the writer's thread; read after its answers.
  disk->record_in([&](store::Database&, const ReceiverAct& act) {
    acts.push_back(act);
    return Result<void>();
  });
  const NoticeService::Author ann{"u1", "ann", "c1"};
  Receiver r;
  r.name = "ops";
  r.kind = ReceiverKind::webhook;
  r.url = "https://example.org/very-secret";
  r.secret = "0123456789abcdef";
  int done = 0;
  const auto count_it = [&](const auto&) { ++done; };
  const auto wait = [&](int n) { return loop.run_until([&] { return done == n; }, 10s); };
  service->put_receiver(r, ann, count_it);
  ASSERT_TRUE(wait(1));
  r.secret = "another-0123456789";
  r.enabled = false;
  service->put_receiver(r, ann, count_it);
  ASSERT_TRUE(wait(2));
  service->delete_receiver("ops", ann, count_it);
  ASSERT_TRUE(wait(3));
  ASSERT_EQ(acts.size(), 3U);
  EXPECT_EQ(acts[0].action, "notices.receiver.create");
  EXPECT_FALSE(acts[0].before);
  EXPECT_EQ(acts[1].action, "notices.receiver.change");
  EXPECT_NE(acts[1].before->find("\"enabled\":true"), std::string::npos);
  EXPECT_NE(acts[1].after->find("\"enabled\":false"), std::string::npos);
  EXPECT_NE(acts[1].after->find("\"url_changed\":false,\"secret_changed\":true"),
            std::string::npos);
  EXPECT_EQ(acts[2].action, "notices.receiver.delete");
  EXPECT_FALSE(acts[2].after);
  for (const ReceiverAct& act : acts) {
    EXPECT_EQ(act.author.name, "ann");
    for (const auto& text : {act.before.value_or(""), act.after.value_or("")}) {
      EXPECT_EQ(text.find("very-secret"), std::string::npos);
      EXPECT_EQ(text.find("0123456789"), std::string::npos);
    }
  }
}

TEST_F(NoticeServiceTest, AnActThatCannotBeRecordedIsNotDone) {
  disk->record_in([](store::Database&, const ReceiverAct&) -> Result<void> {
    return Error{Errc::unavailable, "the audit is full"};
  });
  std::vector<Result<std::string>> answers;
  const auto keep = [&](Result<std::string> answer) { answers.push_back(std::move(answer)); };
  Receiver r;
  r.name = "ops";
  r.url = "https://example.org/x";
  service->put_receiver(r, {}, keep);
  ASSERT_TRUE(loop.run_until([&] { return answers.size() == 1; }, 10s));
  EXPECT_FALSE(answers[0]);
  EXPECT_EQ(service->find("ops"), nullptr);
  EXPECT_TRUE(disk->load().value().receivers.empty());
}

TEST_F(NoticeServiceTest, ShowsNoSecretAndStoresNoneInTheClear) {
  add("a", ReceiverKind::discord, "https://d/api/webhooks/1/very-secret");
  EXPECT_EQ(service->receivers_json().find("very-secret"), std::string::npos);
  EXPECT_EQ(disk->load().value().receivers.at(0).config.find("very-secret"), std::string::npos);
}

}  // namespace
}  // namespace gk::notices
