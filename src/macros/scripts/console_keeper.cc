#include "macros/scripts/console_keeper.h"

#include <algorithm>

namespace gk::macros {

ConsoleKeeper::~ConsoleKeeper() {
  ConsoleChanges rest = take();
  if (!rest.macros.empty() || !rest.dropped.empty()) {
    store_.save(std::move(rest), [](const Result<void>&) {});  // Nobody is left to try again.
  }
}

void ConsoleKeeper::restore(StoredLogs logs) {
  // The one that was silent for longest first: should there be too many, it goes.
  std::vector<std::pair<WallTime, std::string>> order;
  for (const auto& [id, lines] : logs) order.emplace_back(lines.back().at, id);
  std::sort(order.begin(), order.end());
  for (const auto& [at, id] : order) {
    saved_[id] = logs[id].back().number;
    console_.restore(id, std::move(logs[id]));
  }
}

void ConsoleKeeper::changed(const std::string& macro_id) {
  dirty_.insert(macro_id);
  if (!under_way_ && !timer_.active()) write_later(kWriteEvery);
}

void ConsoleKeeper::write_later(Nanos delay) {
  timer_ = loop_.after(delay, [this] { flush(); });
}

ConsoleChanges ConsoleKeeper::take() {
  ConsoleChanges out;
  // A log that went and began again counts from 1: its old lines go first.
  for (std::string& id : console_.take_dropped()) dropped_.insert(std::move(id));
  for (const std::string& id : dropped_) saved_.erase(id);
  out.dropped.assign(dropped_.begin(), dropped_.end());
  dropped_.clear();
  for (const std::string& id : std::exchange(dirty_, {})) {
    const auto* lines = console_.lines(id);
    if (lines == nullptr || lines->empty()) continue;
    ConsoleChanges::Macro macro{id, lines->front().number, {}};
    const auto known = saved_.find(id);
    const std::uint64_t last = known == saved_.end() ? 0 : known->second;
    for (const ConsoleLine& line : *lines) {
      if (line.number > last) macro.lines.push_back(line);
    }
    out.macros.push_back(std::move(macro));
  }
  return out;
}

void ConsoleKeeper::flush() {
  timer_ = {};
  if (under_way_) return;
  auto changes = std::make_shared<ConsoleChanges>(take());  // Shared: the store's and the answer's.
  if (changes->macros.empty() && changes->dropped.empty()) return;
  under_way_ = true;
  store_.save(*changes,
              [this, changes, alive = std::weak_ptr<int>(alive_)](const Result<void>& result) {
                if (!alive.expired()) written(*changes, result);
              });
}

void ConsoleKeeper::written(const ConsoleChanges& changes, const Result<void>& result) {
  under_way_ = false;
  if (!result) {
    log_.warn("script.log_not_saved", result.error().message);
    dropped_.insert(changes.dropped.begin(), changes.dropped.end());
    for (const auto& macro : changes.macros) dirty_.insert(macro.macro_id);
    return write_later(kRetryAfter);
  }
  for (const auto& macro : changes.macros) {
    if (!macro.lines.empty()) saved_[macro.macro_id] = macro.lines.back().number;
  }
  if (!dirty_.empty()) write_later(kWriteEvery);
}

}  // namespace gk::macros
