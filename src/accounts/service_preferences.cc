// Preferences: one JSON object a user, for the dashboard and other clients.

#include <utility>

#include "accounts/service.h"
#include "accounts/token_rows.h"

namespace gk::accounts {
namespace {

api::Problem no_account() {
  return conflict("the local admin has no preferences; log in as a user");
}

}  // namespace

void AccountsService::read_preferences(const Caller& caller, Then<Preferences> then) {
  const std::string id = caller.principal.user_id;
  if (id.empty()) return then(no_account());
  using Row = std::optional<std::pair<std::string, std::int64_t>>;
  reads_.run<Row>([id](store::Database& db) { return accounts::read_preferences(db, id); },
                  [then](Result<Row> row) {
                    if (!row) return then(api::problem_from(row.error()));
                    if (!row->has_value()) return then(Preferences{});
                    then(Preferences{.body = (*row)->first, .version = (*row)->second});
                  });
}

void AccountsService::write_preferences(const Caller& caller, std::string body,
                                        std::optional<std::int64_t> version,
                                        Then<Preferences> then) {
  const std::string id = caller.principal.user_id;
  if (id.empty()) return then(no_account());
  if (body.size() > options_.max_preferences_bytes) {
    return then(api::Problem{
        .type = "too-large",
        .detail = "expected at most " + std::to_string(options_.max_preferences_bytes) +
                  " bytes of preferences, got " + std::to_string(body.size())});
  }
  // shared: the job fills it in on the writer thread, the acknowledgement reads it after.
  const auto written = std::make_shared<std::int64_t>(0);
  changes_.commit(
      [id, body, version, written](store::Database& db) -> Result<void> {
        auto present = accounts::read_preferences(db, id);
        if (!present) return present.error();
        const std::int64_t was = present->has_value() ? (*present)->second : 0;
        if (version && *version != was) {
          return Error{Errc::failed_precondition,
                       "the preferences have changed since they were read"};
        }
        *written = was + 1;
        return accounts::write_preferences(db, id, body, was);
      },
      std::nullopt,
      [body, version, written, then](const Result<void>& result) {
        if (!result && result.error().code == Errc::failed_precondition && version) {
          return then(
              api::Problem{.type = "precondition-failed", .detail = result.error().message});
        }
        if (!result) return then(api::problem_from(result.error()));
        then(Preferences{.body = body, .version = *written});
      });
}

}  // namespace gk::accounts
