// The page in which a game counts its frames, read by the daemon while somebody writes it: between
// any two reads, and in the middle of one. The reads of the reader come here (-Wl,--wrap=pread), so
// that every race is in the input and none in the machine.
//
// An input is a script. With an even first byte the writer keeps the rules of
// gamekeeper/frame_page.h, one store at a time, and is never called a liar; with an odd one it
// stores any bytes anywhere and takes the page away, and what comes out is bounded all the same.
// Seeds: fuzz/monitor_frames_seeds.txt. With GK_FUZZ_PLANTED the reader sees no sequence but 0, as
// one that does not look whether a frame was being written.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/assert.h"
#include "base/metrics.h"
#include "monitor/frame_reader.h"
#include "testing/manual_clock.h"

extern "C" ssize_t __real_pread(int fd, void* out, std::size_t size, off_t at);

namespace {

using namespace gk;

/// The input, byte by byte; 0 when it is used up.
class Script {
 public:
  Script(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  bool ended() const { return at_ >= size_; }
  std::uint8_t byte() { return ended() ? 0 : data_[at_++]; }
  std::uint64_t number(int bytes) {
    std::uint64_t out = 0;
    for (int i = 0; i < bytes; ++i) out = out << 8 | byte();
    return out;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};

/// A page and who writes it. The memory lives as long as the program: only its bytes are new.
class Writer {
 public:
  Writer(Script& script, ManualClock& clock) : script_(script), clock_(clock) {
    static const int memory = [] {
      const int fd = ::memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
      GK_ASSERT(fd >= 0 && ::ftruncate(fd, sizeof(FramePage)) == 0);
      GK_ASSERT(::fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0);
      return fd;
    }();
    fd_ = memory;
    const FramePage fresh;
    store(0, &fresh, sizeof fresh);
    honest_ = script_.byte() % 2 == 0;
  }
  int fd() const { return fd_; }
  bool honest() const { return honest_; }
  std::uint64_t frames() const { return page_.frames; }

  /// Whatever the script says happens now.
  void go_on() {
    for (int count = script_.byte() % 16; count > 0 && !script_.ended(); --count) {
      honest_ ? step() : lie();
    }
  }
  /// A read of the page, in whose middle things happen.
  ssize_t read(int fd, void* out, std::size_t size, off_t at) {
    go_on();
    if (!honest_ && script_.byte() == 0x7f) {
      errno = EIO;
      return -1;
    }
#ifdef GK_FUZZ_PLANTED
    if (size == sizeof(std::uint32_t)) {
      std::memset(out, 0, size);
      return static_cast<ssize_t>(size);
    }
#endif
    const std::size_t first = std::min<std::size_t>(size, script_.byte() * 17U);
    const ssize_t a = __real_pread(fd, out, first, at);
    go_on();
    const ssize_t b = __real_pread(fd, static_cast<char*>(out) + first, size - first,
                                   at + static_cast<off_t>(first));
    return a < 0 || b < 0 ? -1 : a + b;
  }

 private:
  void store(std::size_t at, const void* data, std::size_t size) {
    GK_ASSERT(::pwrite(fd_, data, size, static_cast<off_t>(at)) == static_cast<ssize_t>(size));
  }
  template <typename T>
  void store(std::size_t at, T value) {
    store(at, &value, sizeof value);
  }
  /// One store of a frame by the rules; the first ends no frame.
  void step() {
    const bool first = page_.last_ns == 0;
    switch (step_) {
      case 0:
        clock_.advance(Micros(100 + script_.number(2)));
        now_ns_ = now_ns();
        store(offsetof(FramePage, sequence), ++page_.sequence);
        break;
      case 1:
        if (first) break;
        store(offsetof(FramePage, ring) + page_.frames % kFrameSlots * sizeof(std::uint32_t),
              static_cast<std::uint32_t>((now_ns_ - page_.last_ns) / 1000));
        break;
      case 2:
        if (!first) store(offsetof(FramePage, frames), ++page_.frames);
        break;
      case 3:
        page_.last_ns = now_ns_;
        store(offsetof(FramePage, last_ns), page_.last_ns);
        break;
      case 4: store(offsetof(FramePage, sequence), ++page_.sequence); break;
    }
    step_ = (step_ + 1) % 5;
  }
  void lie() {
    switch (script_.byte() % 8) {
      case 0: store(script_.number(2) % (sizeof(FramePage) - 7), script_.number(8)); break;
      case 1: store(offsetof(FramePage, frames), page_.frames = script_.number(8)); break;
      case 2: store(offsetof(FramePage, frames), page_.frames += script_.byte()); break;
      case 3:
        store(offsetof(FramePage, last_ns), now_ns() + static_cast<std::int8_t>(script_.byte()));
        break;
      case 4:
        store(offsetof(FramePage, sequence), static_cast<std::uint32_t>(script_.number(4)));
        break;
      case 5:
        store(offsetof(FramePage, ring) + script_.number(2) % kFrameSlots * sizeof(std::uint32_t),
              static_cast<std::uint32_t>(script_.number(4)));
        break;
      case 6: clock_.advance(Millis(script_.number(2))); break;
      case 7: {
        const FramePage fresh;
        if (script_.byte() % 2 == 0) return store(0, &fresh, sizeof fresh);
        GK_ASSERT(::fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, sizeof fresh) ==
                  0);
      }
    }
  }
  std::int64_t now_ns() const { return clock_.mono().time_since_epoch().count(); }

  Script& script_;
  ManualClock& clock_;
  int fd_ = -1;
  bool honest_ = true;
  FramePage page_;
  int step_ = 0;
  std::int64_t now_ns_ = 0;  // When the frame that is being written ended.
};

Writer* writer = nullptr;  // Who acts inside the reads of the reader.

struct World {
  World(const std::uint8_t* data, std::size_t size) : script(data, size), author(script, clock) {
    clock.advance(Seconds(100));
    moved = clock.mono();
    const auto added = reader.add("frames:fuzz", author.fd());
    GK_ASSERT(added.ok());
    page = *added;
    writer = &author;
  }
  ~World() { writer = nullptr; }

  /// One reading, and what it may say.
  void read(Nanos interval) {
    const MonoTime before = clock.mono();
    const auto rates = reader.read(interval);
    GK_ASSERT(rates.size() == 1);
    const auto& [id, subject, fps, trouble] = rates[0];
    GK_ASSERT(id == page && subject == "frames:fuzz" && !(fps && !trouble.empty()));
    if (fps) {
      GK_ASSERT(std::isfinite(*fps) && *fps > 0 && *fps <= monitor::FrameJudge::kMaxFps);
      GK_ASSERT(clock.mono() >= believed_from);  // For ten seconds from a lie nothing is believed.
      moved = clock.mono();
    }
    if (trouble.starts_with("frames: none for ")) {
      GK_ASSERT(clock.mono() - moved >= monitor::FrameJudge::kLeastSilence);
    } else if (!trouble.empty()) {
      GK_ASSERT(!author.honest());  // Who keeps the rules is never called a liar.
      if (!trouble.starts_with("frames: not believed")) {
        believed_from = before + monitor::FrameJudge::kDistrust;
      }
    }
    const auto frames = reader.take();
    GK_ASSERT(frames.size() <= 1);
    if (frames.empty()) return;
    const auto& durations = frames.at("frames:fuzz");
    GK_ASSERT(fps && durations.size() <= kFrameSlots);
    double sum_ms = 0;
    for (const double ms : durations) {
      GK_ASSERT(ms >= 0 && ms <= 4'294'967.295);
      sum_ms += ms;
    }
    if (author.honest() && durations.size() < kFrameSlots) {
      const auto count = static_cast<double>(durations.size());
      // The rate and the durations, each cut to a µs, tell of the same time.
      GK_ASSERT(std::abs(count * 1000 / *fps - sum_ms) <= 0.001 * (count + 1) + 1e-9 * sum_ms);
    }
    told += durations.size();
  }

  Script script;
  ManualClock clock;
  Writer author;
  Metrics metrics;
  monitor::FrameReader reader{clock, metrics};
  monitor::FrameReader::PageId page{};
  MonoTime moved = MonoTime::min();  // When frames were told last; at first the start.
  MonoTime believed_from = MonoTime::min();
  std::uint64_t told = 0;
};

}  // namespace

extern "C" ssize_t __wrap_pread(int fd, void* out, std::size_t size, off_t at) {
  return writer != nullptr ? writer->read(fd, out, size, at) : __real_pread(fd, out, size, at);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World world(data, size);
  for (int reading = 0; reading < 64 && !world.script.ended(); ++reading) {
    world.author.go_on();
    world.clock.advance(gk::Millis(world.script.byte()));
    world.read(gk::Millis(1 + world.script.byte() * 8));
  }
  // Of a writer that keeps the rules, no frame is told twice.
  if (world.author.honest()) GK_ASSERT(world.told <= world.author.frames());
  return 0;
}
