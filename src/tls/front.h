// front.h: takes clients from the listening socket, lets them shake hands and joins each with the
// daemon. One thread and one epoll; everything is bounded by the admission (rules/admission.h).

#pragma once

#include <openssl/ssl.h>

#include <array>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <string>

#include "base/clock.h"
#include "gamekeeper/result.h"
#include "sys/files.h"
#include "sys/packet_socket.h"
#include "tls/relay.h"
#include "tls/rules/admission.h"
#include "tls/rules/frames.h"

namespace gk::tls {

/// Thread: compatible.
class Front {
 public:
  /// Requires: context and clock outlive it.
  /// Errors: unavailable (no epoll).
  static Result<std::unique_ptr<Front>> create(sys::PacketSocket control, SSL_CTX* context,
                                               const AdmissionLimits& limits, const Clock& clock,
                                               const RelayLimits& relay_limits = {});
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  sys::PacketSocket& control() { return control_; }
  /// Serves until the daemon leaves, or has asked for the end and the last client has left.
  void run();

 private:
  struct Client;
  /// What an event is about.
  struct Watch {
    enum class Of : std::uint8_t { control, listener, client, daemon } of;
    Client* client = nullptr;
  };
  struct Client {
    Client(sys::Fd fd, SSL_CTX* context, const RelayLimits& limits, MonoTime now)
        : relay(std::move(fd), context, limits, now) {}
    Relay relay;
    std::string address;
    std::uint16_t port = 0;
    Watch client_watch{Watch::Of::client, this}, daemon_watch{Watch::Of::daemon, this};
    sys::Fd handed;       // The daemon's end, until it took it.
    bool queued = false;  // In queue_.
    bool gone = false;    // In ended_.
    bool space_watched = false;
    std::list<Client>::iterator self;
  };

  Front(sys::PacketSocket control, SSL_CTX* context, const AdmissionLimits& limits,
        const Clock& clock, const RelayLimits& relay_limits, sys::Fd epoll);
  void dispatch(Watch& watch, std::uint32_t events);
  void on_control(std::uint32_t events);
  void take_command();
  void accept_some();
  void admit(sys::Fd fd, std::string address, std::uint16_t port);
  void pause_listening();
  void enqueue(Client& client);
  void serve_queue(MonoTime now);
  void serve(Client& client, MonoTime now);
  void join(Client& client);
  bool announce(Client& client);
  void announce_waiting();
  void watch_space(Client& client);
  void refuse(Client& client);
  void end(Client& client);
  void sweep(MonoTime now);
  int wait_ms() const;
  bool watch(int fd, Watch& watch, std::uint32_t events, int operation);

  sys::PacketSocket control_;
  SSL_CTX* const context_;
  const Clock& clock_;
  const RelayLimits relay_limits_;
  Admission admission_;
  sys::Fd epoll_, listener_;
  Watch control_watch_{Watch::Of::control}, listener_watch_{Watch::Of::listener};
  std::list<Client> clients_;
  std::list<Client> ended_;          // Freed when nothing can point at them any more.
  std::deque<Client*> queue_;        // Each at most once.
  std::deque<Client*> unannounced_;  // The daemon's socket is full.
  std::array<char, kRecord> scratch_{};
  Tally tally_;
  MonoTime sweep_due_{};
  bool timed_ = false;  // Somebody may have a deadline.
  bool listening_ = false;
  bool draining_ = false;
  bool over_ = false;
};

}  // namespace gk::tls
