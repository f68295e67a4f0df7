// Programs that lie: garbage, ids twice, floods, answers that nobody reads. A test plays the
// program over the same descriptors that a real one has.
#include "macros/scripts/json_lines_script.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <map>

#include "macros/scripts/json_lines_mutant.h"

namespace gk::macros {
namespace {

using namespace std::chrono_literals;

#ifdef GK_JSON_LINES_MUTANTS
const bool mutant_is_set = [] {
  const char* wanted = std::getenv("GK_JSON_LINES_MUTANT");
  using json_lines::MutantForTest;
  if (wanted != nullptr) {
    json_lines::active_mutant_for_test = static_cast<MutantForTest>(std::atoi(wanted));
  }
  return true;
}();
#endif

class JsonLinesScriptTest : public testing::Test {
 protected:
  JsonLinesScriptTest() {
    std::signal(SIGPIPE, SIG_IGN);  // As the daemon.
    int in[2], out[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in), 0);
    EXPECT_EQ(::pipe2(out, O_CLOEXEC | O_NONBLOCK), 0);
    input = sys::Fd(in[1]);
    output = sys::Fd(out[1]);
    ::fcntl(input.get(), F_SETFL, O_NONBLOCK);
    script = std::make_unique<JsonLinesScript>(
        sys::Fd(in[0]), sys::Fd(out[0]), hands(),
        [this](std::string_view text) { plain.append(text); }, loop);
    script->run();
  }
  ScriptHands hands() {
    ScriptHands h;
    h.send = [this](std::string command, bool, Nanos, games::Port::Replied done) {
      sent.push_back(std::move(command));
      if (answers) return done(games::SendReply{.text = "ok " + sent.back()});
      held.push_back(std::move(done));
    };
    h.say = [this](std::string_view text, Nanos, const games::Port::Replied& done) {
      sent.push_back("words:" + std::string(text));
      done(games::SendReply{.text = "ok " + sent.back()});
    };
    h.log = [this](std::string_view text) { logged.emplace_back(text); };
    h.notify = [](const std::string&) {};
    h.recall = [this](std::string_view key) -> const std::string* {
      const auto found = kept.find(std::string(key));
      return found == kept.end() ? nullptr : &found->second;
    };
    h.remember = [this](const std::string& key, std::string json) -> Result<void> {
      if (json.size() > 100) return Error{Errc::resource_exhausted, "too much"};
      kept[key] = std::move(json);
      return {};
    };
    h.signals = [](std::string_view name) {
      return name == "tick_ratio" ? std::optional(0.5) : std::nullopt;
    };
    h.failed = [this](std::string_view) { ++failures; };
    h.ended = [this](bool, std::string why) { ended = std::move(why); };
    return h;
  }
  void print(std::string_view text) {
    EXPECT_EQ(::write(output.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  /// The next line that the program gets; empty: none came.
  std::string answer() {
    std::string line;
    loop.run_until(
        [&] {
          const std::size_t end = got.find('\n');
          if (end == std::string::npos) {
            char buffer[4096];
            const ssize_t n = ::read(input.get(), buffer, sizeof buffer);
            if (n > 0) got.append(buffer, static_cast<std::size_t>(n));
            return false;
          }
          line = got.substr(0, end);
          got.erase(0, end + 1);
          return true;
        },
        2s);
    return line;
  }

  net::Loop loop;
  sys::Fd input, output;
  std::vector<std::string> sent, logged;
  std::vector<games::Port::Replied> held;
  std::map<std::string, std::string> kept;
  bool answers = true;
  std::size_t failures = 0;
  std::string plain, ended, got;
  std::unique_ptr<JsonLinesScript> script;
};

TEST_F(JsonLinesScriptTest, AnswersUnderTheIdOfTheRequest) {
  print("{\"id\":5,\"send\":\"say hi\"}\n");
  EXPECT_EQ(answer(), "{\"id\":5,\"reply\":\"ok say hi\"}");
  print("{\"id\":8,\"say\":\"hi\"}\n");
  EXPECT_EQ(answer(), "{\"id\":8,\"reply\":\"ok words:hi\"}") << "in the words of the game";
  print("{\"id\":6,\"state_set\":\"k\",\"value\":[1]}\n{\"id\":7,\"state_get\":\"k\"}\n");
  EXPECT_EQ(answer(), "{\"id\":6,\"reply\":null}");
  EXPECT_EQ(answer(), "{\"id\":7,\"reply\":[1]}");
  print("{\"id\":8,\"metrics\":true}\n");
  EXPECT_EQ(answer(), "{\"id\":8,\"reply\":{\"tick_ratio\":0.5}}");
  print("{\"log\":\"quiet\"}\n{\"id\":9,\"log\":\"loud\"}\n");
  EXPECT_EQ(answer(), "{\"id\":9,\"reply\":null}");
  EXPECT_EQ(logged.size(), 2U);
  EXPECT_EQ(failures, 0U);
}

TEST_F(JsonLinesScriptTest, KeepsWhatIsNoRequestAsOutput) {
  print("hello\n{broken\nbye\n");
  EXPECT_NE(answer().find("\"id\":null,\"error\""), std::string::npos);
  EXPECT_EQ(plain, "hello\n{broken\nbye\n");
  EXPECT_EQ(failures, 1U);
}

TEST_F(JsonLinesScriptTest, DoesNotLetASecondRequestTakeTheIdOfOneThatWaits) {
  answers = false;
  print("{\"id\":1,\"send\":\"first\"}\n{\"id\":1,\"send\":\"second\"}\n");
  const std::string refused = answer();
  EXPECT_NE(refused.find("\"id\":null"), std::string::npos) << refused;
  EXPECT_NE(refused.find("already_exists"), std::string::npos) << refused;
  EXPECT_EQ(sent, std::vector<std::string>{"first"});
  EXPECT_EQ(failures, 1U);
  held.at(0)(games::SendReply{.text = "done"});
  EXPECT_EQ(answer(), "{\"id\":1,\"reply\":\"done\"}");
  answers = true;
  print("{\"id\":1,\"send\":\"third\"}\n");
  EXPECT_EQ(answer(), "{\"id\":1,\"reply\":\"ok third\"}") << "the id is free again";
}

TEST_F(JsonLinesScriptTest, HoldsAtMostSixteenCommandsAndCountsTheOthersAsErrors) {
  answers = false;
  for (int i = 0; i < 20; ++i) print("{\"send\":\"x\"}\n");
  print("{\"id\":99,\"send\":\"y\"}\n");
  loop.run_until([&] { return failures >= 5; }, 2s);
  EXPECT_EQ(sent.size(), JsonLinesScript::kMaxInFlight);
  EXPECT_EQ(failures, 5U);
}

TEST_F(JsonLinesScriptTest, AsksNothingMoreForItAfterTheFence) {
  answers = false;
  print("{\"id\":1,\"send\":\"before\"}\n");
  loop.run_until([&] { return sent.size() == 1; }, 2s);
  script->fence();
  print("{\"id\":2,\"send\":\"after\"}\n{\"id\":3,\"state_set\":\"k\",\"value\":1}\n{bad\nend\n");
  loop.run_until([&] { return plain.ends_with("end\n"); }, 2s);
  EXPECT_EQ(sent.size(), 1U);
  EXPECT_TRUE(kept.empty());
  EXPECT_EQ(failures, 0U);
  script->interrupt();
  EXPECT_EQ(answer(), "{\"event\":\"cancelled\"}");
}

TEST_F(JsonLinesScriptTest, TellsEventsAndLinesOnlyToWhoListens) {
  script->line("unheard");
  script->pause();
  script->resume();
  EXPECT_EQ(answer(), "{\"event\":\"paused\"}");
  EXPECT_EQ(answer(), "{\"event\":\"resumed\"}");
  print("{\"id\":1,\"listen\":true}\n");
  EXPECT_EQ(answer(), "{\"id\":1,\"reply\":null}");
  script->line("heard");
  EXPECT_EQ(answer(), "{\"event\":\"line\",\"text\":\"heard\"}");
  print("{\"id\":2,\"listen\":false}\n");
  EXPECT_EQ(answer(), "{\"id\":2,\"reply\":null}");
  script->line("unheard");
  print("{\"id\":3,\"state_get\":\"none\"}\n");
  EXPECT_EQ(answer(), "{\"id\":3,\"reply\":null}");
}

TEST_F(JsonLinesScriptTest, EndsAProgramThatDoesNotReadItsAnswers) {
  kept["k"] = "\"" + std::string(60'000, 'v') + "\"";
  std::size_t asked = 0;
  const std::string ask = "{\"id\":1,\"state_get\":\"k\"}\n";
  loop.run_until(
      [&] {
        asked += ::write(output.get(), ask.data(), ask.size()) > 0 ? 1 : 0;
        return !ended.empty() || asked > 10'000;
      },
      10s);
  EXPECT_NE(ended.find("does not read"), std::string::npos);
}

TEST_F(JsonLinesScriptTest, LosesErrorsOfGarbageRatherThanTheProgramOrMemory) {
  std::string garbage;
  for (int i = 0; i < 1000; ++i) garbage += "{x\n";
  loop.run_until(
      [&] {
        (void)!::write(output.get(), garbage.data(), garbage.size());
        return failures > 15'000;  // Errors of more than 1 MiB, and none is read.
      },
      20s);
  EXPECT_GT(failures, 15'000U);
  EXPECT_TRUE(ended.empty());
}

TEST_F(JsonLinesScriptTest, TakesTheLastWordsOfAProgramThatIsGone) {
  print("{\"log\":\"x\"}\nno end of line");
  script->drain();
  EXPECT_EQ(plain, "no end of line");
  EXPECT_EQ(logged.size(), 1U);
}

}  // namespace
}  // namespace gk::macros
