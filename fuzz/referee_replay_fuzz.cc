// A whole trace of any bytes: replay ends, prints JSON only, and judges to finite numbers.
#include <cstdint>
#include <sstream>
#include <string>

#include "base/assert.h"
#include "base/json.h"
#include "referee/offline/replay.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gk::referee;
  ReplayOptions options;
  options.keep_going = options.events = true;
  options.max_sessions = 4;
  options.referee.max_explanations = 4;
  options.referee.max_items = 4;
  std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
  std::ostringstream out;
  std::ostringstream error;
  const auto stats = replay(in, out, error, options);
  GK_ASSERT(stats.ok());  // The options are in range.
  std::istringstream lines(out.str());
  for (std::string line; std::getline(lines, line);) {
    GK_ASSERT(gk::parse_json(line).ok());
    GK_ASSERT(line.find("nan") == std::string::npos && line.find("inf") == std::string::npos);
  }
  return 0;
}
