// signals.h: Unix signals as a readable descriptor, so that they are handled on the loop like
// anything else and no handler runs at a random place.

#pragma once

#include <initializer_list>
#include <optional>

#include "gamekeeper/result.h"

namespace gk::sys {

/// Blocks the given signals in this thread (and those it starts later) and reads them from fd().
/// Also ignores SIGPIPE: a peer that leaves is an error code, not a death.
/// Thread: compatible. Create before any other thread starts.
class SignalSet {
 public:
  static Result<SignalSet> create(std::initializer_list<int> signals);
  SignalSet(SignalSet&& other) noexcept;
  SignalSet& operator=(SignalSet&&) = delete;
  ~SignalSet();

  int fd() const { return fd_; }
  /// The next pending signal; nullopt when none is.
  std::optional<int> next() const;

 private:
  explicit SignalSet(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace gk::sys
