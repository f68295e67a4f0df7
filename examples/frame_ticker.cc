// A game that tells the daemon of its frames. Usage: frame_ticker SOCKET [NAME [FPS [SECONDS]]]
// SOCKET is frames.sock in the daemon's data folder.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "gamekeeper/frame_ticker.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: frame_ticker SOCKET [NAME [FPS [SECONDS]]]\n", stderr);
    return 2;
  }
  auto ticker = gk::FrameTicker::create(argc > 2 ? argv[2] : "example");
  if (!ticker) {
    std::fprintf(stderr, "%s\n", ticker.error().message.c_str());
    return 2;
  }
  const double fps = argc > 3 ? std::atof(argv[3]) : 60;
  const double seconds = argc > 4 ? std::atof(argv[4]) : 10;
  if (!(fps >= 1 && fps <= 1000 && seconds > 0)) {
    std::fputs("expected 1 to 1000 frames a second, for more than 0 s\n", stderr);
    return 2;
  }
  using Clock = std::chrono::steady_clock;
  const auto frame =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / fps));
  const auto every = static_cast<long>(5 * fps);  // Frames between two looks for the daemon.
  auto next = Clock::now();
  const auto end =
      next + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  for (long n = 0; next < end; ++n) {
    if (n % every == 0 && !ticker->connected()) {
      const auto done = ticker->connect(argv[1]);
      std::printf("%s\n", done ? "the daemon reads the frames" : done.error().message.c_str());
      std::fflush(stdout);
    }
    // A game draws here.
    std::this_thread::sleep_until(next += frame);
    ticker->tick();
  }
}
