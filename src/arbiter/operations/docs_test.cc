// The tables of docs/tasks.md say what the options structs say.

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "arbiter/operations/task_service.h"

namespace gk::arbiter {
namespace {

std::string page() {
  std::ifstream file(std::string(GK_SOURCE_DIR) + "/docs/tasks.md");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(TasksDocs, LimitsEqualTheOptionsStructs) {
  const std::string text = page();
  const OperationOptions operations;
  const TaskOptions tasks;
  const auto number = [](auto value) { return std::to_string(value); };
  for (const std::string& row :
       {"operations that run or wait | " + number(operations.max_operations),
        "transactions at a time | " + number(operations.threads),
        "steps of an operation | " + number(kMaxTransactSteps),
        "bytes of a file in a step | " + number(kMaxStepFile), "settings | " + number(kMaxSettings),
        "default deadline | " + number(operations.default_deadline.count()) + " s",
        "longest deadline | " + number(operations.max_deadline.count()) + " s",
        "ended operations shown | " + number(operations.max_ended),
        "workers | " + number(tasks.workers), "tasks of a graph | " + number(kMaxGraphTasks),
        "graphs that run | " + number(tasks.max_active_graphs),
        "tasks that run or wait | " + number(tasks.max_active_tasks),
        "ended graphs kept | " + number(tasks.max_ended_graphs),
        "tries after the first | " + number(kMaxRetries)}) {
    EXPECT_NE(text.find("| " + row + " |"), std::string::npos) << row;
  }
  EXPECT_NE(text.find("below " + number(static_cast<int>(tasks.idle_below_pct)) + " %"),
            std::string::npos);
  EXPECT_NE(text.find("last " + number(tasks.process.output_bytes) + " bytes"), std::string::npos);
  EXPECT_NE(text.find(number(tasks.process.term_grace.count()) + " ms later"), std::string::npos);
  EXPECT_NE(text.find("every " + number(operations.recovery_period.count() / 1000) + " s"),
            std::string::npos);
}

TEST(TasksDocs, TheTableOfConflictsIsTheDefault) {
  const std::string text = page();
  std::size_t rows = 0;
  for (const ConflictRule& rule : default_conflicts()) {
    const std::string row = "| `" + rule.one + "` | `" + rule.other + "` | `" +
                            std::string(strategy_name(rule.strategy)) + "` |";
    EXPECT_NE(text.find(row), std::string::npos) << row;
    ++rows;
  }
  EXPECT_EQ(rows, 11U);
}

}  // namespace
}  // namespace gk::arbiter
