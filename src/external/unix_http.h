// unix_http.h: one HTTP request at a time over the daemon's Unix socket, for libgamekeeper, which
// may use the C library and nothing of src/net.

#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "gamekeeper/result.h"
#include "gamekeeper/time.h"

namespace gk::external {

struct Answer {
  int status = 0;
  std::string body;
};

/// Thread: exchange() by one thread at a time; interrupt() by any.
class UnixHttp {
 public:
  /// `token` may be empty.
  UnixHttp(std::string socket, std::string token);
  ~UnixHttp();
  UnixHttp(const UnixHttp&) = delete;
  UnixHttp& operator=(const UnixHttp&) = delete;

  /// On a connection of its own.
  /// Errors: unavailable (nobody listens, or the connection broke), permission_denied (the socket),
  ///         deadline_exceeded, cancelled (interrupt()), data_loss (no HTTP answer, or more than
  ///         1 MiB), resource_exhausted (descriptors).
  Result<Answer> exchange(std::string_view method, std::string_view target, std::string_view body,
                          Millis timeout);
  /// Ends the exchange that waits, and every later one.
  void interrupt();

 private:
  Result<Answer> talk(int fd, const std::string& request, MonoTime until);
  Result<void> wait(int fd, short events, MonoTime until);

  const std::string socket_;
  const std::string token_;
  const SystemClock clock_;
  int wake_ = -1;  // An eventfd; readable: interrupted.
};

/// An answer of HTTP as its bytes stand so far.
/// Errors: data_loss (no HTTP/1.1 answer with a length).
struct Parsed {
  bool complete = false;
  Answer answer;
};
Result<Parsed> parse_answer(std::string_view bytes);

}  // namespace gk::external
