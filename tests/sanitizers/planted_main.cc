// planted race|overflow|use_after_free: commits one fault. ctest wants the sanitizer's words for
// it.

#include <cstdio>
#include <limits>
#include <string_view>

#include "planted.h"

int main(int argc, char** argv) {
  const std::string_view fault = argc == 2 ? argv[1] : "";
  int result = 0;
  if (fault == "race") {
    result = gk::planted::race();
  } else if (fault == "overflow") {
    // argc is 2: not known when this is compiled.
    result = gk::planted::overflow(std::numeric_limits<int>::max() - 2 + argc);
  } else if (fault == "use_after_free") {
    result = gk::planted::use_after_free();
  } else {
    std::fputs("usage: planted race|overflow|use_after_free\n", stderr);
    return 2;
  }
  std::printf("nobody noticed: %d\n", result);
  return 0;
}
