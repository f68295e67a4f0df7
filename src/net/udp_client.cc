#include "net/udp_client.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/udp.hpp>
#include <optional>

#include "net/loop_impl.h"
#include "net/name_lookup.h"

namespace gk::net {

namespace asio = boost::asio;
using boost::system::error_code;
using Socket = asio::basic_datagram_socket<asio::ip::udp, Executor>;

struct UdpClient::Core : std::enable_shared_from_this<Core> {
  Core(Loop& l, UdpClientHandlers h) : loop(l), handlers(std::move(h)), socket(l.impl().context) {}

  void start(const std::string& host, std::uint16_t port) {
    lookup.emplace(loop, host, [self = shared_from_this(), port](const Result<Addresses>& found) {
      if (self->ended) return;
      if (!found) return self->end(found.error().message);
      self->connect({found->front(), port});
    });
  }

  void connect(const asio::ip::udp::endpoint& address) {
    error_code failed;
    socket.open(address.protocol(), failed);
    if (!failed) socket.connect(address, failed);
    if (!failed) socket.non_blocking(true, failed);
    if (failed) return end("cannot use the address: " + failed.message());
    open = true;
    if (handlers.on_open) handlers.on_open();
    read();
  }

  void read() {
    if (ended) return;
    socket.async_receive(asio::buffer(input),
                         [self = shared_from_this()](const error_code& ec, std::size_t n) {
                           if (self->ended) return;
                           if (ec == asio::error::connection_refused) {
                             return self->end("nobody listens there");
                           }
                           if (ec) return self->end("cannot receive: " + ec.message());
                           self->handlers.on_datagram(std::string_view(self->input.data(), n));
                           self->read();
                         });
  }

  void close() {
    ended = true;
    open = false;
    lookup.reset();
    error_code ignored;
    socket.close(ignored);
  }

  void end(std::string why) {
    if (ended) return;
    const auto self = shared_from_this();
    close();
    if (handlers.on_closed) handlers.on_closed({Errc::unavailable, std::move(why)});
  }

  Loop& loop;
  const UdpClientHandlers handlers;
  Socket socket;
  std::optional<NameLookup> lookup;  // Holds this until its answer, or close().
  std::array<char, 64 * 1024> input;
  bool open = false, ended = false;
};

UdpClient::UdpClient(Loop& loop, const std::string& host, std::uint16_t port,
                     UdpClientHandlers handlers)
    : core_(std::make_shared<Core>(loop, std::move(handlers))) {
  core_->start(host, port);
}

UdpClient::~UdpClient() { core_->close(); }

Result<void> UdpClient::send(std::string_view datagram) {
  if (!core_->open) return Error{Errc::failed_precondition, "the address is not open"};
  error_code ec;
  core_->socket.send(asio::buffer(datagram.data(), datagram.size()), 0, ec);
  // A full socket buffer loses the datagram, as the network may; a refusal comes by on_closed.
  const bool lost = ec == asio::error::would_block || ec == asio::error::connection_refused;
  if (ec && !lost) return Error{Errc::unavailable, "cannot send: " + ec.message()};
  return {};
}

}  // namespace gk::net
