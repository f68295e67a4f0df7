// service_notify.h: tells the service manager that the daemon is ready, alive or ending.
//
// The protocol is sd_notify(3): one datagram of KEY=VALUE lines to the socket in NOTIFY_SOCKET. It
// is so small that libsystemd is not needed. Without a service manager every call does nothing.

#pragma once

#include <string>

#include "gamekeeper/result.h"
#include "gamekeeper/time.h"
#include "sys/files.h"

namespace gk::sys {

/// Thread: compatible. Nothing here blocks: a full socket loses the message.
class ServiceNotify {
 public:
  /// Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and takes them out of the environment, so
  /// that no child believes that it is the service.
  /// Requires: no other thread uses the environment yet.
  static ServiceNotify from_environment();

  /// `socket`: a path, or "@name" of the abstract namespace; empty: nobody listens.
  /// `watchdog`: the manager restarts a service that is silent for so long; 0: it does not.
  ServiceNotify(std::string socket, Nanos watchdog);

  /// How often alive() is to be called: half of what the manager waits. 0: never.
  Nanos alive_period() const { return watchdog_ / 2; }

  /// The service answers requests; `status` is a line for people (systemctl status).
  /// Errors: unavailable (the message could not be sent).
  Result<void> ready(const std::string& status) const;
  /// Call it where a hang would be felt: on the loop, not on a thread of its own.
  void alive() const;
  void stopping() const;

 private:
  Result<void> send(const std::string& message) const;

  std::string socket_;
  Nanos watchdog_;
  Fd fd_;
};

}  // namespace gk::sys
