#include "notices/rules/notice.h"

#include <gtest/gtest.h>

namespace gk::notices {
namespace {

TEST(Notice, ReadsBackWhatItWrote) {
  Cancellation e;
  e.id = "0193";
  e.macro_id = "heal";
  e.macro_name = "Heal";
  e.session_id = "s1";
  e.latency = 12.25;
  e.at = WallTime(Seconds(1767225600));
  const Notice n = cancellation_notice(e);
  const auto back = read_notice(notice_json(n));
  ASSERT_TRUE(back);
  EXPECT_EQ(notice_json(*back), notice_json(n));
  EXPECT_EQ(back->severity, Severity::error);
  EXPECT_EQ(back->fields.back().value, "s1");
}

TEST(Notice, RefusesWhatIsNone) {
  EXPECT_EQ(read_notice("{}").error().code, Errc::data_loss);
  EXPECT_EQ(read_notice("[").error().code, Errc::data_loss);
}

}  // namespace
}  // namespace gk::notices
