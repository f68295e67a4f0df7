#include "macros/run_memory.h"

#include <algorithm>

#include "macros/macro_store.h"

namespace gk::macros {

void RunMemory::restore(std::vector<ProgramOutput> outputs,
                        const std::vector<std::pair<std::string, SafetyLevel>>& levels) {
  for (ProgramOutput& output : outputs) put(std::move(output));
  for (const auto& [macro_id, level] : levels) put(macro_id, level);
}

std::function<void(Result<void>)> RunMemory::on_saved(const std::string& macro_id) const {
  // The log outlives this, and the answer needs nothing else of it.
  return [&log = log_, macro_id](const Result<void>& saved) {
    if (saved) return;
    log.warn("macros.run_not_saved", saved.error().message, {{"macro_id", macro_id}});
  };
}

void RunMemory::put(ProgramOutput output) {
  std::erase_if(outputs_, [&](const auto& old) { return old.macro_id == output.macro_id; });
  outputs_.push_back(std::move(output));
  if (outputs_.size() > limits_.outputs) outputs_.pop_front();
}

void RunMemory::keep(ProgramOutput output) {
  store_.save_output(output, on_saved(output.macro_id));
  put(std::move(output));
}

void RunMemory::ended(std::string_view macro_id, WallTime given_up_at, sys::ExitStatus status,
                      WallTime now) {
  const ProgramOutput* kept = output(macro_id);
  if (kept == nullptr || kept->status || kept->ended_at != given_up_at) return;
  ProgramOutput known = *kept;
  known.status = status;
  known.ended_at = now;
  keep(std::move(known));
}

const ProgramOutput* RunMemory::output(std::string_view macro_id) const {
  const auto kept = std::find_if(outputs_.begin(), outputs_.end(),
                                 [&](const auto& o) { return o.macro_id == macro_id; });
  return kept == outputs_.end() ? nullptr : &*kept;
}

void RunMemory::put(const std::string& macro_id, SafetyLevel level) {
  levels_.emplace_back(macro_id, level);
  if (levels_.size() > limits_.levels) levels_.pop_front();
}

void RunMemory::started(const std::string& macro_id, std::optional<SafetyLevel> level) {
  const auto known = std::erase_if(levels_, [&](const auto& old) { return old.first == macro_id; });
  if (known > 0 || level) store_.save_level(macro_id, level, on_saved(macro_id));
  if (level) put(macro_id, *level);
}

std::optional<SafetyLevel> RunMemory::level(std::string_view macro_id) const {
  const auto kept = std::find_if(levels_.begin(), levels_.end(),
                                 [&](const auto& l) { return l.first == macro_id; });
  return kept == levels_.end() ? std::nullopt : std::optional(kept->second);
}

}  // namespace gk::macros
