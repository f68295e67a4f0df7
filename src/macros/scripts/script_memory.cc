#include "macros/scripts/script_memory.h"

namespace gk::macros {

ScriptMemory::ScriptMemory(ScriptStore& store, net::Loop& loop, Log& log)
    : store_(store), loop_(loop), log_(log) {}

void ScriptMemory::restore(std::map<std::string, Remembered, std::less<>> states) {
  for (auto& [id, values] : states) {
    Memory& memory = memories_[id];
    for (const auto& [key, value] : values) memory.bytes += key.size() + value.size();
    memory.values = std::move(values);
  }
}

const std::string* ScriptMemory::get(std::string_view macro_id, std::string_view key) const {
  const auto memory = memories_.find(macro_id);
  if (memory == memories_.end()) return nullptr;
  const auto value = memory->second.values.find(key);
  return value == memory->second.values.end() ? nullptr : &value->second;
}

Result<void> ScriptMemory::set(const std::string& macro_id, const std::string& key,
                               std::string json) {
  if (key.empty() || key.size() > ScriptLimits::kMaxStateKeyBytes) {
    return Error{Errc::invalid_argument, "state: expected a key of 1 to 128 bytes"};
  }
  if (memories_.count(macro_id) == 0 && memories_.size() >= kMaxMacros) {
    return Error{Errc::resource_exhausted, "state: 1000 macros remember something already"};
  }
  Memory& memory = memories_[macro_id];
  const auto old = memory.values.find(key);
  const bool there = old != memory.values.end();
  if (there ? old->second == json : json.empty()) return {};
  const std::size_t before = there ? key.size() + old->second.size() : 0;
  const std::size_t after = json.empty() ? 0 : key.size() + json.size();
  if (memory.bytes - before + after > ScriptLimits::kMaxStateBytes) {
    return Error{Errc::resource_exhausted, "state: a macro remembers at most 64 KiB"};
  }
  if (!there && memory.values.size() >= ScriptLimits::kMaxStateKeys) {
    return Error{Errc::resource_exhausted, "state: a macro remembers at most 256 keys"};
  }
  memory.bytes = memory.bytes - before + after;
  memory.dirty[key] = json;
  if (json.empty()) {
    memory.values.erase(old);
  } else {
    memory.values[key] = std::move(json);
  }
  if (!timer_.active()) write_later(kWriteEvery);
  return {};
}

void ScriptMemory::forget(const std::string& macro_id) {
  const auto node = memories_.extract(macro_id);
  if (node.empty()) return;
  Remembered nothing = std::move(node.mapped().dirty);
  nothing.merge(node.mapped().values);
  for (auto& [key, json] : nothing) json.clear();
  store_.save_state(macro_id, std::move(nothing),
                    [this, alive = std::weak_ptr(alive_), macro_id](const Result<void>& saved) {
                      if (saved || alive.expired()) return;
                      log_.warn("script.state_not_removed", saved.error().message,
                                {{"macro_id", macro_id}});
                    });
}

void ScriptMemory::write_later(Nanos delay) {
  timer_ = loop_.after(delay, [this] { flush(); });
}

void ScriptMemory::flush() {
  timer_ = {};
  for (auto& [id, memory] : memories_) {
    if (memory.dirty.empty()) continue;
    Remembered changes = std::exchange(memory.dirty, {});
    Remembered copy = changes;
    store_.save_state(id, std::move(copy),
                      [this, alive = std::weak_ptr(alive_), macro_id = id,
                       changes = std::move(changes)](const Result<void>& saved) {
                        if (saved || alive.expired()) return;
                        log_.warn("script.state_not_saved", saved.error().message,
                                  {{"macro_id", macro_id}});
                        const auto found = memories_.find(macro_id);
                        if (found == memories_.end()) return;
                        // What was set since then is newer and stays.
                        found->second.dirty.insert(changes.begin(), changes.end());
                        if (!timer_.active()) write_later(kRetryAfter);
                      });
  }
}

}  // namespace gk::macros
