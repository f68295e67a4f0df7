// The table of docs/referee.md says what the options struct says, and `--set` knows each name.

#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "gamekeeper/referee_types.h"
#include "referee/offline/options_text.h"

namespace gk {
namespace {

std::string page(const char* name) {
  std::ifstream file(std::string(GK_SOURCE_DIR) + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Rows `| name | field | default | … |` as (name, field, default).
std::vector<std::array<std::string, 3>> rows_of(const std::string& text) {
  std::vector<std::array<std::string, 3>> rows;
  std::istringstream lines(text);
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("| `--set` |")) inside = true;
    if (!inside || !line.starts_with("| `")) {
      if (inside && !line.starts_with("|")) break;
      continue;
    }
    std::istringstream cells(line);
    std::array<std::string, 3> row;
    std::string cell;
    std::getline(cells, cell, '|');
    for (std::string& out : row) {
      std::getline(cells, out, '|');
      out = out.substr(1, out.size() - 2);
    }
    if (row[0] != "`--set`") rows.push_back(row);
  }
  return rows;
}

TEST(RefereeDocs, ParametersTableEqualsTheDefaults) {
  const auto rows = rows_of(page("/docs/referee.md"));
  const auto names = referee::option_names();
  ASSERT_EQ(rows.size(), names.size()) << "a row for each name that --set knows";
  for (const auto& [name, field, value] : rows) {
    const std::string bare = name.substr(1, name.size() - 2);
    double documented = 0;
    std::from_chars(value.data(), value.data() + value.size(), documented);
    const auto actual = referee::get_option(RefereeOptions{}, bare);
    ASSERT_TRUE(actual) << bare;
    EXPECT_DOUBLE_EQ(*actual, documented) << bare << " is documented as " << value;
  }
}

TEST(RefereeDocs, CompetitivePresetIsTheOneDocumented) {
  EXPECT_NE(page("/docs/referee.md").find("competitive 1.0"), std::string::npos);
  EXPECT_EQ(referee::competitive_options().max_credit_us, 1'000'000);
}

/// A table of figures must exist and say how it was measured.
TEST(RefereeDocs, FiguresNameSeedsSampleSizeAndDate) {
  const std::string text = page("/docs/performance-referee.md");
  for (const char* word : {"9,600", "12,800", "seed", "2026-11-21", "bench/referee_bench"})
    EXPECT_NE(text.find(word), std::string::npos) << word;
}

}  // namespace
}  // namespace gk
