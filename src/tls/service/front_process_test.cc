// The daemon's side, against the real gamekeeper-tls and against ones that lie.
#include "tls/service/front_process.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "net/listen.h"
#include "testing/capture_log.h"
#include "testing/certificate_pair.h"
#include "testing/no_descriptors.h"
#include "testing/temp_dir.h"
#include "tls/service/mutant.h"

namespace gk::tls {
namespace {

using namespace std::chrono_literals;

#ifdef GK_TLS_SERVICE_MUTANTS
const bool mutant_is_set = [] {
  const char* wanted = std::getenv("GK_TLS_SERVICE_MUTANT");
  if (wanted != nullptr) {
    service::active_mutant_for_test = static_cast<service::MutantForTest>(std::atoi(wanted));
  }
  return true;
}();
constexpr Nanos kPatience = 8s;
#else
constexpr Nanos kPatience = 20s;  // Only a broken test waits for it.
#endif

class FrontProcessTest : public testing::Test {
 protected:
  FrontOptions options(std::string program = GK_TLS) {
    const CertificatePair pair(dir.path(), "test");
    FrontOptions out;
    out.program = std::move(program);
    out.certificate = pair.certificate;
    out.key = pair.key;
    out.first_wait = 1ms;
    out.look = 20ms;
    return out;
  }
  /// A gamekeeper-tls that is a script.
  std::string liar(const std::string& script) {
    const std::string file = dir / "liar";
    std::ofstream(file) << script;
    EXPECT_EQ(::chmod(file.c_str(), 0700), 0);
    return file;
  }
  Result<std::unique_ptr<FrontProcess>> start(FrontOptions wanted) {
    const auto listening = net::open_tcp_listener("127.0.0.1:0");
    EXPECT_TRUE(listening);
    port = static_cast<std::uint16_t>(
        std::stoi(listening->address.substr(listening->address.rfind(':') + 1)));
    return FrontProcess::start(
        std::move(wanted), sys::Fd(listening->fd),
        [this](int fd, const std::string& address, std::uint16_t) {
          ::close(fd);
          adopted.push_back(address);
        },
        loop, clock, log, metrics);
  }
  bool until(const std::function<bool()>& done) { return loop.run_until(done, kPatience); }
  std::size_t count(const std::string& event) const {
    std::size_t out = 0;
    for (const auto& line : log.lines()) out += line.find(" " + event + " ") != std::string::npos;
    return out;
  }
  /// A client that says nothing.
  sys::Fd silent_client() const {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sys::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  double metric(const std::string& name) const {
    for (const MetricSample& sample : metrics.samples()) {
      if (sample.name == "gamekeeper_tls_" + name) return sample.value;
    }
    return -1;
  }
  TempDir dir;
  std::uint16_t port = 0;
  std::vector<std::string> adopted;
  SystemClock clock;
  CaptureLog log;
  Metrics metrics;
  net::Loop loop;
};

TEST_F(FrontProcessTest, ServesAndKnowsTheCertificatesEnd) {
  const auto front = start(options());
  ASSERT_TRUE(front) << front.error().message;
  EXPECT_TRUE((*front)->state().serving);
  EXPECT_GT((*front)->state().not_after_s, 0);
}

TEST_F(FrontProcessTest, SaysAtTheStartWhatIsWrongWithTheFiles) {
  auto wanted = options();
  ASSERT_EQ(::chmod(wanted.key.c_str(), 0644), 0);
  const auto front = start(wanted);
  ASSERT_FALSE(front);
  EXPECT_EQ(front.error().code, Errc::invalid_argument);
  EXPECT_NE(front.error().message.find("has mode 0644"), std::string::npos);
  EXPECT_EQ(check_files(wanted).error(), front.error());
}

TEST_F(FrontProcessTest, IsUnavailableWithoutTheProgramOrWithASilentOne) {
  EXPECT_EQ(start(options("/nowhere")).error().code, Errc::unavailable);
  auto silent = options(liar("#!/bin/sh\nexec sleep 60\n"));
  silent.start = 50ms;
  EXPECT_EQ(start(silent).error().message, "gamekeeper-tls says nothing");
  EXPECT_EQ(start(options("/bin/true")).error().message, "gamekeeper-tls ended without a word");
}

TEST_F(FrontProcessTest, StartsItAgainWhenItIsKilled) {
  const auto front = start(options());
  ASSERT_TRUE(front);
  const int first = (*front)->pid();
  ASSERT_GT(first, 1);
  ::kill(first, SIGKILL);
  ASSERT_TRUE(until([&] { return (*front)->pid() != first && (*front)->state().serving; }));
  EXPECT_TRUE(until([&] { return ::kill(first, 0) != 0; })) << "it is reaped";
}

TEST_F(FrontProcessTest, TakesChangedFilesOnceTheyRestAndKeepsTheOldForBadOnes) {
  const auto wanted = options();
  const auto front = start(wanted);
  ASSERT_TRUE(front);
  const int first = (*front)->pid();
  std::ofstream(wanted.certificate) << "not a certificate";
  ASSERT_TRUE(until([&] { return (*front)->state().refused; }));
  EXPECT_TRUE((*front)->state().serving);
  EXPECT_EQ((*front)->pid(), first);
  EXPECT_EQ(count("tls.files_refused"), 1u);
  (void)CertificatePair(dir.path(), "test");
  ASSERT_TRUE(until([&] { return !(*front)->state().refused && (*front)->pid() != first; }));
  EXPECT_TRUE(until([&] { return ::kill(first, 0) != 0; })) << "nobody was left to serve";
}

TEST_F(FrontProcessTest, KeepsTheOldOneWhenItsSuccessorSaysNothingAndTriesAgain) {
  // The first of them is ready, the second says nothing, the others are ready.
  const std::string one = dir / "one", two = dir / "two";
  auto wanted = options(liar("#!/bin/sh\n[ -e " + one + " ] && [ ! -e " + two + " ] && : >" + two +
                             " && exec sleep 60\n: >" + one +
                             "\nprintf 'ready 2000000000 1024 liar' >&3\nexec sleep 60\n"));
  wanted.max_unanswered = 1'000;
  wanted.start = 1s;
  const auto front = start(wanted);
  ASSERT_TRUE(front);
  const int first = (*front)->pid();
  (*front)->reload("test");
  ASSERT_TRUE(until([&] { return (*front)->state().refused; }));
  EXPECT_TRUE((*front)->state().serving);
  EXPECT_EQ((*front)->pid(), first);
  EXPECT_TRUE(until([&] { return !(*front)->state().refused; }));
  EXPECT_NE((*front)->pid(), first);
  EXPECT_EQ(count("tls.lost"), 0u);
}

TEST_F(FrontProcessTest, TriesChangedFilesAgainWhenTheProgramCouldNotBeStarted) {
  const std::string program = dir / "program";
  std::filesystem::create_symlink(GK_TLS, program);
  const auto front = start(options(program));
  ASSERT_TRUE(front);
  const int first = (*front)->pid();
  std::filesystem::remove(program);
  (void)CertificatePair(dir.path(), "test");
  ASSERT_TRUE(until([&] { return (*front)->state().refused; })) << "health tells of it";
  EXPECT_TRUE((*front)->state().serving);
  loop.run_for(200ms);  // Ten looks.
  EXPECT_EQ(count("tls.not_started"), 1u);
  std::filesystem::create_symlink(GK_TLS, program);
  EXPECT_TRUE(until([&] { return !(*front)->state().refused && (*front)->pid() != first; }));
}

TEST_F(FrontProcessTest, DoesNotLetNewFilesOrAWordWaitForARestart) {
  auto wanted = options();
  wanted.first_wait = wanted.longest_wait = 60s;
  const auto front = start(wanted);
  ASSERT_TRUE(front);
  ::kill((*front)->pid(), SIGKILL);
  ASSERT_TRUE(until([&] { return !(*front)->state().serving; }));
  loop.run_for(200ms);
  EXPECT_FALSE((*front)->state().serving) << "the control: it waits";
  (*front)->reload("test");
  ASSERT_TRUE(until([&] { return (*front)->state().serving; }));
  ::kill((*front)->pid(), SIGKILL);
  ASSERT_TRUE(until([&] { return !(*front)->state().serving; }));
  (void)CertificatePair(dir.path(), "test");
  EXPECT_TRUE(until([&] { return (*front)->state().serving; }));
}

TEST_F(FrontProcessTest, SaysWhenLessHoldsThanItShould) {
  auto wanted =
      options(liar("#!/bin/sh\nprintf 'ready 2000000000 1023 limits alone' >&3\nexec sleep 60\n"));
  const auto weak = start(wanted);
  ASSERT_TRUE(weak);
  EXPECT_FALSE((*weak)->state().confined);
  EXPECT_EQ(count("tls.weakly_confined"), 1u);
  EXPECT_EQ(count("tls.few_descriptors"), 1u);
  wanted.program =
      liar("#!/bin/sh\nprintf 'ready 2000000000 1024 seccomp and limits' >&3\nexec sleep 60\n");
  const auto whole = start(wanted);
  ASSERT_TRUE(whole);
  EXPECT_TRUE((*whole)->state().confined);
  EXPECT_EQ(count("tls.weakly_confined") + count("tls.few_descriptors"), 2u) << "no more than that";
}

TEST_F(FrontProcessTest, LosesOnlyTheClientsThatItHasNoDescriptorFor) {
  // A client with each look.
  const auto front = start(options(liar(
      "#!/usr/bin/python3\n"
      "import array, socket\n"
      "daemon = socket.socket(fileno=3)\n"
      "daemon.setblocking(True)\n"
      "daemon.send(b'ready 2000000000 1024 liar')\n"
      "while daemon.recv(100):\n"
      "  pair = socket.socketpair()\n"
      "  daemon.send(b'tally 0 0 0 0 0')\n"
      "  daemon.sendmsg([b'connection 192.0.2.1 5'],\n"
      "    [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [pair[0].fileno()]))])\n")));
  ASSERT_TRUE(front);
  ASSERT_TRUE(until([&] { return !adopted.empty(); }));
  // UBSan makes a pipe when it meets a class for the first time, and takes none for a fault.
  ASSERT_EQ(metric("dropped_connections_total"), 0);
  std::size_t taken = 0;
  {
    const NoDescriptors none;
    taken = adopted.size();
    EXPECT_TRUE(until([&] { return metric("dropped_connections_total") >= 3; }));
    EXPECT_EQ(adopted.size(), taken);
  }
  EXPECT_TRUE(until([&] { return adopted.size() > taken; })) << "then it goes on";
  EXPECT_EQ(count("tls.lost"), 0u);
  EXPECT_EQ(count("tls.connection_dropped"), 1u) << "once a minute at most";
}

TEST_F(FrontProcessTest, GivesUpOneThatHandsOverNothingOrNonsense) {
  for (const char* said :
       {"connection 192.0.2.1 5", "connection nobody 5", "boo", "ready 5 6 again"}) {
    const auto front =
        start(options(liar("#!/bin/sh\nprintf 'ready 2000000000 1024 liar' >&3\nprintf '" +
                           std::string(said) + "' >&3\nexec sleep 60\n")));
    ASSERT_TRUE(front);
    const std::size_t before = count("tls.lost");
    EXPECT_TRUE(until([&] { return count("tls.lost") > before; })) << said;
  }
  EXPECT_TRUE(adopted.empty());
}

TEST_F(FrontProcessTest, TakesNoSocketThatIsNotAPairOfItsOwn) {
  const std::string script =
      "#!/usr/bin/python3\n"
      "import array, socket, time\n"
      "daemon = socket.socket(fileno=3)\n"
      "daemon.send(b'ready 2000000000 1024 liar')\n"
      "given = SOCKET\n"
      "daemon.sendmsg([b'connection 192.0.2.1 5'],\n"
      "  [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [given.fileno()]))])\n"
      "time.sleep(60)\n";
  const auto with = [&](const std::string& socket) {
    std::string text = script;
    return text.replace(text.find("SOCKET\n"), 6, socket);
  };
  const auto bad = start(options(liar(with("socket.socket()"))));
  ASSERT_TRUE(bad);
  EXPECT_TRUE(until([&] { return count("tls.lost") > 0; }));
  EXPECT_TRUE(adopted.empty());
  // The control: the same with a pair is taken.
  const auto good = start(options(liar(with("socket.socketpair()[0]"))));
  ASSERT_TRUE(good);
  EXPECT_TRUE(until([&] { return !adopted.empty(); }));
  EXPECT_EQ(adopted.front(), "192.0.2.1");
}

TEST_F(FrontProcessTest, WaitsLongerAfterEachFailure) {
  auto wanted = options(liar("#!/bin/sh\nprintf 'ready 2000000000 1024 liar' >&3\n"));
  wanted.first_wait = 20ms;
  const auto front = start(wanted);
  ASSERT_TRUE(front);
  ASSERT_TRUE(until([&] { return count("tls.lost") >= 4; }));
  const MonoTime begun = clock.mono();
  ASSERT_TRUE(until([&] { return count("tls.lost") >= 5; }));
  EXPECT_GE(clock.mono() - begun, 160ms) << "20, 40, 80, 160 ms";
}

TEST_F(FrontProcessTest, EndsOneThatHangs) {
  auto wanted = options();
  const auto front = start(wanted);
  ASSERT_TRUE(front);
  loop.run_for(400ms);  // Twenty looks.
  const int first = (*front)->pid();
  EXPECT_EQ(count("tls.lost"), 0u) << "the control: it answers";
  ::kill(first, SIGSTOP);
  ASSERT_TRUE(until([&] { return (*front)->state().serving && (*front)->pid() != first; }));
  EXPECT_TRUE(until([&] { return ::kill(first, 0) != 0; }));
}

TEST_F(FrontProcessTest, KeepsThreeOldOnesForTheirClientsAndEndsTheOldest) {
  const auto front = start(options());
  ASSERT_TRUE(front);
  std::vector<sys::Fd> clients;
  std::vector<int> pids;
  for (int change = 0; change < 4; ++change) {
    clients.push_back(silent_client());
    ASSERT_TRUE(until([&] { return metric("connections") == double(clients.size()); }));
    EXPECT_EQ(count("tls.old_connections_ended"), 0u);
    pids.push_back((*front)->pid());
    (*front)->reload("test");
    ASSERT_TRUE(until([&] { return (*front)->pid() != pids.back(); }));
  }
  EXPECT_EQ(count("tls.old_connections_ended"), 1u);
  EXPECT_TRUE(until([&] { return ::kill(pids[0], 0) != 0; }));
  EXPECT_EQ(::kill(pids[1], 0), 0);
}

TEST_F(FrontProcessTest, IsToldWhenTheLastProcessHasEnded) {
  const auto front = start(options());
  ASSERT_TRUE(front);
  const int pid = (*front)->pid();
  (*front)->stop_listening();
  bool ended = false;
  (*front)->when_ended(20s, [&] { ended = true; });
  EXPECT_TRUE(until([&] { return ended; }));
  EXPECT_NE(::kill(pid, 0), 0);
}

}  // namespace
}  // namespace gk::tls
