#include "server/list_keys.h"

#include <array>
#include <string_view>
#include <utility>

namespace gk::server {

void page_lists(api::Router& router) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 22> kLists = {{
      {"/auth/sessions", "id"},
      {"/auth/tokens", "id"},
      {"/commands/kinds", "action"},
      {"/game-kinds", "kind"},
      {"/games", "name"},
      {"/lock-modules", "name"},
      {"/locks", "lane"},
      {"/macro-safety/active-macros", "macro_id"},
      {"/macro-safety/profiles", "macro_id"},
      {"/macro-safety/quarantine", "macro_id"},
      {"/macro-scripts", "name"},
      {"/metrics/series-list", "name"},
      {"/modes", "name"},
      {"/movement/options/history", "version"},
      {"/movement/sources", "name"},
      {"/notices/receivers", "name"},
      {"/operations", "id"},
      {"/operations/settings", "key"},
      {"/roles", "name"},
      {"/sessions", "id"},
      {"/users/{id}/sessions", "id"},
      {"/users/{id}/tokens", "id"},
  }};
  for (const auto& [path, key] : kLists) router.page_list(path, key);
}

}  // namespace gk::server
