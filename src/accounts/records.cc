#include "accounts/records.h"

#include "base/json_writer.h"

namespace gk::accounts {

std::string user_json(const UserRecord& user) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("id", user.id).field("username", user.username);
  w.field("role", user.role).field("disabled", user.disabled).end_object();
  return out;
}

std::string token_json(const ApiTokenRecord& token) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("id", token.id).field("user_id", token.user_id);
  w.field("name", token.name).key("scopes").begin_array();
  for (const std::string& scope : token.scopes) w.value(scope);
  w.end_array().field("expires_at", token.expires_at).end_object();
  return out;
}

}  // namespace gk::accounts
