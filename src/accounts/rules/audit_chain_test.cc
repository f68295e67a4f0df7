#include "accounts/rules/audit_chain.h"

#include <gtest/gtest.h>

#include <vector>

namespace gk::accounts {
namespace {

std::vector<AuditRow> chain_of(int length) {
  std::vector<AuditRow> rows;
  AuditHead head;
  for (int i = 0; i < length; ++i) {
    AuditRow row;
    row.at_us = 1'000 + i;
    row.actor = "ann";
    row.action = "user.update";
    row.target = "u" + std::to_string(i);
    row.before = R"({"role":"user"})";
    rows.push_back(chained(row, head));
    head = {rows.back().seq, rows.back().hash};
  }
  return rows;
}

std::optional<std::string> first_fault(const std::vector<AuditRow>& rows) {
  AuditVerifier verifier;
  for (const AuditRow& row : rows) {
    if (auto fault = verifier.add(row)) return fault;
  }
  return std::nullopt;
}

class AuditChain : public testing::Test {
 protected:
  std::vector<AuditRow> rows = chain_of(5);
};

TEST_F(AuditChain, SoundChainHasNoFault) { EXPECT_EQ(first_fault(rows), std::nullopt); }
TEST_F(AuditChain, FindsAnEditedField) {
  rows[2].target = "u9";
  EXPECT_EQ(first_fault(rows), "row 3 was changed after it was written");
}
TEST_F(AuditChain, FindsAnEditWithItsOwnHashRecomputed) {
  rows[2].target = "u9";
  rows[2].hash = audit_hash(rows[2]);
  EXPECT_EQ(first_fault(rows), "row 4 does not continue the row before it");
}
TEST_F(AuditChain, FindsARemovedRow) {
  rows.erase(rows.begin() + 2);
  EXPECT_EQ(first_fault(rows), "row 3 is missing; row 4 follows 2");
}
TEST_F(AuditChain, FindsARemovedFirstRow) {
  rows.erase(rows.begin());
  EXPECT_EQ(first_fault(rows), "row 1 is missing; row 2 follows 0");
}
TEST_F(AuditChain, FindsSwappedRows) {
  std::swap(rows[1].target, rows[2].target);
  EXPECT_TRUE(first_fault(rows));
}
TEST_F(AuditChain, CutOffTailShowsInTheHeadOnly) {
  AuditVerifier whole;
  for (const AuditRow& row : rows) ASSERT_FALSE(whole.add(row));
  rows.pop_back();
  AuditVerifier cut;
  for (const AuditRow& row : rows) ASSERT_FALSE(cut.add(row));
  EXPECT_NE(cut.head(), whole.head());
}
TEST(AuditHash, MovingTextBetweenFieldsChangesIt) {
  AuditRow a;
  a.actor = "ab";
  a.action = "c";
  AuditRow b;
  b.actor = "a";
  b.action = "bc";
  EXPECT_NE(audit_hash(a), audit_hash(b));
}
TEST(AuditHash, NullAndEmptyDiffer) {
  AuditRow a;
  AuditRow b;
  b.after = "";
  EXPECT_NE(audit_hash(a), audit_hash(b));
}

}  // namespace
}  // namespace gk::accounts
