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

}  // namespace gk::accounts
