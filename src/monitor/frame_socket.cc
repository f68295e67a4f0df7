#include "monitor/frame_socket.h"

#include <algorithm>
#include <utility>

#include "base/try.h"

namespace gk::monitor {
namespace {

constexpr std::string_view kVerb = "frames ";
constexpr std::size_t kMaxName = 64;  // Source: as the names of lanes.
constexpr unsigned kMode = 0660;      // Source: platform specification, as lanes.sock.

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
         });
}

}  // namespace

FrameSocket::FrameSocket(net::Loop& loop, Log& log, Monitor& monitor)
    : loop_(loop), log_(log), monitor_(monitor) {}

Result<std::unique_ptr<FrameSocket>> FrameSocket::create(const std::string& path, net::Loop& loop,
                                                         Log& log, Monitor& monitor) {
  std::unique_ptr<FrameSocket> socket(new FrameSocket(loop, log, monitor));
  FrameSocket* self = socket.get();
  // Some may connect and hand over nothing; each user has half of the places.
  const net::PacketLimits limits{.max_packet = 256,
                                 .max_clients = FrameReader::kMaxPages,
                                 .max_clients_per_uid = FrameReader::kMaxPages / 2,
                                 .max_adopted = 0,
                                 .max_per_turn = 4,
                                 .descriptors = true};
  net::PacketHandlers handlers{
      .on_open = [self](net::PacketClientId id, const net::Peer& peer) { self->on_open(id, peer); },
      .on_packet = [self](net::PacketClientId id,
                          const net::Packet& packet) { self->on_packet(id, packet); },
      .on_close = [self](net::PacketClientId id) { self->on_close(id); }};
  GK_TRY(socket->server_,
         net::PacketServer::create(loop, path, kMode, limits, std::move(handlers)));
  return socket;
}

void FrameSocket::on_open(net::PacketClientId id, const net::Peer& peer) {
  Client& client = clients_[id];
  client.pid = *peer.pid;
  // So that a child that inherited the connection does not keep a dead game alive. Whoever
  // connected may have ended before this, and its pid may be another process's by now: that one
  // cannot speak here without the connection, and ends nothing but what came over it.
  const auto facts = sys::process_facts(*peer.pid);
  if (!facts) return server_->close(id);
  auto process = sys::ProcessHandle::open(*peer.pid, facts->start_ticks);
  if (!process) return server_->close(id);
  client.process = std::move(*process);
  client.death = loop_.watch_readable(client.process.fd(), [this, id] {
    const auto dead = clients_.find(id);
    if (dead == clients_.end()) return;
    dead->second.death.cancel();
    end(dead->second, "frames: the program has ended");
    server_->close(id);
  });
}

void FrameSocket::end(Client& client, std::string_view reason) {
  if (client.page) monitor_.end_frames(*client.page, reason);
}

Result<void> FrameSocket::take(Client& client, const net::Packet& packet) {
  if (packet.pid != client.pid) {
    return Error{Errc::permission_denied, "this connection belongs to another process"};
  }
  const std::string_view name = packet.bytes.substr(std::min(kVerb.size(), packet.bytes.size()));
  if (packet.cut || !packet.bytes.starts_with(kVerb) || !is_name(name)) {
    return Error{Errc::invalid_argument,
                 "expected \"frames NAME\", a name of 1 to 64 of a-z, 0-9, _ and -"};
  }
  if (!client.subject.empty()) {
    return Error{Errc::already_exists, "this connection is " + client.subject + " already"};
  }
  if (packet.fd < 0) return Error{Errc::invalid_argument, "expected a memfd beside the packet"};
  std::string subject = subject_of(name);
  GK_TRY(client.page, monitor_.read_frames(subject, packet.fd));
  client.subject = std::move(subject);
  return {};
}

void FrameSocket::on_packet(net::PacketClientId id, const net::Packet& packet) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  const auto taken = take(found->second, packet);
  if (!taken) {
    log_.warn("frames.refused", taken.error().message, {{"pid", packet.pid}});
    server_->send(
        id, std::string("error ") + errc_name(taken.error().code) + " " + taken.error().message);
    return;
  }
  log_.info("frames.taken", "a game counts its frames",
            {{"subject", found->second.subject}, {"pid", packet.pid}});
  server_->send(id, "ok");
}

void FrameSocket::on_close(net::PacketClientId id) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  end(found->second, "frames: the program let go of them, or has ended");
  clients_.erase(found);
}

}  // namespace gk::monitor
