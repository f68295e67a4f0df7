#include "referee/offline/smart_cli.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "base/json.h"

namespace gk::referee {
namespace {

#ifndef GK_SOURCE_DIR
#define GK_SOURCE_DIR "."
#endif

/// Whether two values agree: numbers to 1e-12, the rest exactly.
bool agrees(const JsonValue& want, const JsonValue& got) {
  if (want.is_number())
    return got.is_number() && std::fabs(want.as_number() - got.as_number()) <= 1e-12;
  if (want.is_array()) {
    if (!got.is_array() || want.as_array().size() != got.as_array().size()) return false;
    for (std::size_t i = 0; i < want.as_array().size(); ++i)
      if (!agrees(want.as_array()[i], got.as_array()[i])) return false;
    return true;
  }
  if (want.is_object()) {
    for (const auto& [key, value] : want.as_object()) {
      const JsonValue* other = got.find(key);
      if (other == nullptr || !agrees(value, *other)) return false;
    }
    return true;
  }
  return want == got;
}

/// How many vectors of a file the printed lines miss; -1: no file beside the source.
int misses(const std::string& rules, std::initializer_list<const char*> keys, int& seen) {
  const std::string name =
      std::string(GK_SOURCE_DIR) + "/../shared/data/referee/smart_" + rules + ".jsonl";
  std::ifstream vectors(name);
  if (!vectors) return -1;
  std::istringstream nothing;
  std::ostringstream out, error;
  const std::vector<std::string> arguments = {"--rules", rules, name};
  EXPECT_EQ(smart_main(arguments, nothing, out, error), 0) << error.str();
  std::istringstream printed(out.str());
  int wrong = 0;
  for (std::string want, got; std::getline(vectors, want) && std::getline(printed, got); ++seen) {
    const JsonValue expected = parse_json(want).value();
    const JsonValue answer = parse_json(got).value();
    bool same = true;
    for (const char* key : keys)
      same = same && answer.find(key) && agrees(*expected.find(key), *answer.find(key));
    if (!same && ++wrong <= 3) ADD_FAILURE() << want << "\n" << got;
  }
  return wrong;
}

TEST(SmartCli, PrintsEveryTypescriptVector) {
  int seen = 0;
  const int wrong = misses("ts", {"i", "adj", "conf0", "res"}, seen);
  if (wrong < 0) GTEST_SKIP() << "no vectors beside the source";
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(seen, 1000);
}

TEST(SmartCli, PrintsEveryCsharpVector) {
  int seen = 0;
  const int wrong = misses("cs", {"i", "base", "adj", "res"}, seen);
  if (wrong < 0) GTEST_SKIP() << "no vectors beside the source";
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(seen, 400);
}

TEST(SmartCli, NamesTheLineThatItCannotRead) {
  std::istringstream in("{\"i\":1}\n\nnonsense\n");
  std::ostringstream out, error;
  const std::vector<std::string> arguments = {"--rules", "ts", "-"};
  EXPECT_EQ(smart_main(arguments, in, out, error), 1);
  EXPECT_NE(error.str().find("-:1: expected an object \"ctx\""), std::string::npos) << error.str();
  EXPECT_NE(error.str().find("-:3: "), std::string::npos);
  const std::vector<std::string> wrong = {"--rules", "java", "-"};
  EXPECT_EQ(smart_main(wrong, in, out, error), 2);
}

}  // namespace
}  // namespace gk::referee
