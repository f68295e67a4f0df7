#include "gamekeeper/external_macro_c.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

#include "gamekeeper/external_macro.h"

struct gk_macro {
  std::unique_ptr<gk::ExternalMacro> macro;
};

namespace {

int fail(const gk::Error& error, char* why, size_t why_size) {
  if (why != nullptr && why_size > 0) {
    const size_t n = std::min(error.message.size(), why_size - 1);
    std::memcpy(why, error.message.data(), n);
    why[n] = '\0';
  }
  return static_cast<int>(error.code);
}

std::string text(const char* maybe) { return maybe == nullptr ? "" : maybe; }

}  // namespace

extern "C" {

int gk_start_macro(const char* macro_id, const char* macro_name, gk_macro_changed changed,
                   void* user, const gk_macro_options* options, gk_macro** macro, char* why,
                   size_t why_size) {
  if (macro != nullptr) *macro = nullptr;
  if (macro == nullptr || macro_id == nullptr) {
    return fail({gk::Errc::invalid_argument, "macro and macro_id must not be NULL"}, why, why_size);
  }
  gk::ExternalMacroOptions own;
  if (options != nullptr) {
    own = {text(options->socket),       text(options->token), text(options->profile),
           text(options->safety_level), text(options->game),  options->give_process != 0};
  }
  gk::ExternalMacro::Callback tell;
  if (changed != nullptr) {
    tell = [changed, user](const gk::ExternalChange& change) {
      changed(user, static_cast<int>(change.state), change.reason.c_str());
    };
  }
  auto started = gk::start_macro(macro_id, text(macro_name), std::move(tell), std::move(own));
  if (!started) return fail(started.error(), why, why_size);
  *macro = new gk_macro{std::move(*started)};
  return 0;
}

int gk_macro_state(const gk_macro* macro) {
  return macro == nullptr ? GK_MACRO_ENDED : static_cast<int>(macro->macro->state());
}

void gk_macro_destroy(gk_macro* macro) { delete macro; }

}  // extern "C"
