#include "gamekeeper/macros_c.h"

#include <cstdio>

#include "gamekeeper/macros.h"

struct gk_macro {
  std::unique_ptr<gk::Macro> macro;
};

int32_t gk_start_macro(const char* socket, const char* macro_id, const char* name, int32_t pid,
                       gk_macro_changed changed, void* user, gk_macro** macro, char* text,
                       uint32_t size) {
  gk::MacroOptions options;
  if (socket != nullptr) options.socket = socket;
  options.pid = pid;
  gk::Macro::Changed call;
  if (changed != nullptr) {
    call = [changed, user](gk::MacroChange change, const std::string& reason) {
      changed(user, static_cast<uint8_t>(change), reason.c_str());
    };
  }
  auto started = gk::start_macro(macro_id == nullptr ? "" : macro_id, name == nullptr ? "" : name,
                                 std::move(call), options);
  *macro = nullptr;
  if (!started) {
    if (text != nullptr && size > 0) {
      std::snprintf(text, size, "%s", started.error().message.c_str());
    }
    return static_cast<int32_t>(started.error().code);
  }
  *macro = new gk_macro{std::move(*started)};
  return 0;
}

int32_t gk_macro_may_act(const gk_macro* macro) { return macro->macro->may_act() ? 1 : 0; }

void gk_macro_end(gk_macro* macro) { delete macro; }
