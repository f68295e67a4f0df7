#include "monitor/rules/proc_parse.h"

#include <gtest/gtest.h>

#include <string>

#include "testing/seeded_random.h"

namespace gk::monitor {
namespace {

constexpr std::string_view kStat =
    "cpu  4895 1 3655 269400 830 2 74 112 0 0\n"
    "cpu0 2179 0 1377 135637 130 0 13 67 0 0\n"
    "cpu1 2716 1 2278 133763 700 2 61 45 0 0\n"
    "intr 12345 0 1 2 3\nctxt 99\nbtime 1767225600\nprocesses 7723\nprocs_running 1\n";
constexpr std::string_view kMeminfo =
    "MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    250 kB\n"
    "SwapTotal:       200 kB\nSwapFree:         50 kB\n";
constexpr std::string_view kPressure =
    "some avg10=1.84 avg60=1.21 avg300=0.57 total=13665087\n"
    "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
constexpr std::string_view kDiskstats =
    "   7       0 loop0 9 9 9 9 9 9 9 0 0 0 0\n"
    " 254       0 vda 10 0 100 0 20 0 200 0 0 0 0 0 0 0 0\n"
    " 254       1 vda1 5 0 50 0 10 0 100 0 0 0 0\n"
    " 259       0 nvme0n1 1 0 1000 0 1 0 2000 0 0 0 0\n"
    " 259       1 nvme0n1p1 1 0 1000 0 1 0 2000 0 0 0 0\n"
    " 253       0 dm-0 1 0 7777 0 1 0 7777 0 0 0 0\n";
constexpr std::string_view kNetDev =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs\n"
    "    lo:    3267      29    0    0    0     0          0         0     3267      29    0\n"
    "  eth0: 1000    4390    0    0    0     0          0         0   500    2347    0\n"
    "  eth1:2000    4390    0    0    0     0          0         0   700    2347    0\n";

TEST(ParseStatTest, ReadsTheSumEachCoreAndTheForks) {
  CpuStat stat;
  ASSERT_TRUE(parse_stat(kStat, stat));
  EXPECT_EQ(stat.all.user, 4895U);
  EXPECT_EQ(stat.all.steal, 112U);
  ASSERT_EQ(stat.cores.size(), 2U);
  EXPECT_EQ(stat.cores[1].idle, 133763U);
  EXPECT_EQ(stat.forks, 7723U);
}

TEST(ParseStatTest, NamesTheLineThatItRefuses) {
  CpuStat stat;
  EXPECT_EQ(parse_stat("", stat).error().code, Errc::invalid_argument);
  const auto refused = parse_stat("cpu  1 2 3 x\n", stat);
  EXPECT_NE(refused.error().message.find("cpu  1 2 3 x"), std::string::npos);
  EXPECT_FALSE(parse_stat("cpu  1 2 3 4 5 6 7 99999999999999999999999\n", stat));
  EXPECT_FALSE(parse_stat("cpu  1 2 3 4 5 6 7 -8\n", stat));
}

TEST(ParseMeminfoTest, ReadsBytesAndNeedsTotalAndAvailable) {
  const auto info = parse_meminfo(kMeminfo);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->total, 1000U * 1024);
  EXPECT_EQ(info->available, 250U * 1024);
  EXPECT_EQ(info->swap_free, 50U * 1024);
  EXPECT_FALSE(parse_meminfo("MemTotal: 1000 kB\n"));
  EXPECT_FALSE(parse_meminfo("MemTotal: 0 kB\nMemAvailable: 0 kB\n"));
  EXPECT_FALSE(parse_meminfo("MemTotal: 18446744073709551615 kB\nMemAvailable: 1 kB\n"));
}

TEST(ParsePressureTest, ReadsTheSomeLine) {
  EXPECT_DOUBLE_EQ(parse_pressure(kPressure)->avg10, 1.84);
  EXPECT_DOUBLE_EQ(parse_pressure(kPressure)->avg300, 0.57);
  EXPECT_FALSE(parse_pressure("some avg10=nan avg60=0 avg300=0\n"));
  EXPECT_FALSE(parse_pressure("some avg10=101 avg60=0 avg300=0\n"));
  EXPECT_FALSE(parse_pressure("full avg10=0 avg60=0 avg300=0\n"));
}

TEST(ParseDiskstatsTest, AddsWholeDisksAndSkipsPartitionsAndStackedDevices) {
  const auto totals = parse_diskstats(kDiskstats);
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->in, (100U + 1000U) * 512);
  EXPECT_EQ(totals->out, (200U + 2000U) * 512);
  EXPECT_FALSE(parse_diskstats(" 254 0 vda 1 2 three\n"));
  EXPECT_EQ(parse_diskstats("")->in, 0U);
}

TEST(ParseNetDevTest, AddsAllInterfacesButLo) {
  const auto totals = parse_net_dev(kNetDev);
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->in, 3000U);
  EXPECT_EQ(totals->out, 1200U);
  EXPECT_FALSE(parse_net_dev("eth0: 1 2 3\n"));
}

TEST(ParseSmallFilesTest, ReadOneNumberOrRefuse) {
  EXPECT_DOUBLE_EQ(parse_loadavg("0.13 0.04 0.03 2/94 7728\n").value(), 0.13);
  EXPECT_FALSE(parse_loadavg(""));
  EXPECT_DOUBLE_EQ(parse_percent("42\n").value(), 42);
  EXPECT_FALSE(parse_percent("101\n"));
  EXPECT_FALSE(parse_percent("-1\n"));
  EXPECT_FALSE(parse_percent("inf\n"));
}

TEST(MachineParsersTest, SurviveRandomBytesAndRandomDamage) {
  SeededRandom random(5);
  CpuStat stat;
  for (int round = 0; round < 5'000; ++round) {
    for (const auto seed : {kStat, kMeminfo, kPressure, kDiskstats, kNetDev}) {
      std::string text(seed);
      for (int i = 0; i < 3; ++i) {
        text[random.below(text.size())] = static_cast<char>(random.below(256));
      }
      text.resize(random.below(text.size() + 1));
      (void)parse_stat(text, stat);
      (void)parse_meminfo(text);
      (void)parse_pressure(text);
      (void)parse_diskstats(text);
      (void)parse_net_dev(text);
      (void)parse_loadavg(text);
      (void)parse_percent(text);
    }
  }
}

}  // namespace
}  // namespace gk::monitor
