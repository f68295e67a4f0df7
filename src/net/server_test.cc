#include "net/server.h"

#include <sys/resource.h>

#include <thread>

#include "net/server_fixture_test.h"

namespace gk::net {
namespace {

using std::chrono::milliseconds;

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1))
    ++n;
  return n;
}

std::string get(std::string_view path, std::string_view fields = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

TEST_F(ServerTest, AnswersAGet) {
  start();
  RawClient client(port);
  client.send(get("/a%20b?c=d", "X-Mixed-Case:  v \r\n"));
  EXPECT_TRUE(receives(client, "\r\n\r\n/a b"));
  EXPECT_TRUE(client.got.starts_with("HTTP/1.1 200 OK\r\nDate: ")) << client.got;
  EXPECT_NE(client.got.find("Content-Type: text/plain\r\nContent-Length: 4\r\n"),
            std::string::npos);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].query_param("c"), "d");
  EXPECT_EQ(*seen[0].header("x-mixed-case"), "v");
  EXPECT_EQ(seen[0].peer.address, "127.0.0.1");
  EXPECT_NE(seen[0].peer.port, 0);
  EXPECT_FALSE(seen[0].peer.uid.has_value());
  EXPECT_EQ(server->connections(), 1U);
  EXPECT_EQ(metric("gamekeeper_http_connections"), 1);
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrderAndInOneWrite) {
  start();
  RawClient client(port);
  client.send(get("/1") + "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" +
              get("/3"));
  EXPECT_TRUE(until([&] { return !client.read().empty(); }));
  ASSERT_NE(client.got.find("\r\n\r\n/3"), std::string::npos) << "all came at once";
  EXPECT_LT(client.got.find("\r\n\r\n/1"), client.got.find("\r\n\r\n/2"));
  EXPECT_LT(client.got.find("\r\n\r\n/2"), client.got.find("\r\n\r\n/3"));
  EXPECT_EQ(seen[1].body, "abc");
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrderWhenHandlersAnswerLater) {
  std::vector<Respond> waiting;
  handlers.on_request = [&](const Request& request, const Respond& respond) {
    seen.push_back(request);
    waiting.push_back(respond);
  };
  start();
  RawClient client(port);
  client.send(get("/1") + get("/2"));
  EXPECT_TRUE(until([&] { return waiting.size() == 1; }));
  loop.run_for(milliseconds(3));
  EXPECT_EQ(waiting.size(), 1U) << "the second waits for the answer to the first";
  waiting[0]({.status = 200, .content_type = "", .headers = {}, .body = "one", .static_body = {}});
  EXPECT_TRUE(until([&] { return waiting.size() == 2; }));
  waiting[1]({.status = 200, .content_type = "", .headers = {}, .body = "two", .static_body = {}});
  EXPECT_TRUE(receives(client, "two"));
  EXPECT_LT(client.got.find("one"), client.got.find("two"));
}

TEST_F(ServerTest, ServesARequestThatComesByteByByte) {
  start();
  RawClient client(port);
  for (const char c : "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab") {
    if (c == '\0') break;
    client.send({&c, 1});
    loop.run_for(Nanos(0));
  }
  EXPECT_TRUE(receives(client, "\r\n\r\n/x"));
  EXPECT_EQ(seen[0].body, "ab");
}

TEST_F(ServerTest, HeadHasTheLengthButNoBody) {
  start();
  const std::string got =
      exchange_to_end("HEAD /abc HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_NE(got.find("Content-Length: 4\r\n"), std::string::npos);
  EXPECT_TRUE(got.ends_with("Connection: close\r\n\r\n")) << got;
}

TEST_F(ServerTest, EndsAfterAnsweringAPeerThatShutItsSide) {
  start();
  EXPECT_EQ(count(exchange_to_end(get("/1") + get("/2")), "200 OK"), 2U);
}

TEST_F(ServerTest, ConnectionCloseEndsTheConnectionAndIgnoresTheRest) {
  start();
  const std::string got = exchange_to_end(get("/1", "Connection: close\r\n") + get("/2"));
  EXPECT_EQ(count(got, "HTTP/1.1"), 1U);
  EXPECT_EQ(seen.size(), 1U);
}

TEST_F(ServerTest, ReadsChunkedBodies) {
  start();
  const std::string got = exchange_to_end(
      "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n" +
      get("/next"));
  EXPECT_EQ(count(got, "200 OK"), 2U) << got;
  EXPECT_EQ(seen[0].body, "abcde");
}

TEST_F(ServerTest, SendsContinueOnlyWhenTheBodyIsWanted) {
  options.limits.max_body_bytes = 10;
  start();
  RawClient client(port);
  client.send("POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_TRUE(receives(client, "HTTP/1.1 100 Continue\r\n\r\n"));
  client.send("ab");
  EXPECT_TRUE(receives(client, "\r\n\r\n/e"));
  RawClient large(port);
  large.send("POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_TRUE(receives(large, "413: "));
  EXPECT_TRUE(large.got.starts_with("HTTP/1.1 413 ")) << large.got;
}

TEST_F(ServerTest, RefusesSmugglingAndCloses) {
  start();
  const std::string got = exchange_to_end(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"
      "0\r\n\r\nG" +
      get("/smuggled"));
  EXPECT_TRUE(got.starts_with("HTTP/1.1 400 ")) << got;
  EXPECT_NE(got.find("Content-Type: application/problem+json\r\n"), std::string::npos);
  EXPECT_NE(got.find("Connection: close\r\n"), std::string::npos);
  EXPECT_NE(got.find("both Content-Length and Transfer-Encoding"), std::string::npos);
  EXPECT_EQ(count(got, "HTTP/1.1"), 1U);
  EXPECT_TRUE(seen.empty());
  EXPECT_EQ(metric("gamekeeper_http_protocol_errors_total"), 1);
}

TEST_F(ServerTest, RefusesByTheRightStatus) {
  options.limits.max_body_bytes = 10;
  start();
  EXPECT_TRUE(exchange_to_end("GET / HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 505 "));
  EXPECT_TRUE(exchange_to_end("BREW / HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 501 "));
  EXPECT_TRUE(exchange_to_end(get("/../x")).starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(exchange_to_end(get("/" + std::string(9000, 'a'))).starts_with("HTTP/1.1 414 "));
  EXPECT_TRUE(exchange_to_end(get("/", "X: " + std::string(9000, 'a') + "\r\n"))
                  .starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(
      exchange_to_end("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n")
          .starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(
      exchange_to_end("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n")
          .starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(exchange_to_end(get("/", "Expect: x\r\n")).starts_with("HTTP/1.1 417 "));
  EXPECT_TRUE(seen.empty());
}

class ServerImportTest : public ServerTest {
 protected:
  void start_with_imports() {
    options.limits.max_body_bytes = 10;
    options.limits.max_import_bytes = 20;
    handlers.on_large_body = [this](const Request& head) {
      ++asked;
      EXPECT_TRUE(head.body.empty());
      LargeBody large;
      if (head.path == "/import") large.size = BodySize::import;
      if (head.path == "/locked") large.refusal = Response{.status = 401};
      return large;
    };
    start();
  }
  std::string post(const std::string& path, std::size_t n) {
    return exchange_to_end(head(path, n) + std::string(n, 'x'));
  }
  static std::string head(const std::string& path, std::size_t n) {
    return "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(n) +
           "\r\n\r\n";
  }
  static std::string chunked(const std::string& path, std::size_t n) {
    const std::string size = n < 16 ? std::string(1, "0123456789abcdef"[n])
                                    : "1" + std::string(1, "0123456789abcdef"[n - 16]);
    return "POST " + path + " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + size +
           "\r\n" + std::string(n, 'x') + "\r\n0\r\n\r\n";
  }

  int asked = 0;
};

TEST_F(ServerImportTest, TakesLargerBodiesWhereTheHandlerAllowsThem) {
  start_with_imports();
  EXPECT_TRUE(post("/other", 10).starts_with("HTTP/1.1 200 "));
  EXPECT_EQ(asked, 0) << "a usual body is nobody's question";
  EXPECT_TRUE(post("/other", 11).starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(post("/import", 20).starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(post("/import", 21).starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(exchange_to_end(chunked("/other", 11)).starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(exchange_to_end(chunked("/import", 20)).starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(exchange_to_end(chunked("/import", 21)).starts_with("HTTP/1.1 413 "));
}

TEST_F(ServerImportTest, RefusesACallerBeforeTheBodyIsThere) {
  start_with_imports();
  RawClient client(port);
  client.send(head("/locked", 20));  // and not one byte of the body
  EXPECT_TRUE(receives(client, "HTTP/1.1 401 "));
  EXPECT_TRUE(seen.empty());
}

TEST_F(ServerImportTest, BoundsHowManyImportsAreInMemory) {
  options.limits.max_imports = 1;
  start_with_imports();
  RawClient slow(port);
  slow.send(head("/import", 20) + "x");
  EXPECT_TRUE(until([&] { return asked == 1; }));
  EXPECT_TRUE(post("/import", 20).starts_with("HTTP/1.1 503 "));
  slow.send(std::string(19, 'x'));
  EXPECT_TRUE(receives(slow, "HTTP/1.1 200 "));
  EXPECT_TRUE(post("/import", 20).starts_with("HTTP/1.1 200 ")) << "the place is free again";
  {
    RawClient gone(port);
    gone.send(head("/import", 20) + "x");
    EXPECT_TRUE(until([&] { return asked == 4; }));
  }
  EXPECT_TRUE(until([&] { return post("/import", 20).starts_with("HTTP/1.1 200 "); }))
      << "the place of one who left is free again";
}

TEST_F(ServerTest, PeerGetsTheRefusalOfABodyItIsStillSending) {
  start();
  RawClient client(port);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n");
  const std::string chunk(50'000, 'x');
  EXPECT_TRUE(until([&] {
    client.try_send(chunk);
    return client.read().find("\r\n\r\n413: ") != std::string::npos || client.ended;
  }));
  EXPECT_NE(client.got.find("\r\n\r\n413: "), std::string::npos);
  EXPECT_FALSE(client.reset);
}

TEST_F(ServerTest, SendsLargeBodiesToAPeerThatReadsLate) {
  const std::string large(3'000'000, 'x');
  static const std::string kAsset(3'000'000, 'y');
  handlers.on_request = [&](const Request& request, const Respond& respond) {
    Response response;
    if (request.path == "/static") {
      response.static_body = kAsset;
    } else {
      response.body = large;
    }
    respond(std::move(response));
  };
  start();
  RawClient client(port);
  client.send(get("/static") + get("/body") + get("/static", "Connection: close\r\n"));
  loop.run_for(milliseconds(5));
  EXPECT_TRUE(until([&] { return client.read().size() > 9'000'000 && client.ended; }));
  EXPECT_EQ(count(client.got, "Content-Length: 3000000\r\n"), 3U);
  EXPECT_GT(client.got.size(), 9'000'000U);
  EXPECT_TRUE(client.got.ends_with(kAsset));
}

TEST_F(ServerTest, AnswersFiveHundredWhenAHandlerForgets) {
  handlers.on_request = [](const Request&, const Respond&) {};
  start();
  RawClient client(port);
  client.send(get("/"));
  EXPECT_TRUE(receives(client, "HTTP/1.1 500 "));
  EXPECT_EQ(metric("gamekeeper_http_unanswered_total"), 1);
  client.got.clear();
  client.send(get("/"));
  EXPECT_TRUE(receives(client, "HTTP/1.1 500 ")) << "the connection goes on";
}

TEST_F(ServerTest, IgnoresASecondAnswerAndAnAnswerToAPeerThatLeft) {
  std::vector<Respond> kept;
  handlers.on_request = [&](const Request&, const Respond& respond) { kept.push_back(respond); };
  start();
  {
    RawClient client(port);
    client.send(get("/"));
    EXPECT_TRUE(until([&] { return kept.size() == 1; }));
    kept[0](Response{});
    kept[0](Response{});
    EXPECT_TRUE(receives(client, "200 OK"));
    client.send(get("/"));
    EXPECT_TRUE(until([&] { return kept.size() == 2; }));
    EXPECT_EQ(count(client.read(), "HTTP/1.1"), 1U);
  }
  kept[1](Response{});
  EXPECT_TRUE(until([&] { return server->connections() == 0; }));
}

TEST_F(ServerTest, RespondMayBeDestroyedInAnotherThread) {
  std::vector<std::thread> threads;
  handlers.on_request = [&](const Request&, const Respond& respond) {
    threads.emplace_back([respond, this] { loop.post([respond] { respond(Response{}); }); });
  };
  start();
  RawClient client(port);
  for (int i = 0; i < 20; ++i) client.send(get("/"));
  EXPECT_TRUE(until([&] { return count(client.read(), "200 OK") == 20; }));
  for (std::thread& thread : threads) thread.join();
}

TEST_F(ServerTest, AnswersASlowHeadWithTimeout) {
  options.limits.head_timeout = milliseconds(20);
  start();
  RawClient client(port);
  client.send("GET / HTTP/1.1\r\nHo");
  EXPECT_TRUE(receives(client, "HTTP/1.1 408 "));
}

TEST_F(ServerTest, DoesNotExtendTheTimeOfAHeadThatTrickles) {
  options.limits.head_timeout = milliseconds(30);
  start();
  RawClient client(port);
  std::string trickle = get("/", "X: " + std::string(5000, 'a'));
  std::size_t at = 0;
  EXPECT_TRUE(until([&] {
    at += client.try_send({trickle.data() + at, at < 1000 ? 1U : 0U});
    return client.read().find("HTTP/1.1 408 ") != std::string::npos;
  }));
}

TEST_F(ServerTest, AnswersASlowBodyWithTimeout) {
  options.limits.body_grace = milliseconds(20);
  options.limits.min_body_rate = 1'000'000'000;
  start();
  RawClient client(port);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc");
  EXPECT_TRUE(receives(client, "HTTP/1.1 408 "));
}

TEST_F(ServerTest, KeepsABodyThatIsFastEnough) {
  options.limits.body_grace = milliseconds(4);
  options.limits.min_body_rate = 1;
  start();
  RawClient client(port);
  client.send("POST /ok HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" +
              std::string(999, 'x'));
  loop.run_for(milliseconds(30));
  client.send("x");
  EXPECT_TRUE(receives(client, "\r\n\r\n/ok"));
}

TEST_F(ServerTest, ClosesAnIdleConnectionSilently) {
  options.limits.idle_timeout = milliseconds(20);
  start();
  RawClient fresh(port), used(port);
  used.send(get("/x"));
  EXPECT_TRUE(receives(used, "/x"));
  used.got.clear();
  EXPECT_TRUE(ends(fresh));
  EXPECT_TRUE(ends(used));
  EXPECT_EQ(fresh.got + used.got, "");
  EXPECT_EQ(server->connections(), 0U);
}

TEST_F(ServerTest, ClosesAPeerThatNeverReads) {
  options.limits.write_stall = milliseconds(30);
  handlers.on_request = [](const Request&, const Respond& respond) {
    Response response;
    response.body = std::string(20'000'000, 'x');
    respond(std::move(response));
  };
  start();
  RawClient client(port);
  client.send(get("/"));
  EXPECT_TRUE(until([&] { return server->connections() == 1; }));
  EXPECT_TRUE(until([&] { return server->connections() == 0; }));
}

TEST_F(ServerTest, DoesNotServeFasterThanAPeerReads) {
  std::size_t served = 0;
  handlers.on_request = [&](const Request&, const Respond& respond) {
    ++served;
    Response response;
    response.body = std::string(1'000'000, 'x');
    respond(std::move(response));
  };
  start();
  RawClient client(port);
  std::string many;
  for (int i = 0; i < 100; ++i) many += get("/");
  client.send(many);
  loop.run_for(milliseconds(30));
  EXPECT_LT(served, 20U) << "the rest waits in the peer's socket";
}

TEST_F(ServerTest, RefusesTheNewestBeyondTheAddressLimit) {
  options.limits.max_per_address = 2;
  start();
  RawClient first(port), second(port);
  EXPECT_TRUE(until([&] { return server->connections() == 2; }));
  RawClient third(port);
  third.shut();
  EXPECT_TRUE(ends(third));
  EXPECT_TRUE(third.got.starts_with("HTTP/1.1 429 ")) << third.got;
  first.send(get("/first"));
  EXPECT_TRUE(receives(first, "/first"));
  second.end();
  EXPECT_TRUE(until([&] { return server->connections() == 1; }));
  RawClient fourth(port);
  fourth.send(get("/fourth"));
  EXPECT_TRUE(receives(fourth, "\r\n\r\n/fourth")) << "a place is free again";
}

TEST_F(ServerTest, BelievesAProxyWhoItsClientIsAndGivesItMorePlaces) {
  options.limits.max_per_address = 1;
  options.proxies = {"127.0.0.1"};
  start();
  RawClient first(port), second(port);
  second.send("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 127.0.0.1, 203.0.113.7\r\n\r\n");
  EXPECT_TRUE(receives(second, "\r\n\r\n/"));
  first.send(get("/direct"));
  EXPECT_TRUE(receives(first, "/direct"));
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].peer.address, "203.0.113.7");
  EXPECT_EQ(seen[1].peer.address, "127.0.0.1");
}

TEST_F(ServerTest, BelievesNobodyElseWhoHisClientIs) {
  options.proxies = {"192.0.2.1"};
  start();
  RawClient client(port);
  client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n");
  EXPECT_TRUE(receives(client, "\r\n\r\n/"));
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].peer.address, "127.0.0.1");
}

TEST_F(ServerTest, RefusesTheNewestBeyondTheTotalLimit) {
  options.limits.max_connections = 1;
  start();
  RawClient first(port);
  EXPECT_TRUE(until([&] { return server->connections() == 1; }));
  RawClient second(port);
  second.shut();
  EXPECT_TRUE(ends(second));
  EXPECT_TRUE(second.got.starts_with("HTTP/1.1 503 ")) << second.got;
}

TEST_F(ServerTest, RunningOutOfDescriptorsDelaysAcceptingButLosesNobody) {
  start();
  RawClient client(port);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit tight{static_cast<rlim_t>(client.fd()) + 1, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  std::vector<int> filler;
  for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) filler.push_back(fd);
  EXPECT_TRUE(until([&] { return !log.lines().empty(); }));
  EXPECT_NE(log.lines()[0].find("http.accept_failed"), std::string::npos);
  EXPECT_EQ(server->connections(), 0U);
  for (const int fd : filler) ::close(fd);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  client.send(get("/late"));
  EXPECT_TRUE(receives(client, "\r\n\r\n/late"));
}

TEST_F(ServerTest, ShutdownLetsARunningRequestEnd) {
  std::vector<Respond> kept;
  handlers.on_request = [&](const Request&, const Respond& respond) { kept.push_back(respond); };
  start();
  RawClient idle(port), busy(port);
  busy.send(get("/"));
  EXPECT_TRUE(until([&] { return kept.size() == 1; }));
  bool done = false;
  server->shutdown(Seconds(10), [&] { done = true; });
  EXPECT_TRUE(ends(idle));
  EXPECT_FALSE(done);
  const int refused = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_NE(::connect(refused, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  ::close(refused);
  kept[0](Response{});
  EXPECT_TRUE(receives(busy, "Connection: close\r\n"));
  busy.end();
  EXPECT_TRUE(until([&] { return done; }));
}

TEST_F(ServerTest, ShutdownEndsWhatOutlastsTheGrace) {
  std::vector<Respond> kept;
  handlers.on_request = [&](const Request&, const Respond& respond) { kept.push_back(respond); };
  start();
  RawClient busy(port);
  busy.send(get("/"));
  EXPECT_TRUE(until([&] { return kept.size() == 1; }));
  int done = 0;
  server->shutdown(milliseconds(5), [&] { ++done; });
  EXPECT_TRUE(until([&] { return done == 1; }));
  EXPECT_TRUE(ends(busy));
  kept[0](Response{});
  loop.run_for(milliseconds(2));
  EXPECT_EQ(done, 1);
}

TEST_F(ServerTest, ServerMayGoWhileARequestIsRunning) {
  std::vector<Respond> kept;
  handlers.on_request = [&](const Request&, const Respond& respond) { kept.push_back(respond); };
  start();
  RawClient busy(port);
  busy.send(get("/"));
  EXPECT_TRUE(until([&] { return kept.size() == 1; }));
  server.reset();
  EXPECT_TRUE(ends(busy));
  kept[0](Response{});
  kept.clear();
  loop.run_for(milliseconds(2));
}

TEST_F(ServerTest, SamplesTheLagOfTheLoop) {
  options.limits.head_timeout = milliseconds(8);
  start();
  EXPECT_TRUE(until([&] { return metric("gamekeeper_loop_lag_seconds") > 0; }));
}

TEST_F(ServerTest, TellsAHandlerThatAnswersLaterWhenThePeerLeaves) {
  int gone = 0;
  std::vector<Respond> waiting;
  handlers.on_request = [&](const Request& request, const Respond& respond) {
    waiting.push_back(respond);
    request.on_disconnect([&] { ++gone; });
  };
  start();
  {
    RawClient leaves(port), stays(port);
    leaves.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    stays.send("GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(until([&] { return waiting.size() == 2; }));
    leaves.end();
    ASSERT_TRUE(until([&] { return gone == 1; }));
    for (const Respond& respond : waiting) respond({});
    EXPECT_TRUE(receives(stays, "200 OK"));
  }
  loop.run_for(Millis(20));
  EXPECT_EQ(gone, 1) << "an answered request has nobody to miss";
}

}  // namespace
}  // namespace gk::net
