// The tables of docs/arbiter.md say what the options structs say.

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "gamekeeper/arbiter_types.h"

namespace gk {
namespace {

std::string page() {
  std::ifstream file(std::string(GK_SOURCE_DIR) + "/docs/arbiter.md");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string ms(Nanos time) {
  return std::to_string(std::chrono::duration_cast<Millis>(time).count()) + " ms";
}

TEST(ArbiterDocs, DefaultsTableEqualsTheOptionsStructs) {
  const std::string text = page();
  const ArbiterOptions arbiter;
  const LaneOptions lane;
  for (const std::string& row :
       {"`switch_gap` (D) | " + ms(lane.switch_gap), "`max_hold` (Hmax) | " + ms(lane.max_hold),
        "`wait_timeout` | " + ms(arbiter.wait_timeout),
        "`aging_step` (A) | " + ms(arbiter.aging_step),
        "`same_group_burst` (B) | " + std::to_string(arbiter.same_group_burst),
        "`max_waiting` (M) | " + std::to_string(arbiter.max_waiting),
        "`max_tickets` | " + std::to_string(arbiter.max_tickets),
        "`max_lanes` | " + std::to_string(arbiter.max_lanes),
        "`max_actors` | " + std::to_string(arbiter.max_actors),
        "`max_shares` | " + std::to_string(arbiter.max_shares),
        "`trace_records` | " + std::to_string(arbiter.trace_records)}) {
    EXPECT_NE(text.find("| " + row + " |"), std::string::npos) << row;
  }
  for (const KnownActor& known : kKnownActors) {
    const std::string entry = std::string(known.name) + " " + std::to_string(known.priority);
    EXPECT_NE(text.find(entry), std::string::npos) << entry;
  }
}

TEST(ArbiterDocs, ListsEachPlantedBug) {
  std::ifstream file(std::string(GK_SOURCE_DIR) + "/src/arbiter/rules/mutant.h");
  const std::string text = page();
  std::size_t bugs = 0;
  for (std::string line; std::getline(file, line);) {
    const std::size_t end = line.find(',');
    if (end == std::string::npos || line.find("///<") == std::string::npos) continue;
    const std::string row = "| `" + line.substr(2, end - 2) + "` |";
    EXPECT_NE(text.find(row), std::string::npos) << row;
    ++bugs;
  }
  EXPECT_GE(bugs, 28U);
}

}  // namespace
}  // namespace gk
