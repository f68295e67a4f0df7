// Any bytes behind a WebSocket handshake with the real server: what it hands to a room is what a
// model of RFC 6455, written apart, reads from the same bytes; the socket always ends.
//
// Seeds: fuzz/web_socket_seeds.txt.

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/utf8.h"
#include "net/server.h"
#include "testing/capture_log.h"

namespace {

using namespace gk;
using namespace gk::net;

struct Frame {
  int opcode = 0;
  bool final_part = false;
  bool sound = true;
  std::string payload;
};

/// The next frame at the front of `bytes`; nothing when it is not complete.
std::optional<Frame> take(std::string_view& bytes) {
  if (bytes.size() < 2) return std::nullopt;
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  Frame frame{.opcode = at(0) & 15, .final_part = (at(0) & 0x80) != 0};
  const std::size_t extra = (at(1) & 127) == 126 ? 2 : (at(1) & 127) == 127 ? 8 : 0;
  const bool control = frame.opcode >= 8;
  frame.sound =
      (at(0) & 0x70) == 0 && (at(1) & 0x80) != 0 &&
      (control ? frame.opcode <= 10 && frame.final_part && extra == 0 : frame.opcode <= 2);
  if (!frame.sound) return frame;
  if (bytes.size() < 2 + extra + 4) return std::nullopt;
  std::uint64_t size = at(1) & 127;
  if (extra != 0) size = 0;
  for (std::size_t i = 0; i < extra; ++i) size = size << 8 | at(2 + i);
  frame.sound = extra == 0 || (size >= (extra == 2 ? 126U : 65536U) && size <= 65536U);
  if (!frame.sound) return frame;
  const std::size_t begin = 2 + extra + 4;
  if (bytes.size() - begin < size) return std::nullopt;
  for (std::size_t i = 0; i < size; ++i) {
    frame.payload += static_cast<char>(at(begin + i) ^ at(begin - 4 + i % 4));
  }
  bytes.remove_prefix(begin + size);
  return frame;
}

/// The messages that a server must hand out before anything ends the socket.
std::vector<std::string> messages_in(std::string_view bytes) {
  std::vector<std::string> messages;
  std::optional<std::string> open;
  while (const auto frame = take(bytes)) {
    if (!frame->sound || frame->opcode == 8 || frame->opcode == 2) break;
    if (frame->opcode > 8) continue;
    if ((frame->opcode == 0) != open.has_value()) break;
    open = open.value_or("") + frame->payload;
    if (open->size() > WebSocketLimits{}.max_message_bytes) break;
    if (!frame->final_part) continue;
    if (!is_utf8(*open)) break;
    messages.push_back(*std::exchange(open, std::nullopt));
  }
  return messages;
}

class World {
 public:
  World() {
    char folder[] = "/tmp/gk-fuzz-XXXXXX";
    GK_ASSERT(::mkdtemp(folder) != nullptr);
    path_ = std::string(folder) + "/s";
    handlers_.on_request = [](const Request&, const Respond& respond) { respond({}); };
    handlers_.on_protocol_error = [](const ProtocolFault&) { return Response{}; };
    handlers_.on_upgrade = [this](const Request&, const auto& decide) {
      decide({.accept = true, .refusal = {}, .subprotocol = "", .on_open = [this](auto socket) {
                socket->on_message = [this](std::string_view text) { got_.emplace_back(text); };
                socket->on_close = [this](std::uint16_t) { loop_.stop(); };
                socket_ = std::move(socket);
                loop_.stop();
              }});
    };
    server_ = std::make_unique<Server>(loop_, ServerOptions{}, handlers_, log_, metrics_);
    GK_ASSERT(server_->listen_unix(path_, 0600).ok());
  }
  ~World() {
    server_.reset();
    ::unlink(path_.c_str());
    ::rmdir(path_.substr(0, path_.rfind('/')).c_str());
  }

  std::vector<std::string> answer_to(std::string_view bytes) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    GK_ASSERT(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    send(fd,
         "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    loop_.run();  // Until it is open.
    got_.clear();
    send(fd, bytes);
    ::shutdown(fd, SHUT_WR);
    loop_.run();  // Until it has ended; libFuzzer's timeout notices when it never does.
    socket_.reset();
    ::close(fd);
    return std::move(got_);
  }

 private:
  static void send(int fd, std::string_view bytes) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    GK_ASSERT(n == static_cast<ssize_t>(bytes.size()));
  }
  std::string path_;
  Loop loop_;
  CaptureLog log_;
  Metrics metrics_;
  ServerHandlers handlers_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<WebSocket> socket_;  // Shared with the server.
  std::vector<std::string> got_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  const std::string_view bytes(reinterpret_cast<const char*>(data),
                               std::min<std::size_t>(size, 4096));
  GK_ASSERT(world.answer_to(bytes) == messages_in(bytes));
  return 0;
}
