#include "referee/service/service_sockets.h"

namespace gk::referee {
namespace {

constexpr std::uint16_t kRevoked = 4401;    // Source: platform specification, WebSocket.
constexpr std::uint16_t kTooSlow = 1013;    // Source: as above.
constexpr std::uint16_t kWrongData = 1003;  // Source: RFC 6455 s7.4.1

}  // namespace

void RefereeService::attach(std::shared_ptr<net::WebSocket> socket, const std::string& owner,
                            const std::string& session) {
  const std::uint64_t id = ++sockets_->last;
  // Shared: used on the judge's thread by the frames of this socket, freed with the last of them.
  const auto link = std::make_shared<SenderLink>("ws-" + owner + ":");
  const std::weak_ptr<Sockets> weak = sockets_;
  socket->on_message = [raw = socket.get()](std::string_view) {
    raw->close(kWrongData, "this subprotocol has binary frames only");
  };
  socket->on_close = [weak, id](std::uint16_t) {
    if (const auto all = weak.lock()) all->entries.erase(id);
  };
  socket->on_binary = [this, weak, id, link](std::string_view bytes) {
    const auto all = weak.lock();
    if (!all) return;
    const auto entry = all->entries.find(id);
    if (entry == all->entries.end()) return;
    if (entry->second.waiting_bytes + bytes.size() > kMaxSocketBytes)
      return entry->second.socket->close(kTooSlow, "frames come faster than they are judged");
    entry->second.waiting_bytes += bytes.size();
    ask<std::string>(
        [link, frame = std::string(bytes)](Bench& bench, Now at) {
          const Bytes in(reinterpret_cast<const std::uint8_t*>(frame.data()), frame.size());
          const Bytes out = bench.ingest.take_linked(in, *link, at);
          return std::string(reinterpret_cast<const char*>(out.data()), out.size());
        },
        [weak, id, size = bytes.size()](Result<std::string> answer) {
          const auto still = weak.lock();
          if (!still) return;
          const auto found = still->entries.find(id);
          if (found == still->entries.end()) return;
          found->second.waiting_bytes -= size;
          if (!answer) return found->second.socket->close(kTooSlow, answer.error().message);
          if (answer->empty()) return;
          found->second.socket->send(
              {.text = std::make_shared<const std::string>(std::move(*answer)), .binary = true});
        });
  };
  sockets_->entries.emplace(id, Sockets::Entry{std::move(socket), session, 0});
}

void RefereeService::close_session(const std::string& session) {
  std::vector<std::shared_ptr<net::WebSocket>> chosen;
  for (const auto& [id, entry] : sockets_->entries)
    if (entry.session == session) chosen.push_back(entry.socket);
  for (const auto& socket : chosen) socket->close(kRevoked, "session ended");
}

void RefereeService::close_all(std::uint16_t code, std::string_view reason) {
  std::vector<std::shared_ptr<net::WebSocket>> chosen;
  for (const auto& [id, entry] : sockets_->entries) chosen.push_back(entry.socket);
  for (const auto& socket : chosen) socket->close(code, reason);
}

}  // namespace gk::referee
