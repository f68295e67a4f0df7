// A bot that lets the daemon of this machine watch it: it stops acting when it is told to.
//   watched_bot SOCKET [MACRO_ID [SECONDS]]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "gamekeeper/macros.h"

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: watched_bot SOCKET [MACRO_ID [SECONDS]]\n"), 2;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  gk::MacroOptions options;
  options.socket = argv[1];
  const auto macro = gk::start_macro(
      argc > 2 ? argv[2] : "heal", "Heal Macro",
      [](gk::MacroChange change, const std::string& reason) {
        constexpr const char* kNames[] = {"",          "warned",  "paused", "resumed",
                                          "cancelled", "stopped", "lost",   "regained"};
        std::printf("%s %s\n", kNames[static_cast<int>(change)], reason.c_str());
      },
      options);
  if (!macro) return std::fprintf(stderr, "%s\n", macro.error().message.c_str()), 1;
  std::printf("registered\n");
  const int steps = (argc > 3 ? std::atoi(argv[3]) : 60) * 100;
  int healed = 0;
  for (int step = 0; step < steps; ++step) {
    if ((*macro)->may_act()) ++healed;  // Here a bot would act.
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  std::printf("acted %d times\n", healed);
}
