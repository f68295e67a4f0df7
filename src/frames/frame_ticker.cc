#include "gamekeeper/frame_ticker.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <limits>
#include <new>
#include <system_error>
#include <utility>

#include "base/clock.h"
#include "gamekeeper/frame_page.h"

namespace gk {
namespace {

constexpr int kAnswerMs = 1000;  // Source: chosen; a daemon answers within a turn of its loop.
constexpr std::uint32_t kLonger = std::numeric_limits<std::uint32_t>::max();

Error system_error(Errc code, const std::string& what, int number) {
  return {code, what + ": " + std::generic_category().message(number)};
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

/// Hands `memory` over with the packet that names it.
bool send_with(int socket, std::string_view packet, int memory) {
  iovec part{const_cast<char*>(packet.data()), packet.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof memory)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* const head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof memory);
  std::memcpy(CMSG_DATA(head), &memory, sizeof memory);
  return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

/// What the daemon said: "ok", or "error CODE TEXT" with the name of a code.
Result<void> read_answer(std::string_view packet) {
  if (packet == "ok") return {};
  constexpr std::string_view kRefused = "error ";
  if (!packet.starts_with(kRefused)) {
    return Error{Errc::unavailable, "the daemon's answer was not understood"};
  }
  packet.remove_prefix(kRefused.size());
  const std::size_t space = std::min(packet.find(' '), packet.size());
  Error error{Errc::unavailable, std::string(packet.substr(std::min(space + 1, packet.size())))};
  for (const Errc code : {Errc::invalid_argument, Errc::already_exists, Errc::permission_denied,
                          Errc::resource_exhausted}) {
    if (packet.substr(0, space) == errc_name(code)) error.code = code;
  }
  return error;
}

Result<void> wait_for_answer(int socket) {
  pollfd wait{.fd = socket, .events = POLLIN, .revents = 0};
  if (::poll(&wait, 1, kAnswerMs) != 1) {
    return Error{Errc::unavailable, "the daemon did not answer within a second"};
  }
  std::array<char, 4096> buffer{};
  const ssize_t n = ::recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (n <= 0) return Error{Errc::unavailable, "the daemon closed the connection"};
  return read_answer({buffer.data(), static_cast<std::size_t>(n)});
}

}  // namespace

struct FrameTicker::Impl {
  ~Impl() {
    if (page != nullptr) ::munmap(page, sizeof(FramePage));
    for (const int fd : {memory, socket.load()}) {
      if (fd >= 0) ::close(fd);
    }
  }

  std::string name;
  int memory = -1;
  FramePage* page = nullptr;
  SystemClock clock;
  // Only the ticking thread touches these.
  std::int64_t last_ns = 0;
  std::uint64_t frames = 0;
  std::uint32_t sequence = 0;
  bool begun = false;
  std::atomic<int> socket = -1;
};

FrameTicker::FrameTicker(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FrameTicker::FrameTicker(FrameTicker&&) noexcept = default;
FrameTicker& FrameTicker::operator=(FrameTicker&&) noexcept = default;
FrameTicker::~FrameTicker() = default;

Result<FrameTicker> FrameTicker::create(std::string_view name) {
  if (!is_name(name)) {
    return Error{Errc::invalid_argument, "name: expected 1 to 64 of a-z, 0-9, _ and -"};
  }
  auto impl = std::make_unique<Impl>();
  impl->name = name;
  impl->memory = ::memfd_create("gamekeeper-frames", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (impl->memory < 0) return system_error(Errc::resource_exhausted, "memfd_create", errno);
  if (::ftruncate(impl->memory, sizeof(FramePage)) != 0 ||
      ::fcntl(impl->memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return system_error(Errc::resource_exhausted, "the memory of the frames", errno);
  }
  void* const at =
      ::mmap(nullptr, sizeof(FramePage), PROT_READ | PROT_WRITE, MAP_SHARED, impl->memory, 0);
  if (at == MAP_FAILED) return system_error(Errc::resource_exhausted, "mmap", errno);
  impl->page = new (at) FramePage();
  return FrameTicker(std::move(impl));
}

void FrameTicker::tick() { tick(impl_->clock.mono()); }

void FrameTicker::tick(MonoTime now) {
  Impl& own = *impl_;
  FramePage& page = *own.page;
  const std::int64_t at = now.time_since_epoch().count();
  const std::int64_t us = (at - own.last_ns) / 1000;
  const auto duration = us >= std::int64_t{kLonger}
                            ? kLonger
                            : static_cast<std::uint32_t>(std::max<std::int64_t>(us, 0));
  const std::atomic_ref sequence(page.sequence);
  // The daemon reads by pread: relaxed stores between a fence and a release are in order for it.
  sequence.store(++own.sequence, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  if (std::exchange(own.begun, true)) {
    std::atomic_ref(page.ring[own.frames % kFrameSlots]).store(duration, std::memory_order_relaxed);
    std::atomic_ref(page.frames).store(++own.frames, std::memory_order_relaxed);
  }
  std::atomic_ref(page.last_ns).store(at, std::memory_order_relaxed);
  sequence.store(++own.sequence, std::memory_order_release);
  own.last_ns = at;
}

Result<void> FrameTicker::connect(const std::string& socket) {
  if (connected()) return {};
  if (const int old = impl_->socket.exchange(-1); old >= 0) ::close(old);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.empty() || socket.size() >= sizeof address.sun_path) {
    return Error{Errc::invalid_argument, "socket: expected a path of 1 to 107 bytes"};
  }
  std::memcpy(address.sun_path, socket.data(), socket.size());
  const int fd = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return system_error(Errc::resource_exhausted, "socket", errno);
  const auto give_up = [fd](Error error) {
    ::close(fd);
    return error;
  };
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const bool denied = errno == EACCES;
    return give_up(system_error(denied ? Errc::permission_denied : Errc::unavailable,
                                "cannot reach " + socket, errno));
  }
  if (!send_with(fd, "frames " + impl_->name, impl_->memory)) {
    return give_up(system_error(Errc::unavailable, "cannot send to " + socket, errno));
  }
  if (auto taken = wait_for_answer(fd); !taken) return give_up(taken.error());
  impl_->socket.store(fd);
  return {};
}

bool FrameTicker::connected() const {
  const int fd = impl_->socket.load();
  if (fd < 0) return false;
  char byte = 0;
  const ssize_t n = ::recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
  return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

int FrameTicker::fd_for_test() const { return impl_->memory; }

}  // namespace gk
