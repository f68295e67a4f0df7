#include "net/name_lookup.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>

namespace gk::net {
namespace {

using namespace std::chrono_literals;

class NameLookupTest : public testing::Test {
 protected:
  NameLookup::Done keep() {
    return [this](Result<Addresses> found) { answers.push_back(std::move(found)); };
  }
  /// Asks a name server that answers when it is told to.
  NameLookup::Ask slow() {
    return [server = server](const std::string&) -> Result<Addresses> {
      ++server->asked;
      server->answers.wait(false);
      --server->asked;
      return Addresses{boost::asio::ip::make_address("192.0.2.1")};
    };
  }
  bool until(const std::function<bool()>& done) { return loop.run_until(done, 10s); }
  void answer() {
    server->answers = true;
    server->answers.notify_all();
  }
  ~NameLookupTest() override {
    answer();
    until([this] { return server->asked == 0; });
  }
  struct Server {
    std::atomic<bool> answers{false};
    std::atomic<int> asked{0};
  };
  Loop loop;
  std::shared_ptr<Server> server = std::make_shared<Server>();
  std::vector<Result<Addresses>> answers;
};

TEST_F(NameLookupTest, TakesANumericAddressAsItIs) {
  for (const char* text : {"127.0.0.1", "::1"}) {
    answers.clear();
    const NameLookup lookup(loop, text, keep(), [](const std::string&) -> Result<Addresses> {
      return Error{Errc::internal, "somebody was asked"};
    });
    EXPECT_TRUE(answers.empty()) << "not from within the constructor";
    ASSERT_TRUE(until([&] { return !answers.empty(); }));
    ASSERT_TRUE(answers[0]) << answers[0].error().message;
    EXPECT_EQ(answers[0]->at(0).to_string(), text);
  }
}

TEST_F(NameLookupTest, AsksTheSystem) {
  const NameLookup here(loop, "localhost", keep());
  ASSERT_TRUE(until([&] { return !answers.empty(); }));
  ASSERT_TRUE(answers[0]) << answers[0].error().message;
  EXPECT_TRUE(answers[0]->at(0).is_loopback());
  const NameLookup nowhere(loop, "no such name", keep());
  ASSERT_TRUE(until([&] { return answers.size() == 2; }));
  EXPECT_EQ(answers[1].error().code, Errc::unavailable);
  EXPECT_TRUE(answers[1].error().message.starts_with("no such host: "))
      << answers[1].error().message;
}

TEST_F(NameLookupTest, OneThatIsNotAnsweredHoldsNobodyUp) {
  const NameLookup far(loop, "far.example", keep(), slow());
  ASSERT_TRUE(until([&] { return server->asked == 1; }));
  const NameLookup here(loop, "localhost", keep());
  ASSERT_TRUE(until([&] { return !answers.empty(); }));
  EXPECT_TRUE(answers[0]->at(0).is_loopback());
  answer();
  ASSERT_TRUE(until([&] { return answers.size() == 2; }));
  EXPECT_EQ(answers[1]->at(0).to_string(), "192.0.2.1");
}

TEST_F(NameLookupTest, IsForgottenWithoutWaiting) {
  std::optional<NameLookup> lookup;
  lookup.emplace(loop, "far.example", keep(), slow());
  ASSERT_TRUE(until([&] { return server->asked == 1; }));
  lookup.reset();  // Would hang, if it waited.
  answer();
  ASSERT_TRUE(until([&] { return server->asked == 0; }));
  loop.run_for(20ms);
  EXPECT_TRUE(answers.empty());
  // An answer that is on its way to the loop is dropped, too.
  lookup.emplace(loop, "127.0.0.1", keep());
  lookup.reset();
  loop.run_for(5ms);
  EXPECT_TRUE(answers.empty());
}

TEST_F(NameLookupTest, IsBounded) {
  std::vector<std::unique_ptr<NameLookup>> lookups;
  for (int i = 0; i < NameLookup::kMostAtOnce; ++i) {
    lookups.push_back(std::make_unique<NameLookup>(loop, "far.example", keep(), slow()));
  }
  ASSERT_TRUE(until([&] { return server->asked == NameLookup::kMostAtOnce; }));
  const NameLookup refused(loop, "one.more.example", keep());
  ASSERT_TRUE(until([&] { return !answers.empty(); }));
  EXPECT_EQ(answers[0].error().code, Errc::resource_exhausted);
  answer();
  ASSERT_TRUE(until([&] { return answers.size() == lookups.size() + 1; }));
  const NameLookup again(loop, "localhost", keep());
  ASSERT_TRUE(until([&] { return answers.size() == lookups.size() + 2; }));
  EXPECT_TRUE(answers.back());
}

}  // namespace
}  // namespace gk::net
