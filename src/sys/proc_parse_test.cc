#include "sys/proc_parse.h"

#include <gtest/gtest.h>

#include <string>

#include "testing/seeded_random.h"

namespace gk::sys {
namespace {

constexpr std::string_view kStat =
    "77 (a) b ((x) S 4 77 4 0 -1 4194304 103 0 0 0 150 50 7 3 20 0 12 0 139813 3133440 380 "
    "18446744073709551615 1 2 3 0 0\n";

TEST(PidStatTest, CountsFieldsFromTheLastParenthesisOfTheName) {
  const auto stat = parse_pid_stat(kStat);
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->pid, 77);
  EXPECT_EQ(stat->state, 'S');
  EXPECT_EQ(stat->parent, 4);
  EXPECT_EQ(stat->user_ticks, 150U);
  EXPECT_EQ(stat->system_ticks, 50U);
  EXPECT_EQ(stat->children_user_ticks, 7U);
  EXPECT_EQ(stat->children_system_ticks, 3U);
  EXPECT_EQ(stat->threads, 12U);
  EXPECT_EQ(stat->start_ticks, 139813U);
  EXPECT_EQ(stat->rss_pages, 380U);
}

TEST(PidStatTest, RefusesEveryTruncationBeforeTheLastFieldItNeeds) {
  const std::size_t needed = kStat.find(" 380") + 2;
  std::size_t accepted = 0;
  for (std::size_t n = 0; n < needed; ++n) accepted += parse_pid_stat(kStat.substr(0, n)) ? 1 : 0;
  EXPECT_EQ(accepted, 0U);
}

TEST(PidStatTest, RefusesANegativeThreadCountAndTakesANegativeRssAsZero) {
  std::string text(kStat);
  text.replace(text.find(" 380"), 4, " -38");
  EXPECT_EQ(parse_pid_stat(text)->rss_pages, 0U);
  text.replace(text.find(" 12 0"), 3, " -1");
  EXPECT_FALSE(parse_pid_stat(text));
}

TEST(SchedStatTest, ReadsRunAndWaitInNanoseconds) {
  const auto sched = parse_schedstat("26236911 15391185 77\n");
  ASSERT_TRUE(sched);
  EXPECT_EQ(sched->run, Nanos(26236911));
  EXPECT_EQ(sched->wait, Nanos(15391185));
  EXPECT_FALSE(parse_schedstat("26236911\n"));
  EXPECT_FALSE(parse_schedstat("-1 5 0\n"));
  EXPECT_FALSE(parse_schedstat(""));
}

TEST(StatmTest, ReadsSizeAndResidentPages) {
  EXPECT_EQ(parse_statm("765 380 100 5 0 90 0\n")->rss_pages, 380U);
  EXPECT_EQ(parse_statm("0 0 0 0 0 0 0\n")->size_pages, 0U);
  EXPECT_FALSE(parse_statm("765"));
}

TEST(PidListTest, AppendsPidsAndRefusesAnythingElse) {
  std::vector<int> pids;
  EXPECT_TRUE(parse_pid_list("12 34 \n", pids));
  EXPECT_EQ(pids, (std::vector<int>{12, 34}));
  EXPECT_TRUE(parse_pid_list("", pids));
  EXPECT_FALSE(parse_pid_list("1 x", pids));
  EXPECT_FALSE(parse_pid("0"));
  EXPECT_FALSE(parse_pid("self"));
  EXPECT_FALSE(parse_pid("99999999999999"));
}

TEST(ProcParsersTest, SurviveRandomBytesAndRandomDamage) {
  SeededRandom random(7);
  std::vector<int> pids;
  for (int round = 0; round < 20'000; ++round) {
    std::string text(kStat);
    for (int i = 0; i < 4; ++i) {
      text[random.below(text.size())] = static_cast<char>(random.below(256));
    }
    text.resize(random.below(text.size()));
    (void)parse_pid_stat(text);
    (void)parse_schedstat(text);
    (void)parse_statm(text);
    pids.clear();
    (void)parse_pid_list(text, pids);
  }
}

}  // namespace
}  // namespace gk::sys
