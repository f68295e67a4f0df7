// The bounds in docs/arbiter.md are those of the daemon's options.

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "arbiter/service/lane_socket.h"

namespace gk::arbiter {
namespace {

TEST(LaneDocs, BoundsTableEqualsTheOptions) {
  std::ifstream file(std::string(GK_SOURCE_DIR) + "/docs/arbiter.md");
  std::ostringstream text;
  text << file.rdbuf();
  const LaneServiceOptions lanes;
  const LaneSocketOptions socket;
  const std::pair<const char*, std::uint64_t> rows[] = {
      {"lanes", lanes.arbiter.max_lanes},
      {"actors, by name", lanes.arbiter.max_actors},
      {"requests that wait, all lanes", lanes.arbiter.max_tickets},
      {"records of the trace", lanes.arbiter.trace_records},
      {"connections to lanes.sock", socket.limits.max_clients},
      {"connections of one user", socket.limits.max_clients_per_uid},
      {"connections of process macros", socket.limits.max_adopted},
      {"waiting requests of a connection", socket.max_waits},
      {"bytes of a packet", socket.limits.max_packet},
      {"tokens reserved at a time", lanes.token_block}};
  for (const auto& [what, most] : rows) {
    const std::string row = std::string("| ") + what + " | " + std::to_string(most) + " |";
    EXPECT_NE(text.str().find(row), std::string::npos) << row;
  }
}

}  // namespace
}  // namespace gk::arbiter
