// player_data.h: what the judge keeps about one player, for an export.

#pragma once

#include <string>

#include "referee/service/judge.h"

namespace gk::referee {

/// Parts of an export; JSON each, empty = nothing kept.
struct PlayerData {
  bool known = false;
  std::string status, baseline;
  std::string verdicts = "[]";
};

PlayerData data_of(Judge& judge, const std::string& player, Now now);

}  // namespace gk::referee
