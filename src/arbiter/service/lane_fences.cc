#include "arbiter/service/lane_fences.h"

#include <algorithm>
#include <utility>

namespace gk::arbiter {

void LaneFences::learn(const std::string& name, Macro& macro, const std::string& identity) {
  const auto& known = macro.identities;
  if (identity.empty() || known.size() >= limits_.identities) return;
  if (std::find(known.begin(), known.end(), identity) != known.end()) return;
  macro.identities.push_back(identity);
  users_[identity].insert(name);
}

void LaneFences::erase(Macros::iterator macro) {
  for (const std::string& identity : macro->second.identities) {
    const auto user = users_.find(identity);
    if (user == users_.end()) continue;
    user->second.erase(macro->first);
    if (user->second.empty()) users_.erase(user);
  }
  macros_.erase(macro);
}

LaneFences::Macro& LaneFences::make(const std::string& name) {
  if (macros_.size() >= limits_.macros) {
    erase(std::min_element(macros_.begin(), macros_.end(), [](const auto& a, const auto& b) {
      return a.second.number < b.second.number;
    }));
  }
  Macro& macro = macros_[name];
  macro.number = ++last_number_;
  return macro;
}

void LaneFences::enter(const std::string& name, const std::string& process,
                       const std::vector<std::string>& others) {
  bool was_fenced = false;
  FenceReach reach = FenceReach::name;
  if (const auto known = macros_.find(name); known != macros_.end()) {
    was_fenced = known->second.fenced;
    reach = known->second.reach;
    erase(known);
  }
  Macro& macro = make(name);
  macro.runs = true;
  macro.was_fenced = was_fenced;
  macro.reach = reach;
  macro.process = process;
  learn(name, macro, process);
  for (const std::string& identity : others) learn(name, macro, identity);
}

void LaneFences::take_back(const std::string& name) {
  const auto known = macros_.find(name);
  if (known == macros_.end() || known->second.fenced) return;  // Stopped while it started.
  if (!known->second.was_fenced) return erase(known);
  known->second.fenced = true;
  known->second.runs = false;
}

void LaneFences::leave(const std::string& name) {
  const auto known = macros_.find(name);
  if (known == macros_.end() || known->second.fenced) return;
  erase(known);
}

void LaneFences::fence(std::string_view name, FenceReach reach) {
  const auto known = macros_.find(name);
  Macro& macro = known == macros_.end() ? make(std::string(name)) : known->second;
  macro.reach = macro.fenced ? std::max(macro.reach, reach) : reach;
  macro.fenced = true;
  macro.runs = false;
}

void LaneFences::note(const std::string& actor, const std::vector<std::string>& identities) {
  const auto known = macros_.find(actor);
  if (known == macros_.end() || known->second.fenced) return;
  for (const std::string& identity : identities) learn(actor, known->second, identity);
}

Result<void> LaneFences::check(const std::string& actor,
                               const std::vector<std::string>& identities) const {
  const auto asked = macros_.find(actor);
  if (asked != macros_.end() && asked->second.fenced) {
    return Error{Errc::permission_denied,
                 "macro \"" + actor + "\" was ended and gets no lane until it is started again"};
  }
  if (limits_.ignores_others) return {};
  const bool is_macro = asked != macros_.end() && asked->second.runs;
  for (const std::string& identity : identities) {
    const auto user = users_.find(identity);
    if (user == users_.end()) continue;
    for (const std::string& name : user->second) {
      const Macro& macro = macros_.find(name)->second;
      if (!macro.fenced || macro.reach != FenceReach::program) continue;
      // One program may be several macros, and those that run go on; its own process is ended.
      if (is_macro && macro.process != identity) continue;
      return Error{Errc::permission_denied,
                   "this program is macro \"" + name +
                       "\", which was cancelled: it gets no lane, under any name, until that is "
                       "started again"};
    }
  }
  return {};
}

}  // namespace gk::arbiter
