// poster.h: sends POSTs with libcurl, several at a time. The only file with libcurl is poster.cc.
//
// Every limit that a hostile receiver could strain is here: time, bytes of head and body, redirects
// (never followed), addresses (address_guard.h, on the address that the socket connects to), and
// no compression, no proxy, no cookies, no credentials from files.

#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gamekeeper/result.h"
#include "gamekeeper/time.h"
#include "notices/rules/frames.h"
#include "notify/options.h"

namespace gk::notify {

/// Source: chosen; a webhook answers within a second with a few hundred bytes.
struct PosterLimits {
  Millis connect{5'000};
  Millis total{10'000};
  std::size_t max_body = 64 * 1024;  ///< More is cut off; the status counts all the same.
  std::size_t max_head = 64 * 1024;
  std::size_t max_active = 16;  ///< The newest is refused.
};

/// Thread: compatible.
class Poster {
 public:
  using Ended = std::pair<std::uint64_t, notices::Attempt>;

  /// Errors: internal (libcurl cannot start).
  static Result<std::unique_ptr<Poster>> create(Options options, PosterLimits limits = {});
  ~Poster();
  Poster(const Poster&) = delete;
  Poster& operator=(const Poster&) = delete;

  /// Begins a POST; its end comes from step().
  void begin(const notices::PostRequest& request);
  /// Moves all POSTs on; waits until something happens to one or `extra_fd` is readable, at most
  /// `wait`. Returns those that ended.
  std::vector<Ended> step(int extra_fd, Millis wait);

 private:
  struct Impl;
  explicit Poster(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gk::notify
