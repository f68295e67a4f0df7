#include "accounts/session_table.h"

#include <algorithm>
#include <utility>

namespace gk::accounts {

SessionTable::SessionTable(SessionTableLimits table, SessionLimitsByKind limits)
    : table_(table), limits_(limits) {}

std::shared_ptr<const api::Principal> SessionTable::use(Live& live, MonoTime now,
                                                        WallTime wall) const {
  SessionTimes& times = live.record.times;
  if (session_state(times, now, wall, limits_.of(live.record.kind)) != SessionState::live) {
    return nullptr;
  }
  times.seen = now;
  times.seen_wall = wall;
  return live.principal;
}

std::shared_ptr<const api::Principal> SessionTable::use(const Digest& token, MonoTime now,
                                                        WallTime wall) {
  const auto found = live_.find(token);
  if (found == live_.end() || found->second->record.kind != SessionKind::cookie) return nullptr;
  return use(*found->second, now, wall);
}

std::shared_ptr<const api::Principal> SessionTable::use_id(const std::string& id, SessionKind kind,
                                                           MonoTime now, WallTime wall) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end() || found->second->record.kind != kind) return nullptr;
  return use(*found->second, now, wall);
}

std::vector<EndedSession> SessionTable::add(SessionRecord record,
                                            std::shared_ptr<const api::Principal> principal) {
  std::vector<EndedSession> ended = make_room(record.user_id);
  ++per_user_[record.user_id];
  const Digest token = record.token;
  const WallTime seen = record.times.seen_wall;
  auto live = std::make_unique<Live>(Live{std::move(record), std::move(principal), seen});
  by_id_.insert_or_assign(live->record.id, live.get());
  live_.emplace(token, std::move(live));
  return ended;
}

std::vector<EndedSession> SessionTable::make_room(const std::string& user_id) {
  const auto count = per_user_.find(user_id);
  const bool user_full = count != per_user_.end() && count->second >= table_.max_per_user;
  if (!user_full && live_.size() < table_.max_sessions) return {};
  const SessionRecord* loser = nullptr;
  for (const auto& [token, live] : live_) {
    const SessionRecord& record = live->record;
    if (user_full && record.user_id != user_id) continue;
    if (loser == nullptr || record.times.seen < loser->times.seen) loser = &record;
  }
  return remove_if([loser](const SessionRecord& record) { return &record == loser; });
}

std::vector<EndedSession> SessionTable::remove_if(
    const std::function<bool(const SessionRecord&)>& ends) {
  std::vector<EndedSession> ended;
  boost::unordered::erase_if(live_, [&](const auto& entry) {
    const SessionRecord& record = entry.second->record;
    if (!ends(record)) return false;
    ended.push_back({record.id, record.user_id});
    by_id_.erase(record.id);
    const auto count = per_user_.find(record.user_id);
    if (--count->second == 0) per_user_.erase(count);
    return true;
  });
  return ended;
}

std::vector<EndedSession> SessionTable::sweep(MonoTime now, WallTime wall) {
  return remove_if([&](const SessionRecord& record) {
    return session_state(record.times, now, wall, limits_.of(record.kind)) != SessionState::live;
  });
}

std::vector<SeenAt> SessionTable::due_seen() {
  std::vector<SeenAt> due;
  for (auto& [token, live] : live_) {
    const WallTime seen = live->record.times.seen_wall;
    // A clock that was set back is news as well.
    if (seen - live->persisted < limits_.of(live->record.kind).persist_every &&
        seen >= live->persisted)
      continue;
    due.push_back({live->record.id, seen});
    live->persisted = seen;
  }
  return due;
}

std::vector<std::string> SessionTable::renew_principals(
    const std::string& user_id,
    const std::function<std::shared_ptr<const api::Principal>(const SessionRecord&)>& make) {
  std::vector<std::string> renewed;
  for (auto& [token, live] : live_) {
    if (live->record.user_id != user_id) continue;
    live->principal = make(live->record);
    renewed.push_back(live->record.id);
  }
  return renewed;
}

const SessionRecord* SessionTable::find(const std::string& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second->record;
}

std::vector<SessionRecord> SessionTable::of_user(std::string_view user_id) const {
  std::vector<SessionRecord> out;
  for (const auto& [token, live] : live_) {
    if (live->record.user_id == user_id) out.push_back(live->record);
  }
  std::sort(out.begin(), out.end(), [](const SessionRecord& a, const SessionRecord& b) {
    return a.times.created > b.times.created;
  });
  return out;
}

}  // namespace gk::accounts
