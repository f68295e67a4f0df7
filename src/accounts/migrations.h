// migrations.h: the tables of this room in state.db.

#pragma once

#include "store/migrations.h"

namespace gk::accounts {

/// For store::migrate().
store::RoomMigrations accounts_migrations();

}  // namespace gk::accounts
