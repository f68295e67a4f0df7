// name_lookup.h: host names to addresses, on threads that nobody waits for.
//
// Not Asio's resolver: it has one thread for all names, which a name server that does not answer
// holds up for 5 s or more, and whose end the end of the loop waits for.

#pragma once

#include <boost/asio/ip/address.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gamekeeper/result.h"
#include "net/loop.h"

namespace gk::net {

using Addresses = std::vector<boost::asio::ip::address>;

/// What the system says of `host`, from its files and name servers; not empty.
/// Errors: unavailable (no such host; the servers do not answer).
/// Thread: safe.    Cost: blocks, as long as the name servers like.
Result<Addresses> ask_system(const std::string& host);

/// One name that is being looked up. A numeric address asks nobody.
///
/// Thread:     loop; `ask` is called on a thread of its own.
/// Guarantees: `done` is called once, in a later turn of the loop, and not after the destructor,
/// which
///             waits for nothing.
/// Errors:     those of `ask`; resource_exhausted (kMostAtOnce names are being looked up).
class NameLookup {
 public:
  using Done = std::function<void(Result<Addresses>)>;
  using Ask = std::function<Result<Addresses>(const std::string& host)>;
  static constexpr int kMostAtOnce = 16;  ///< In this process. Source: chosen.

  /// Requires: `loop` outlives it.
  NameLookup(Loop& loop, const std::string& host, Done done, Ask ask = ask_system);
  ~NameLookup();
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

 private:
  struct State;
  void start(const std::string& host, Ask ask);
  std::shared_ptr<State> state_;  // Shared: with the thread that asks.
};

}  // namespace gk::net
