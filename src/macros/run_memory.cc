#include "macros/run_memory.h"

#include <algorithm>

namespace gk::macros {

void RunMemory::keep(ProgramOutput output) {
  std::erase_if(outputs_, [&](const auto& old) { return old.macro_id == output.macro_id; });
  outputs_.push_back(std::move(output));
  if (outputs_.size() > limits_.outputs) outputs_.pop_front();
}

const ProgramOutput* RunMemory::output(std::string_view macro_id) const {
  const auto kept = std::find_if(outputs_.begin(), outputs_.end(),
                                 [&](const auto& o) { return o.macro_id == macro_id; });
  return kept == outputs_.end() ? nullptr : &*kept;
}

void RunMemory::started(const std::string& macro_id, std::optional<SafetyLevel> level) {
  std::erase_if(levels_, [&](const auto& old) { return old.first == macro_id; });
  if (!level) return;
  levels_.emplace_back(macro_id, *level);
  if (levels_.size() > limits_.levels) levels_.pop_front();
}

std::optional<SafetyLevel> RunMemory::level(std::string_view macro_id) const {
  const auto kept = std::find_if(levels_.begin(), levels_.end(),
                                 [&](const auto& l) { return l.first == macro_id; });
  return kept == levels_.end() ? std::nullopt : std::optional(kept->second);
}

}  // namespace gk::macros
