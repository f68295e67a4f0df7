#include "sys/code_pages.h"

#include <gtest/gtest.h>
#include <link.h>

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>

namespace gk::sys {
namespace {

/// Of the mappings of code, in KiB: what is resident, and what is a copy of our own.
struct Code {
  long resident = 0, own = 0;
};

Code code_of_this_process() {
  std::ifstream smaps("/proc/self/smaps");
  Code code;
  bool counts = false;
  for (std::string line; std::getline(smaps, line);) {
    std::istringstream words(line);
    std::string first, second;
    words >> first >> second;
    if (first.find('-') != std::string::npos) counts = second == "r-xp";
    if (counts && first == "Rss:") code.resident += std::stol(second);
    if (counts && first == "Anonymous:") code.own += std::stol(second);
  }
  return code;
}

/// Reads a byte of every page of this program's code.
std::uint64_t touch_all() {
  std::uint64_t sum = 0;
  ::dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t, void* sum_of) {
        for (int i = 0; i < object->dlpi_phnum; ++i) {
          const ElfW(Phdr)& part = object->dlpi_phdr[i];
          if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0) continue;
          const auto* code =
              reinterpret_cast<const volatile unsigned char*>(object->dlpi_addr + part.p_vaddr);
          for (std::size_t at = 0; at < part.p_memsz; at += 4096) {
            *static_cast<std::uint64_t*>(sum_of) += code[at];
          }
        }
        return 1;  // The first object is the program.
      },
      &sum);
  return sum;
}

TEST(CodePages, AreGivenBackAndComeAgainUnchanged) {
  const std::uint64_t sum = touch_all();
  const Code before = code_of_this_process();
  ASSERT_EQ(before.own, 0) << "somebody changed code: dropping it would lose that";
  EXPECT_EQ(code_of_this_process().resident, before.resident) << "control: they stay by themselves";
  drop_code_pages();
  // What reads smaps itself comes back at once, 16 pages around each place: up to half of a small
  // program, where the linker spread it.
  EXPECT_LT(code_of_this_process().resident, before.resident * 3 / 4);
  EXPECT_EQ(touch_all(), sum);
  EXPECT_GE(code_of_this_process().resident, before.resident / 2);
}

}  // namespace
}  // namespace gk::sys
