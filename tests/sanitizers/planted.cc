#include "planted.h"

#include <memory>
#include <thread>

namespace gk::planted {

int race() {
  int shared = 0;
  const auto add = [&shared] {
    for (int i = 0; i < 1000; ++i) ++shared;
  };
  std::thread other(add);
  add();
  other.join();
  return shared;
}

int overflow(int start) { return start + 1; }

int use_after_free() {
  auto owner = std::make_unique<int>(1);
  const volatile int* left = owner.get();
  owner.reset();
  return *left;
}

}  // namespace gk::planted
