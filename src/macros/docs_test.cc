// The table of patterns in docs/macros.md is the one of the code.
#include <gtest/gtest.h>

#include "base/json_writer.h"
#include "macros/rules/pattern.h"
#include "sys/files.h"

namespace gk::macros {
namespace {

std::size_t rows_found(const PatternRules& rules) {
  const std::string text = sys::read_file(GK_SOURCE_DIR "/docs/macros.md", 1 << 20).value();
  std::size_t found = 0;
  for (const PatternRule& rule : rules) {
    const std::string row = "| " + std::string(matcher_name(rule.matcher)) + " | " +
                            std::to_string(rule.count) + " | " +
                            std::to_string(rule.window.count() / 1000) + " s | " +
                            std::string(action_name(rule.action)) + " |";
    found += text.find(row) != std::string::npos ? 1 : 0;
  }
  return found;
}

TEST(MacrosDocument, HasTheDefaultPatterns) {
  EXPECT_EQ(rows_found(default_patterns()), kMatchers);
}

TEST(MacrosDocument, WouldNotHaveAnotherNumber) {
  PatternRules other = default_patterns();
  other[0].count = 21;
  EXPECT_EQ(rows_found(other), kMatchers - 1);
}

}  // namespace
}  // namespace gk::macros
