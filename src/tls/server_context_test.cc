#include "tls/server_context.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/clock.h"
#include "testing/certificate_pair.h"
#include "testing/temp_dir.h"
#include "tls/mutant_test.h"

namespace gk::tls {
namespace {

class ServerContextTest : public testing::Test {
 protected:
  std::string complaint(const std::string& certificate, const std::string& key) {
    const auto opened = open_server_context(certificate, key, SystemClock().wall());
    if (opened) return "";
    EXPECT_EQ(opened.error().code, Errc::invalid_argument);
    return opened.error().message;
  }
  std::string complaint(const CertificatePair& pair) {
    return complaint(pair.certificate, pair.key);
  }
  TempDir dir;
};

TEST_F(ServerContextTest, TakesAPairAndKnowsItsEnd) {
  const CertificatePair pair(dir.path(), "good");
  const auto opened = open_server_context(pair.certificate, pair.key, SystemClock().wall());
  ASSERT_TRUE(opened);
  const auto now_s = std::chrono::floor<Seconds>(SystemClock().wall().time_since_epoch()).count();
  EXPECT_NEAR(double(opened->not_after_s), double(now_s + 3'600), 60);
}

TEST_F(ServerContextTest, TakesAKeyThatOnlyItsOwnerReads) {
  EXPECT_EQ(complaint(CertificatePair(dir.path(), "a", {.key_mode = 0400})), "");
  const CertificatePair open(dir.path(), "b", {.key_mode = 0640});
  EXPECT_EQ(complaint(open), "tls.key " + open.key +
                                 ": has mode 0640, so that others may read or change the key; "
                                 "expected 0600 or 0400");
  EXPECT_NE(complaint(CertificatePair(dir.path(), "c", {.key_mode = 0604})), "");
}

TEST_F(ServerContextTest, RefusesTheKeyOfAnother) {
  const CertificatePair one(dir.path(), "one"), two(dir.path(), "two");
  EXPECT_EQ(complaint(one.certificate, two.key),
            "tls.key " + two.key + ": belongs to another certificate than the first of " +
                one.certificate);
}

TEST_F(ServerContextTest, RefusesWhatIsOverOrNotYetValid) {
  EXPECT_NE(complaint(CertificatePair(dir.path(), "old", {.valid_until_s = -1})).find("expired on"),
            std::string::npos);
  EXPECT_NE(complaint(CertificatePair(dir.path(), "new", {.valid_from_s = 60}))
                .find("is not valid before"),
            std::string::npos);
}

TEST_F(ServerContextTest, RefusesWhatIsNoPemAndSaysWhich) {
  const CertificatePair pair(dir.path(), "good");
  const std::string text = dir / "text";
  std::ofstream(text) << "hello";
  ASSERT_EQ(::chmod(text.c_str(), 0600), 0);
  EXPECT_NE(complaint(text, pair.key).find("has no certificate"), std::string::npos);
  EXPECT_NE(complaint(pair.certificate, text).find("has no private key"), std::string::npos);
  EXPECT_NE(complaint(dir / "nowhere", pair.key).find("No such file"), std::string::npos);
  EXPECT_NE(complaint(dir.path().string(), pair.key).find("is not a file"), std::string::npos);
}

TEST_F(ServerContextTest, RefusesACertificateThatIsCutOff) {
  const CertificatePair pair(dir.path(), "good");
  std::ofstream(pair.certificate, std::ios::app) << "-----BEGIN CERTIFICATE-----\nMIIB\n";
  EXPECT_NE(complaint(pair).find("is not PEM"), std::string::npos);
}

}  // namespace
}  // namespace gk::tls
