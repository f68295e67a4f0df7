// Custom roles: rows with scopes. The built-in ones are this program's and cannot be changed.

#include <algorithm>
#include <utility>

#include "accounts/rows.h"
#include "accounts/rules/roles.h"
#include "accounts/service.h"
#include "base/json_writer.h"
#include "base/try.h"

namespace gk::accounts {
namespace {

std::string role_json(const std::string& name, const std::vector<std::string>& scopes) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("name", name).key("scopes").begin_array();
  for (const std::string& scope : scopes) w.value(scope);
  w.end_array().end_object();
  return out;
}

bool is_builtin(std::string_view name) {
  const auto& roles = builtin_roles();
  return std::any_of(roles.begin(), roles.end(), [&](const auto& r) { return r.name == name; });
}

}  // namespace

std::optional<api::Problem> AccountsService::refuse_role(
    const Caller& caller, const std::string& name, const std::vector<std::string>& scopes) const {
  if (is_builtin(name)) {
    return conflict("the role " + name + " is built in; make another with the scopes you need");
  }
  const auto* present = users_.scopes_of(name);
  if (present != nullptr && !covers(caller.principal.scopes, *present)) {
    return forbidden("the role " + name + " holds more than you do");
  }
  if (!covers(caller.principal.scopes, scopes)) {
    return forbidden("the role would hold more than you do");
  }
  return std::nullopt;
}

void AccountsService::set_role(const Caller& caller, const std::string& name,
                               std::vector<std::string> scopes, Then<Success> then) {
  Faults faults;
  if (!is_role_name(name)) faults.emplace_back("name", "expected [a-z0-9_-]{1,64}");
  if (scopes.empty() || scopes.size() > options_.max_role_scopes) {
    faults.emplace_back("scopes",
                        "expected 1 to " + std::to_string(options_.max_role_scopes) + " scopes");
  }
  for (std::size_t i = 0; i < scopes.size() && i < options_.max_role_scopes; ++i) {
    if (auto fault = scope_fault(scopes[i])) {
      faults.emplace_back("scopes[" + std::to_string(i) + "]", std::move(*fault));
    }
  }
  if (!faults.empty()) return then(invalid(std::move(faults)));
  if (auto problem = refuse_role(caller, name, scopes)) return then(std::move(*problem));
  const auto* present = users_.scopes_of(name);
  if (present == nullptr && users_.roles().size() >= options_.max_roles) {
    return then(conflict("there are too many roles"));
  }
  std::sort(scopes.begin(), scopes.end());
  scopes.erase(std::unique(scopes.begin(), scopes.end()), scopes.end());
  AuditRow audit = audit_row(caller, "role.set", name);
  if (present != nullptr) audit.before = role_json(name, *present);
  audit.after = role_json(name, scopes);
  changes_.commit(
      [name, scopes](store::Database& db) -> Result<void> {
        GK_CHECK_OK(write_role(db, name, scopes, false));
        return require_an_admin(db);
      },
      std::move(audit),
      [this, name, scopes, then](const Result<void>& result) {
        if (!result) return then(api::problem_from(result.error()));
        users_.put_role(name, scopes);
        for (const std::string& user_id : users_.with_role(name)) renew_holders(user_id);
        then(Success{});
      });
}

void AccountsService::delete_role(const Caller& caller, const std::string& name,
                                  Then<Success> then) {
  const auto* present = users_.scopes_of(name);
  if (present == nullptr) return then(not_found("there is no such role"));
  if (auto problem = refuse_role(caller, name, {})) return then(std::move(*problem));
  AuditRow audit = audit_row(caller, "role.delete", name);
  audit.before = role_json(name, *present);
  changes_.commit([name](store::Database& db) { return accounts::delete_role(db, name); },
                  std::move(audit),
                  [this, name, then](const Result<void>& result) {
                    if (!result) return then(api::problem_from(result.error()));
                    users_.erase_role(name);
                    then(Success{});
                  });
}

}  // namespace gk::accounts
