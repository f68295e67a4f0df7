// routes.h: the HTTP routes of this room.

#pragma once

#include "accounts/service.h"
#include "api/router.h"

namespace gk::accounts {

/// Adds /setup, /auth/… and /users/….
/// Requires: `service` outlives the router.
void add_accounts_routes(api::Router& router, AccountsService& service);

}  // namespace gk::accounts
