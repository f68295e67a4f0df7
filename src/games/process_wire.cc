// A server that is a child of the daemon, under gamekeeper-worker: confined, and it dies with us.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "games/wire.h"
#include "sys/spawn.h"

namespace gk::games {
namespace {

constexpr std::size_t kMaxUnsent = 256U * 1024;  // Source: chosen, as for TCP.
constexpr Millis kRetryWrite{10};                // Source: chosen; a full pipe is rare.

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (end > at) out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

class ProcessWire final : public Wire {
 public:
  ProcessWire(const LinkEnvironment& environment, WireHandlers handlers)
      : loop_(environment.loop),
        handlers_(std::make_shared<const WireHandlers>(std::move(handlers))) {}

  void start(const LinkEnvironment& environment, const GameSettings& game) {
    if (auto begun = spawn(environment, game); !begun) {
      soon_ = loop_.after(Nanos(0), [this, error = begun.error()] { end(Error(error)); });
    }
  }

  Result<void> write(std::string_view bytes) override {
    if (!input_) return Error{Errc::failed_precondition, "the program does not run"};
    if (unsent_.size() + bytes.size() > kMaxUnsent) {
      return Error{Errc::resource_exhausted, "the program does not read its input"};
    }
    unsent_ += bytes;
    flush();
    return {};
  }

 private:
  Result<void> spawn(const LinkEnvironment& environment, const GameSettings& game) {
    int ends[2] = {-1, -1};
    // A socket pair: writing to a program that has left is an error code, never a signal.
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
      return sys::file_error("create", "socket pair", errno);
    }
    sys::Fd ours(ends[0]), theirs(ends[1]);
    ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);
    sys::SpawnSpec spec;
    spec.worker = environment.worker;
    spec.command = {game.option("program")};
    for (auto& word : lines_of(game.option("arguments"))) spec.command.push_back(std::move(word));
    spec.environment = {"PATH=/usr/local/bin:/usr/bin:/bin:/usr/games", "LANG=C.UTF-8"};
    spec.directory = game.option("directory");
    spec.hidden = environment.hidden;
    spec.input_fd = theirs.get();
    Error last;
    for (const auto mode : {sys::Confinement::user_namespace, sys::Confinement::root_namespace,
                            sys::Confinement::session}) {
      if (mode == sys::Confinement::session && !environment.allow_session) continue;
      auto spawned = sys::spawn_supervised(spec, mode);
      if (spawned) {
        spawned_ = std::move(*spawned);
        input_ = std::move(ours);
        watch();
        return {};
      }
      last = spawned.error();
      if (last.code != Errc::unavailable) break;
    }
    return Error{Errc::unavailable, "cannot start the program: " + last.message};
  }

  void watch() {
    output_watch_ = loop_.watch_readable(spawned_.output.get(), [this] { read_output(); });
    report_watch_ = loop_.watch_readable(spawned_.report.get(), [this] { read_report(); });
  }

  void read_report() {
    std::array<char, 256> text;
    const ssize_t n = ::read(spawned_.report.get(), text.data(), text.size());
    if (n < 0 && errno == EAGAIN) return;
    report_watch_.cancel();
    if (n > 0) {
      std::string why(text.data(), static_cast<std::size_t>(n));
      while (why.ends_with('\n')) why.pop_back();
      if (why.starts_with("E ")) why.erase(0, 2);  // How the worker marks a start that failed.
      return end({Errc::unavailable, "cannot start the program: " + why});
    }
    const auto handlers = handlers_;
    handlers->on_open();
  }

  void read_output() {
    const ssize_t n = ::read(spawned_.output.get(), buffer_.data(), buffer_.size());
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) return end({Errc::unavailable, "the program has ended"});
    const auto handlers = handlers_;
    handlers->on_bytes(std::string_view(buffer_.data(), static_cast<std::size_t>(n)));
  }

  void flush() {
    while (!unsent_.empty()) {
      const ssize_t n = ::send(input_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
      if (n <= 0) break;  // Full: later. Gone: its output ends, too.
      unsent_.erase(0, static_cast<std::size_t>(n));
    }
    if (!unsent_.empty()) retry_ = loop_.after(kRetryWrite, [this] { flush(); });
  }

  void end(const Error& error) {
    output_watch_.cancel();
    report_watch_.cancel();
    retry_.cancel();
    input_.reset();
    const auto handlers = handlers_;
    handlers->on_closed(error);
  }

  net::Loop& loop_;
  // shared: with the call that runs, which may destroy this.
  const std::shared_ptr<const WireHandlers> handlers_;
  sys::Spawned spawned_;  // Closing its control end ends the whole tree.
  sys::Fd input_;
  std::string unsent_;
  std::array<char, 64 * 1024> buffer_;
  net::Handle output_watch_, report_watch_, retry_, soon_;  // Before the descriptors they watch.
};

}  // namespace

std::unique_ptr<Wire> open_process_wire(const LinkEnvironment& environment,
                                        const GameSettings& game, WireHandlers handlers) {
  auto wire = std::make_unique<ProcessWire>(environment, std::move(handlers));
  wire->start(environment, game);
  return wire;
}

}  // namespace gk::games
