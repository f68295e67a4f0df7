#include "referee/service/player_data.h"

namespace gk::referee {

PlayerData data_of(Judge& judge, const std::string& player, Now now) {
  PlayerData data;
  if (const auto view = judge.view(player, now)) {
    data.known = true;
    JsonWriter json(data.status);
    write_player(json, *view, static_cast<double>(judge.options().referee.base_credit_us) / 1e6,
                 true);
  }
  const PlayerBaseline baseline = judge.baselines().get(player);
  if (!(baseline == PlayerBaseline{})) {
    data.known = true;
    JsonWriter json(data.baseline);
    write_baseline(json, baseline);
  }
  data.verdicts.clear();
  JsonWriter json(data.verdicts);
  json.begin_array();
  for (std::size_t i = 0; i < judge.verdicts().size(); ++i) {
    if (judge.verdicts()[i].player != player) continue;
    data.known = true;
    write_verdict_json(json, judge.verdicts()[i]);
  }
  json.end_array();
  return data;
}

}  // namespace gk::referee
