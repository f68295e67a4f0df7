#include "net/name_lookup.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>

#include "base/mutex.h"

namespace gk::net {
namespace {

using Endpoint = boost::asio::ip::tcp::endpoint;

std::atomic<int> asking{0};

// A new thread takes no signals: those are for the loop.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

Result<Addresses> ask_system(const std::string& host) {
  addrinfo hints{};
  hints.ai_flags = AI_ADDRCONFIG;
  hints.ai_socktype = SOCK_STREAM;  // Else each address comes once a type.
  addrinfo* list = nullptr;
  if (const int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &list); failed != 0) {
    return Error{Errc::unavailable, "no such host: " + std::string(::gai_strerror(failed))};
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, ::freeaddrinfo);
  Addresses out;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    Endpoint endpoint;
    if (one->ai_addrlen > endpoint.capacity()) continue;
    std::memcpy(endpoint.data(), one->ai_addr, one->ai_addrlen);
    endpoint.resize(one->ai_addrlen);
    out.push_back(endpoint.address());
  }
  if (out.empty()) return Error{Errc::unavailable, "no such host: it has no address"};
  return out;
}

struct NameLookup::State {
  State(Loop& l, Done d) : loop(&l), done(std::move(d)) {}

  // Thread: safe.
  static void post(const std::shared_ptr<State>& state, Result<Addresses> found) {
    const MutexLock lock(state->mu);
    if (state->loop == nullptr) return;
    state->loop->post([state, found = std::move(found)] {
      if (const Done done = std::exchange(state->done, nullptr)) done(found);
    });
  }

  Mutex mu{MutexRank::pool};
  Loop* loop GK_GUARDED_BY(mu);  // Null: nobody waits any more.
  Done done;                     // Of the loop thread.
};

NameLookup::NameLookup(Loop& loop, const std::string& host, Done done, Ask ask)
    : state_(std::make_shared<State>(loop, std::move(done))) {
  boost::system::error_code is_name;
  const auto address = boost::asio::ip::make_address(host, is_name);
  if (is_name) {
    start(host, std::move(ask));
  } else {
    State::post(state_, Addresses{address});
  }
}

void NameLookup::start(const std::string& host, Ask ask) {
  if (asking.fetch_add(1) >= kMostAtOnce) {
    asking.fetch_sub(1);
    return State::post(state_, Error{Errc::resource_exhausted,
                                     "too many names are being looked up; the name server may not "
                                     "answer"});
  }
  try {
    const SignalsBlocked blocked;
    std::thread([state = state_, host, ask = std::move(ask)] {
      Result<Addresses> found = ask(host);
      asking.fetch_sub(1);
      State::post(state, std::move(found));
    }).detach();
  } catch (const std::system_error& failed) {
    asking.fetch_sub(1);
    State::post(state_,
                Error{Errc::unavailable, std::string("cannot look the name up: ") + failed.what()});
  }
}

NameLookup::~NameLookup() {
  state_->done = nullptr;
  const MutexLock lock(state_->mu);
  state_->loop = nullptr;
}

}  // namespace gk::net
