// list_keys.h: the lists that their rooms hold in memory and give whole: the router cuts them into
// pages (api/list_page.h). Long lists page in their rooms.

#pragma once

#include "api/router.h"

namespace gk::server {

/// Requires: all rooms have added their routes.
void page_lists(api::Router& router);

}  // namespace gk::server
