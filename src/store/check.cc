#include "store/check.h"

#include "base/try.h"

namespace gk::store {
namespace {

Result<void> expect_ok(Database& database, std::string_view pragma) {
  GK_TRY(Statement * check, database.query(pragma));
  GK_TRY(const bool row, check->step());
  const std::string finding(row ? check->text(0) : "no answer");
  check->reset();
  if (finding == "ok") return {};
  return Error{Errc::data_loss, database.path() + " is damaged: " + finding +
                                    "; put a backup back with `gamekeeper db restore`"};
}

}  // namespace

Result<void> quick_check(Database& database) {
  return expect_ok(database, "PRAGMA quick_check(1)");
}

Result<void> integrity_check(Database& database) {
  GK_CHECK_OK(expect_ok(database, "PRAGMA integrity_check(1)"));
  GK_TRY(Statement * check, database.query("PRAGMA foreign_key_check"));
  GK_TRY(const bool row, check->step());
  if (!row) return {};
  const std::string table(check->text(0));
  check->reset();
  return Error{Errc::data_loss, database.path() + " is damaged: a row of " + table +
                                    " refers to a row that is not there"};
}

}  // namespace gk::store
