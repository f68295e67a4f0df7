// What the judge shows: players, paths.
#include <algorithm>

#include "referee/service/judge_player.h"

namespace gk::referee {
namespace {

std::string tolerance_reason(const PlayerStatus& status) {
  const std::string ms = std::to_string(status.lag_us / 1000) + " ms";
  switch (status.lag_cause) {
    case LagCause::none: break;
    case LagCause::silence: return "silence " + ms + " seen by server";
    case LagCause::rtt: return "RTT +" + ms;
    case LagCause::overrun: return "server late " + ms;
  }
  return "steady";
}

void write_known(JsonWriter& json, const char* name, double value) {
  json.key(name);
  value > 0 ? json.value(value) : json.null();
}

void write_detail(JsonWriter& json, const PlayerView& view) {
  const PlayerStatus& s = view.status;
  json.key("ratios").begin_object();
  write_known(json, "clock_60s", view.clock_60s);
  write_known(json, "clock_600s", view.clock_600s);
  write_known(json, "clock_session", view.clock_session);
  json.field("distance_60s", static_cast<double>(s.distance_ratio_1m))
      .field("distance_600s", static_cast<double>(s.distance_ratio_10m))
      .field("distance_session", static_cast<double>(s.distance_ratio))
      .end_object()
      .key("path")
      .raw(path_json(view.path))
      .key("channels")
      .begin_array();
  for (std::size_t i = 0; i < kChannels; ++i)
    json.begin_object()
        .field("channel", channel_name(static_cast<Channel>(i)))
        .field("e", static_cast<double>(s.e[i]))
        .end_object();
  json.end_array().key("counts").begin_object();
  json.field("order_events", s.order_events)
      .field("invalid_events", s.invalid_events)
      .field("claims", s.claims)
      .field("claims_corroborated", s.claims_corroborated)
      .field("claims_dropped", s.claims_dropped)
      .field("gaps", s.gaps)
      .end_object()
      .key("baseline");
  write_baseline(json, view.baseline);
}

}  // namespace

std::string path_json(const std::deque<PathPoint>& path) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (const PathPoint& point : path) {
    json.begin_object()
        .field("at", point.at)
        .field("x", static_cast<double>(point.position.x))
        .field("y", static_cast<double>(point.position.y))
        .field("z", static_cast<double>(point.position.z))
        .field("accepted", point.accepted)
        .key("set_back_to");
    point.accepted ? void(json.null()) : write_vector(json, point.set_back);
    json.field("allowed_radius", static_cast<double>(point.allowed_radius)).end_object();
  }
  json.end_array();
  return out;
}

void write_player(JsonWriter& json, const PlayerView& view, double base_credit_s, bool detail) {
  const PlayerStatus& s = view.status;
  json.begin_object()
      .field("player", view.name)
      .field("mode", view.profile.space == Space::solid_3d ? "3d" : "2d")
      .field("state", player_state_name(s.state))
      .field("confidence", static_cast<double>(s.confidence))
      .field("max_e", static_cast<double>(view.max_e))
      .field("moves", view.moves)
      .field("rejected", view.rejected)
      .key("tolerance")
      .begin_object()
      .field("credit_s", static_cast<double>(s.credit_limit_us) / 1e6)
      .field("base_s", base_credit_s)
      .field("reason", tolerance_reason(s))
      .end_object();
  write_known(json, "rtt_ms", view.rtt_ms);
  json.field("last_at", view.last_at);
  if (detail) write_detail(json, view);
  json.end_object();
}

PlayerView Judge::view_of(std::uint32_t slot, Now now) const {
  const Player& player = *players_[slot];
  PlayerView view;
  view.name = player.name;
  view.profile = player.profile;
  // A caller's clock may run ahead of ours when a trace is replayed faster than it was played.
  const std::int64_t at = std::max(now.us, player.last_received_us);
  view.status = referee_->status(hot_[slot].id, at).value();
  view.max_e = std::max(player.max_e(), view.status.max_e);
  view.moves = player.moves + hot_[slot].moves;
  view.rejected = player.rejected;
  view.rtt_ms = player.rtt_ms;
  view.last_at = player.last_at;
  view.clock_60s = player.minute.last;
  view.clock_600s = player.ten_minutes.last;
  view.clock_session = player.clock_session;
  view.baseline = player.baseline;
  view.path = player.path;
  return view;
}

std::optional<PlayerView> Judge::view(std::string_view name, Now now) const {
  const auto handle = find(name);
  if (!handle) return std::nullopt;
  return view_of(handle->slot, now);
}

std::vector<std::string> Judge::names() const {
  std::vector<std::string> out;
  out.reserve(by_name_.size());
  for (const auto& [name, slot] : by_name_) out.push_back(name);
  std::sort(out.begin(), out.end());
  return out;
}

void Judge::each_worst(std::size_t count, Now now,
                       const std::function<void(const PlayerView&)>& each) const {
  std::vector<std::pair<float, std::uint32_t>> order;
  order.reserve(by_name_.size());
  for (const auto& [name, slot] : by_name_)
    order.emplace_back(players_[slot]->max_e() + static_cast<float>(players_[slot]->rejected),
                       slot);
  const std::size_t taken = std::min(count, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(taken), order.end(),
                    [](const auto& a, const auto& b) {
                      return a.first != b.first ? a.first > b.first : a.second < b.second;
                    });
  for (std::size_t i = 0; i < taken; ++i) each(view_of(order[i].second, now));
}

}  // namespace gk::referee
