#include "games/rules/detect.h"

#include <gtest/gtest.h>

namespace gk::games {
namespace {

using namespace std::string_literals;

constexpr std::string_view kTcp =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n"
    "   0: 0100007F:3699 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 "
    "4711 1 0\n"
    "   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12 "
    "1 0\n"
    "   2: 0A00A8C0:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 13 "
    "1 0\n"
    "   3: 0100007F:3699 0100007F:A1B2 01 00000000:00000000 00:00000000 00000000  1000        0 14 "
    "1 0\n"
    "nonsense\n";

TEST(ReadListening, KeepsWhatThisMachineCanReachAndListens) {
  const std::vector<Listening> expected{{false, 13977, 4711}, {false, 22, 12}};
  EXPECT_EQ(read_listening(kTcp, false), expected);
}
TEST(ReadListening, KnowsLoopbackOfBothFamilies) {
  const auto line = [](const std::string& address) {
    return "0: " + address + ":0050 00:0 0A 0 0 0 0 0 7 1\n";
  };
  EXPECT_EQ(read_listening(line(std::string(32, '0')), false).size(), 1U);
  EXPECT_EQ(read_listening(line("00000000000000000000000001000000"), false).size(), 1U);
  EXPECT_EQ(read_listening(line("0000000000000000FFFF00000100007F"), false).size(), 1U);
  EXPECT_EQ(read_listening(line("B80D0120000000000000000001000000"), false).size(), 0U);
}
TEST(KindOfProgram, NeedsItsWordWhereTheNameSaysTooLittle) {
  EXPECT_EQ(kind_of_program("openttd", "openttd\0-D"s), "openttd");
  EXPECT_EQ(kind_of_program("java", "java\0-jar\0minecraft_server.jar"s), "source");
  EXPECT_EQ(kind_of_program("java", "java\0-jar\0mail.jar"s), "");
  EXPECT_EQ(kind_of_program("sshd", ""), "");
}
TEST(WorldOf, IsTheWordAfterItsOption) {
  EXPECT_EQ(world_of("minetestserver\0--world\0/srv/w\0--gameid\0devtest"s), "/srv/w");
  EXPECT_EQ(world_of("minetestserver\0--world"s), "");
}
TEST(AnswersAs, ToldByTheFirstBytesOfRealServers) {
  EXPECT_EQ(answers_as("teeworlds", "Enter pass"), std::nullopt);
  EXPECT_EQ(answers_as("teeworlds", "Enter password:\n\0\0"s), true);
  EXPECT_EQ(answers_as("teeworlds", "SSH-2.0"), false);
  EXPECT_EQ(answers_as("openttd", ""), std::nullopt) << "it closes without a word";
  EXPECT_EQ(answers_as("openttd", "-\x00\x06\x06"s), false) << "the game's own port";
  EXPECT_EQ(answers_as("mud", "\xff\xfb\x19"), true);
  EXPECT_EQ(answers_as("mud", "220 mail"), false);
  EXPECT_EQ(answers_as("quake3", "\xff\xff\xff\xffinfoResponse\n\\x"), true);
  EXPECT_EQ(answers_as("quake3", "\xff\xff\xff\xffprint"), false);
}

}  // namespace
}  // namespace gk::games
