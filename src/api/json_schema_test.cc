#include "api/json_schema.h"

#include <gtest/gtest.h>

namespace gk::api {
namespace {

std::string written(std::string_view type, bool nullable = false) {
  std::string out;
  JsonWriter w(out);
  w.begin_object();
  write_schema(w, {"X", {{"f", type, "", false, nullable}}});
  w.end_object();
  return out;
}

TEST(JsonSchemaTest, TellsItemsThatMayBeNullFromAListThatMay) {
  EXPECT_NE(
      written("#Day[]").find(R"({"type":"array","items":{"$ref":"#/components/schemas/Day"}})"),
      std::string::npos)
      << written("#Day[]");
  EXPECT_NE(written("#Day?[]").find(R"({"type":"array","items":{"anyOf":[)"
                                    R"({"$ref":"#/components/schemas/Day"},{"type":"null"}]}})"),
            std::string::npos)
      << written("#Day?[]");
  EXPECT_NE(written("number?[]").find(R"("items":{"type":["number","null"]})"), std::string::npos)
      << written("number?[]");
}

}  // namespace
}  // namespace gk::api
