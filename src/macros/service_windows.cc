// Which window of its profile is open for each macro that runs.
#include "macros/service.h"

namespace gk::macros {

void MacroService::hold_window(RunningMacro& macro, WallTime at) const {
  const MacroSafetyProfile& base = macro.base;
  const WindowState state = window_at(base.windows, profiles_.zones(base), at);
  macro.window = state.open ? base.windows[*state.open].name : std::string();
  macro.profile = state.open ? with_window(base, base.windows[*state.open]) : base;
  macro.window_from = at;
  macro.window_until = state.until;
  if (!macro.wanted_level) return;
  // What an admin weakened stays weak; what was asked to be stricter never gets milder than that.
  const SafetyLevel wanted = *macro.wanted_level;
  if (wanted < base.safety_level || wanted > macro.profile.safety_level) {
    macro.profile = with_level(macro.profile, wanted);
  }
}

void MacroService::follow_windows() {
  const WallTime at = clock_.wall();
  for (auto& [id, macro] : running_) {
    if (macro->base.windows.empty() || macro->state == MacroState::starting) continue;
    // A wall clock that was set back is looked at again, too.
    if (at >= macro->window_from && at < macro->window_until) continue;
    const std::string before = macro->window;
    hold_window(*macro, at);
    if (macro->window == before) continue;
    watch_.set_profile(macro->profile, macro->window);
    log_.info("macros.window",
              macro->window.empty() ? "The limits of the profile hold again"
                                    : "The limits of a window of the profile hold",
              {{"macro_id", id}, {"window", macro->window}});
  }
}

}  // namespace gk::macros
