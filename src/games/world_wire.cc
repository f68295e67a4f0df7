// Two files of a Luanti world: commands are appended to one, the mod replaces the other.
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "base/try.h"
#include "games/wire.h"
#include "sys/dir_watch.h"
#include "sys/file_below.h"

namespace gk::games {
namespace {

constexpr std::string_view kIn = "gamekeeper_link_in";    // Source: examples/luanti
constexpr std::string_view kOut = "gamekeeper_link_out";  // Source: examples/luanti
constexpr std::size_t kMaxOut = 2U << 20;  // Source: 32 answers of 16 KiB, 100 lines, escaped.
constexpr off_t kEmptyAt = 64 * 1024;      // Source: chosen; the mod reads as much a step.
constexpr Seconds kSilence{6};             // Source: chosen; the mod writes once a second.

class WorldWire final : public Wire {
 public:
  WorldWire(const LinkEnvironment& environment, WireHandlers handlers)
      : loop_(environment.loop),
        handlers_(std::make_shared<const WireHandlers>(std::move(handlers))) {}

  void start(const std::string& world) {
    if (auto opened = open(world); !opened) {
      soon_ = loop_.after(Nanos(0), [this, error = opened.error()] { end(Error(error)); });
      return;
    }
    soon_ = loop_.after(Nanos(0), [this] {
      const auto handlers = handlers_;
      handlers->on_open();
    });
    expect_life();
  }

  Result<void> write(std::string_view line) override {
    if (!in_) return Error{Errc::failed_precondition, "the world is not open"};
    empty_when_large();
    const ssize_t n = ::write(in_.get(), line.data(), line.size());
    if (n == static_cast<ssize_t>(line.size())) return {};
    return sys::file_error("write", kIn, n < 0 ? errno : ENOSPC);
  }

 private:
  Result<void> open(const std::string& world) {
    GK_TRY(auto folder, sys::ConfinedDir::open(world));
    GK_TRY(in_, folder.open_file(kIn, sys::BelowMode::append));
    GK_TRY(auto watch, sys::DirWatch::open(world));
    folder_.emplace(std::move(folder));
    watch_.emplace(std::move(watch));
    changes_ = loop_.watch_readable(watch_->fd(), [this] { on_change(); });
    return {};
  }

  // The mod has long read what is there, and begins again when the file is shorter than before.
  void empty_when_large() {
    if (::lseek(in_.get(), 0, SEEK_END) > kEmptyAt) (void)!::ftruncate(in_.get(), 0);
  }

  void expect_life() {
    silence_ = loop_.after(kSilence, [this] {
      end({Errc::unavailable,
           "the mod gamekeeper_link has written nothing for 6 s: does the server run, with the mod "
           "enabled in this world?"});
    });
  }

  void on_change() {
    bool ours = false;
    for (const auto& change : watch_->changed()) {
      ours = ours || change.name.empty() || (change.name == kOut && !change.gone);
    }
    if (!ours) return;
    const auto content = folder_->read_file(kOut, kMaxOut);
    // Gone again already, or being replaced: the next change tells.
    if (!content && content.error().code == Errc::not_found) return;
    if (!content) return end(content.error());
    expect_life();
    const auto handlers = handlers_;
    handlers->on_bytes(*content);
  }

  void end(const Error& error) {
    silence_.cancel();
    changes_.cancel();
    in_.reset();
    const auto handlers = handlers_;
    handlers->on_closed(error);
  }

  net::Loop& loop_;
  // shared: with the call that runs, which may destroy this.
  const std::shared_ptr<const WireHandlers> handlers_;
  sys::Fd in_;
  std::optional<sys::ConfinedDir> folder_;
  std::optional<sys::DirWatch> watch_;
  net::Handle changes_, silence_, soon_;  // Before the descriptors they watch.
};

}  // namespace

std::unique_ptr<Wire> open_world_wire(const LinkEnvironment& environment, const GameSettings& game,
                                      WireHandlers handlers) {
  auto wire = std::make_unique<WorldWire>(environment, std::move(handlers));
  wire->start(game.option("world"));
  return wire;
}

}  // namespace gk::games
