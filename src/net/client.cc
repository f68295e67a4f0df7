#include "net/client.h"

#include <optional>

#include "base/try.h"
#include "net/client_http.h"

namespace gk::net {

struct Client::Impl {
  Target target;
  Millis timeout;
  std::optional<ClientSocket> socket;
};

Client::Client(Target target, Millis timeout)
    : impl_(std::make_unique<Impl>(Impl{std::move(target), timeout, std::nullopt})) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;

Result<Response> Client::call(const ClientRequest& request) {
  const MonoTime deadline = deadline_after(impl_->timeout);
  // A server may end an idle connection at any time; a request is never sent twice.
  if (impl_->socket && impl_->socket->is_stale()) impl_->socket.reset();
  if (!impl_->socket) {
    GK_TRY(ClientSocket opened, ClientSocket::connect(impl_->target, deadline));
    impl_->socket.emplace(std::move(opened));
  }
  ClientSocket& socket = *impl_->socket;
  std::string bytes;
  append_request(bytes, impl_->target, request);
  const auto sent = socket.send(bytes, deadline);
  // A server that refuses a large body answers before it has read it, and then closes.
  const bool refused_early = !sent && sent.error().code == Errc::unavailable;
  auto exchange = sent || refused_early
                      ? read_response(socket, request.method == Method::head, deadline)
                      : Result<Exchange>(sent.error());
  if (!exchange || exchange->close || refused_early) impl_->socket.reset();
  if (!exchange) return std::move(exchange).error();
  return std::move(exchange->response);
}

}  // namespace gk::net
