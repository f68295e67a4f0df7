#include "referee/service/judge.h"

#include <algorithm>

#include "base/assert.h"
#include "base/try.h"
#include "referee/service/judge_player.h"

namespace gk::referee {
namespace {

constexpr std::int64_t kEvictIdleUs =
    30'000'000;  // Source: chosen; longer than any loading screen.
constexpr std::int64_t kDropIdleUs = 600'000'000;  // Source: chosen.
constexpr std::size_t kMaxNews = 256;              // Source: chosen; a digest is a frame or two.
constexpr std::size_t kMaxBaselineNews = 1024;     // Source: chosen.

}  // namespace

const char* credit_reason_name(CreditReason reason) {
  switch (reason) {
    case CreditReason::none: return "none";
    case CreditReason::silence: return "silence";
    case CreditReason::rtt: return "rtt";
    case CreditReason::overrun: return "overrun";
  }
  return "unknown";
}

Judge::Judge(const JudgeOptions& options, Metrics& metrics)
    : limits_(options),
      ring_(options.max_verdicts),
      counters_(std::make_unique<Counters>(metrics)) {
  const auto configured = configure(ServiceOptions{}, {});
  GK_ASSERT(configured);  // the defaults are valid
}

Judge::~Judge() = default;

Result<void> Judge::configure(const ServiceOptions& options, Now now) {
  RefereeOptions wanted = options.referee;
  wanted.max_players = limits_.max_players;
  GK_TRY(auto next, Referee::create(wanted));
  std::vector<std::optional<Vec3>> where(players_.size());
  for (std::uint32_t slot = 0; slot < players_.size(); ++slot) {
    if (!players_[slot]) continue;
    const auto status = referee_->status(hot_[slot].id, now.us);
    if (status && players_[slot]->moves + hot_[slot].moves > 0) where[slot] = status->position;
    players_[slot]->past_max_e = players_[slot]->max_e();
  }
  referee_.emplace(std::move(next));
  options_ = options;
  if (has_rates_) set_honest_rates(honest_rates_);
  for (std::uint32_t slot = 0; slot < players_.size(); ++slot) {
    if (!players_[slot]) continue;
    GK_CHECK_OK(seat(slot, std::nullopt, now.us));
    if (!where[slot]) continue;
    // The position goes on, so that changing options frees nobody to jump.
    Move last;
    last.player = hot_[slot].id;
    last.received_us = players_[slot]->last_received_us;
    last.has_clock = last.has_sequence = false;
    last.position = *where[slot];
    (void)referee_->move(last);
  }
  news_.changed = true;
  return {};
}

void Judge::set_honest_rates(const std::array<double, kChannels>& rates) {
  honest_rates_ = rates;
  has_rates_ = true;
  for (std::size_t i = 0; i < kChannels; ++i)
    referee_->set_honest_rate(static_cast<Channel>(i), rates[i]);
}

Result<ProfileId> Judge::profile_id(const MoveProfile& profile) {
  return referee_->add_profile(profile);
}

/// Gives the player of `slot` a place in the referee.
Result<void> Judge::seat(std::uint32_t slot, std::optional<Vec3> spawn, std::int64_t now_us) {
  Player& player = *players_[slot];
  GK_TRY(const ProfileId profile, profile_id(player.profile));
  GK_TRY(hot_[slot].id, referee_->add_player(profile, now_us, spawn));
  hot_[slot].state = PlayerState::ok;
  player.reported_e = 0;
  player.status_e = 1;
  player.smart.reset();
  if (is_unsafe(options_.mode))
    player.smart =
        std::make_unique<SmartReplay>(player.profile, options_.mode == ServiceMode::smart_cs);
  return {};
}

Result<std::uint32_t> Judge::free_slot(Now now) {
  if (!free_.empty()) {
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  if (hot_.size() < limits_.max_players) {
    hot_.emplace_back();
    players_.emplace_back();
    return static_cast<std::uint32_t>(hot_.size() - 1);
  }
  std::uint32_t oldest = 0;
  for (std::uint32_t slot = 1; slot < hot_.size(); ++slot)
    if (hot_[slot].seen_us < hot_[oldest].seen_us) oldest = slot;
  if (now.us - hot_[oldest].seen_us < kEvictIdleUs)
    return Error{Errc::resource_exhausted,
                 "all " + std::to_string(limits_.max_players) +
                     " places are taken by players seen in the last 30 s (referee.max_players)"};
  leave({oldest, hot_[oldest].generation}, now);
  return free_slot(now);
}

Result<Handle> Judge::join(std::string_view name, const MoveProfile& profile,
                           std::optional<Vec3> spawn, Now now, std::int64_t at_us) {
  if (const auto present = find(name)) {
    Player& player = *players_[present->slot];
    if (!(player.profile == profile)) {
      GK_TRY(const ProfileId id, profile_id(profile));
      GK_CHECK_OK(referee_->declare_profile(hot_[present->slot].id, id, at_us));
      player.profile = profile;
    }
    if (spawn) GK_CHECK_OK(referee_->declare_teleport(hot_[present->slot].id, *spawn, at_us));
    return *present;
  }
  GK_TRY(const ProfileId probe, profile_id(profile));  // Before anybody is evicted.
  (void)probe;
  GK_TRY(const std::uint32_t slot, free_slot(now));
  auto player = std::make_unique<Player>();
  player->name = name;
  player->profile = profile;
  player->joined_us = player->learned_us = now.us;
  player->last_at = now.wall;
  player->baseline = baselines_.get(player->name);
  ++player->baseline.sessions;
  players_[slot] = std::move(player);
  if (auto seated = seat(slot, spawn, at_us); !seated) {
    players_[slot].reset();
    free_.push_back(slot);
    return seated.error();
  }
  hot_[slot].seen_us = now.us;
  hot_[slot].sample_due_us = 0;
  hot_[slot].moves = 0;
  ++hot_[slot].generation;
  by_name_.emplace(std::string(name), slot);
  counters_->players.set(static_cast<double>(by_name_.size()));
  return Handle{slot, hot_[slot].generation};
}

std::optional<Handle> Judge::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return std::nullopt;
  return Handle{found->second, hot_[found->second].generation};
}

void Judge::leave(Handle handle, Now now) {
  if (!alive(handle) || !players_[handle.slot]) return;
  Player& player = *players_[handle.slot];
  (void)referee_->close(hot_[handle.slot].id, now.us);
  learn(player, now);
  recorder_.leave(player.name);
  (void)referee_->remove_player(hot_[handle.slot].id);
  by_name_.erase(player.name);
  players_[handle.slot].reset();
  ++hot_[handle.slot].generation;
  free_.push_back(handle.slot);
  news_.changed = true;
  counters_->players.set(static_cast<double>(by_name_.size()));
}

Result<void> Judge::apply(Handle handle, const EventRecord& event, std::int64_t at_us) {
  Player& player = *players_[handle.slot];
  const PlayerId id = hot_[handle.slot].id;
  if (recorder_.running()) recorder_.event(player.name, event, at_us);
  switch (event.kind) {
    case EventKind::teleport: return referee_->declare_teleport(id, event.vector, at_us);
    case EventKind::speed:
      return referee_->declare_speed(id, event.number, event.duration_us, at_us);
    case EventKind::knockback:
      return referee_->declare_knockback(id, event.vector, event.number, at_us);
    case EventKind::free: return referee_->declare_free(id, event.on, at_us);
    case EventKind::frozen: return referee_->declare_frozen(id, event.duration_us, at_us);
    case EventKind::vehicle: {
      GK_TRY(const ProfileId profile, profile_id(event.profile));
      player.profile = event.profile;
      return referee_->declare_profile(id, profile, at_us);
    }
    case EventKind::rtt:
      GK_CHECK_OK(referee_->rtt(id, event.duration_us, at_us));
      player.rtt_ms = event.duration_us / 1e3;
      player.rtt_sum_ms += player.rtt_ms;
      ++player.rtts;
      return {};
    case EventKind::claim:
      if (player.smart) player.note_smart(event, at_us);
      return referee_->claim(id, {event.claim, event.severity, event.duration_us}, at_us);
    case EventKind::tick: tick(event.duration_us, at_us); return {};
    case EventKind::join:
    case EventKind::leave: break;
  }
  return Error{Errc::invalid_argument, "this kind of event is not a declaration"};
}

void Judge::tick(std::uint32_t overrun_us, std::int64_t at_us) {
  referee_->tick(overrun_us, at_us);
  EventRecord event;
  event.kind = EventKind::tick;
  event.duration_us = overrun_us;
  if (recorder_.running()) recorder_.event("", event, at_us);
}

void Judge::clear_suspicion(std::string_view name) {
  const auto handle = find(name);
  if (!handle) return;
  (void)referee_->clear_suspicion(hot_[handle->slot].id);
  hot_[handle->slot].state = PlayerState::ok;
  players_[handle->slot]->reported_e = 0;
  news_.changed = true;
}

bool Judge::erase(std::string_view name, Now now) {
  const auto handle = find(name);
  if (handle) leave(*handle, now);
  bool known = baselines_.erase(std::string(name)) || handle.has_value();
  std::erase_if(news_.baselines, [&](const auto& entry) { return entry.first == name; });
  std::erase_if(news_.rejected, [&](const auto& record) { return record.player == name; });
  std::erase_if(news_.cases, [&](const auto& found) { return found.player == name; });
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    if (ring_[i].player != name) continue;
    known = true;
    ring_[i] = VerdictRecord{};  // Keeps its place, says nothing.
  }
  return known;
}

void Judge::sweep(Now now) {
  for (std::uint32_t slot = 0; slot < hot_.size(); ++slot)
    if (players_[slot] && now.us - hot_[slot].seen_us > kDropIdleUs)
      leave({slot, hot_[slot].generation}, now);
}

void Judge::learn_all(Now now) {
  for (const auto& player : players_)
    if (player) learn(*player, now);
}

Digest Judge::take_digest() {
  Digest out = std::move(news_);
  news_ = Digest{};
  return out;
}

void Judge::learn(Player& player, Now now) {
  const auto handle = find(player.name);
  if (!handle) return;
  // Until the last movement: who is away has no silences.
  const std::int64_t until_us = std::min(now.us, hot_[handle->slot].seen_us);
  const double minutes = static_cast<double>(until_us - player.learned_us) / 60e6;
  if (minutes <= 0) return;
  const std::uint64_t moves = player.moves + hot_[handle->slot].moves;
  const auto status = referee_->status(hot_[handle->slot].id, now.us);
  if (moves == player.learned_moves || !status) return;
  const double gaps = status->gaps >= player.learned_gaps ? status->gaps - player.learned_gaps : 0;
  const double rtt = player.rtts > 0 ? player.rtt_sum_ms / player.rtts : 0;
  player.baseline.learn(minutes, gaps, rtt,
                        minutes * 60e3 / static_cast<double>(moves - player.learned_moves),
                        player.profile.nominal_us / 1e3);
  player.learned_us = until_us;
  player.learned_moves = moves;
  player.learned_gaps = status->gaps;
  player.rtt_sum_ms = 0;
  player.rtts = 0;
  baselines_.put(player.name, player.baseline);
  if (news_.baselines.size() < kMaxBaselineNews)
    news_.baselines.emplace_back(player.name, player.baseline);
}

void Judge::store(VerdictRecord record) {
  record.number = ++last_verdict_;
  if (record.refused() && news_.rejected.size() < kMaxNews) news_.rejected.push_back(record);
  ring_.push(std::move(record));
  news_.changed = true;
}

void Judge::consider_review(Player& player, const PlayerStatus& status, Now now) {
  const auto strongest = std::max_element(status.e.begin(), status.e.end());
  const auto channel = static_cast<Channel>(strongest - status.e.begin());
  player.status_e = std::max(player.status_e, status.max_e);
  const double minutes = std::max(1.0, static_cast<double>(now.us - player.joined_us) / 60e6);
  if (channel == Channel::gap && !player.baseline.gaps_unusual(status.gaps / minutes)) {
    ++stats_.usual_gaps;
    player.reported_e = std::max(player.reported_e, *strongest);  // Until it grows tenfold.
    return;
  }
  if (news_.cases.size() >= kMaxNews) return;
  player.reported_e = std::max(*strongest, 1.0F);
  news_.cases.push_back({.player = player.name,
                         .at = now.wall,
                         .max_e = *strongest,
                         .channel = channel,
                         .rejected = player.rejected,
                         .path_json = path_json(player.path)});
}

}  // namespace gk::referee
