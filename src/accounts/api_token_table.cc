#include "accounts/api_token_table.h"

#include <algorithm>

namespace gk::accounts {

Result<ApiTokenTable::Holder> ApiTokenTable::use(const Digest& token, WallTime now) {
  const auto found = live_.find(token);
  if (found == live_.end() || found->second.holder == nullptr) {
    return Error{Errc::unauthenticated, "the token is not valid"};
  }
  ApiTokenRecord& record = found->second.record;
  if (record.expires_at && now >= *record.expires_at) {
    return Error{Errc::deadline_exceeded, "the API token has expired; make another"};
  }
  record.last_used_at = now;
  return found->second.holder;
}

void ApiTokenTable::add(ApiTokenRecord record, Holder holder) {
  const Digest token = record.token;
  const auto persisted = record.last_used_at;
  live_.insert_or_assign(token, Live{std::move(record), std::move(holder), persisted});
}

std::vector<ApiTokenRecord> ApiTokenTable::remove_if(
    const std::function<bool(const ApiTokenRecord&)>& ends) {
  std::vector<ApiTokenRecord> removed;
  boost::unordered::erase_if(live_, [&](const auto& entry) {
    if (!ends(entry.second.record)) return false;
    removed.push_back(entry.second.record);
    return true;
  });
  return removed;
}

std::vector<std::pair<std::string, ApiTokenTable::Holder>> ApiTokenTable::renew_holders(
    const std::string& user_id, const std::function<Holder(const ApiTokenRecord&)>& make) {
  std::vector<std::pair<std::string, Holder>> renewed;
  for (auto& [token, live] : live_) {
    if (live.record.user_id != user_id) continue;
    live.holder = make(live.record);
    renewed.emplace_back(live.record.id, live.holder);
  }
  return renewed;
}

std::vector<ApiTokenRecord> ApiTokenTable::newly_expired(WallTime now) {
  std::vector<ApiTokenRecord> expired;
  for (auto& [token, live] : live_) {
    const bool over = live.record.expires_at && now >= *live.record.expires_at;
    if (over && !live.told_expired) expired.push_back(live.record);
    live.told_expired = over;
  }
  return expired;
}

std::vector<std::pair<std::string, WallTime>> ApiTokenTable::due_used(Micros every) {
  std::vector<std::pair<std::string, WallTime>> due;
  for (auto& [token, live] : live_) {
    const auto& used = live.record.last_used_at;
    if (!used || used == live.persisted) continue;
    if (live.persisted && *used >= *live.persisted && *used - *live.persisted < every) continue;
    due.emplace_back(live.record.id, *used);
    live.persisted = used;
  }
  return due;
}

const ApiTokenRecord* ApiTokenTable::find(const std::string& id) const {
  for (const auto& [token, live] : live_) {
    if (live.record.id == id) return &live.record;
  }
  return nullptr;
}

std::vector<ApiTokenRecord> ApiTokenTable::of_user(const std::string& user_id) const {
  std::vector<ApiTokenRecord> out;
  for (const auto& [token, live] : live_) {
    if (live.record.user_id == user_id) out.push_back(live.record);
  }
  std::sort(out.begin(), out.end(), [](const ApiTokenRecord& a, const ApiTokenRecord& b) {
    return a.id > b.id;  // UUIDv7: in order of time
  });
  return out;
}

}  // namespace gk::accounts
