#include "net/tcp_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <optional>
#include <vector>

#include "net/loop_impl.h"
#include "net/name_lookup.h"

namespace gk::net {

namespace asio = boost::asio;
using boost::system::error_code;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Endpoint = asio::ip::tcp::endpoint;

struct TcpStream::Core : std::enable_shared_from_this<Core> {
  Core(Loop& l, TcpStreamHandlers h, const TcpStreamLimits& lim)
      : loop(l), handlers(std::move(h)), limits(lim), socket(l.impl().context) {}

  void start(const std::string& host, std::uint16_t port) {
    timeout = loop.after(limits.connect_timeout, [self = shared_from_this()] {
      self->end({Errc::deadline_exceeded, "no connection in time"});
    });
    lookup.emplace(loop, host, [self = shared_from_this(), port](const Result<Addresses>& found) {
      if (self->ended) return;
      if (!found) return self->end(found.error());
      self->connect(*found, port);
    });
  }

  void connect(const Addresses& addresses, std::uint16_t port) {
    std::vector<Endpoint> places;
    for (const auto& address : addresses) places.emplace_back(address, port);
    asio::async_connect(socket, places,
                        [self = shared_from_this()](const error_code& failed, const Endpoint&) {
                          self->on_connected(failed);
                        });
  }

  void on_connected(const error_code& ec) {
    if (ended) return;
    if (ec) return end({Errc::unavailable, "cannot connect: " + ec.message()});
    timeout.cancel();
    error_code ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);  // Commands are small and wait.
    watch_for_silence();
    open = true;
    const auto self = shared_from_this();
    if (handlers.on_open) handlers.on_open();
    read();
  }

  // The kernel asks an idle peer whether it is still there: one that lost its power says nothing.
  void watch_for_silence() {
    const int on = 1, idle_s = 15, between_s = 5, probes = 3;  // Source: chosen; gone within 30 s.
    const int fd = socket.native_handle();
    (void)::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    (void)::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &between_s, sizeof between_s);
    (void)::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
  }

  void read() {
    if (ended) return;
    socket.async_read_some(asio::buffer(input),
                           [self = shared_from_this()](const error_code& ec, std::size_t n) {
                             if (self->ended) return;
                             if (ec) return self->end(closed_by(ec));
                             self->handlers.on_bytes(std::string_view(self->input.data(), n));
                             self->read();
                           });
  }

  static Error closed_by(const error_code& ec) {
    if (ec == asio::error::eof) return {Errc::unavailable, "the server closed the connection"};
    return {Errc::unavailable, "the connection was lost: " + ec.message()};
  }

  void write_next() {
    if (ended || writing || unsent.empty()) return;
    writing = true;
    on_the_way.clear();
    on_the_way.swap(unsent);
    asio::async_write(socket, asio::buffer(on_the_way),
                      [self = shared_from_this()](const error_code& ec, std::size_t) {
                        self->writing = false;
                        if (self->ended) return;
                        if (ec) return self->end(closed_by(ec));
                        self->write_next();
                      });
  }

  void close() {
    ended = true;
    open = false;
    timeout.cancel();
    lookup.reset();
    error_code ignored;
    socket.close(ignored);
    // The handlers may own what called us: they are freed when the last operation has ended.
  }

  void end(const Error& error) {
    if (ended) return;
    const auto self = shared_from_this();
    close();
    if (handlers.on_closed) handlers.on_closed(error);
  }

  Loop& loop;
  const TcpStreamHandlers handlers;
  const TcpStreamLimits limits;
  Socket socket;
  std::optional<NameLookup> lookup;  // Holds this until its answer, or close().
  Handle timeout;
  std::array<char, 64 * 1024> input;
  std::string unsent, on_the_way;
  bool open = false, ended = false, writing = false;
};

TcpStream::TcpStream(Loop& loop, const std::string& host, std::uint16_t port,
                     TcpStreamHandlers handlers, const TcpStreamLimits& limits)
    : core_(std::make_shared<Core>(loop, std::move(handlers), limits)) {
  core_->start(host, port);
}

TcpStream::~TcpStream() { core_->close(); }

Result<void> TcpStream::write(std::string_view bytes) {
  if (!core_->open) return Error{Errc::failed_precondition, "the connection is not open"};
  if (core_->unsent.size() + bytes.size() > core_->limits.max_unsent) {
    return Error{Errc::resource_exhausted, "the server does not read what is sent to it"};
  }
  core_->unsent.append(bytes);
  core_->write_next();
  return {};
}

}  // namespace gk::net
