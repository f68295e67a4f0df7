#include "gamekeeper/frame_ticker_c.h"

#include <new>
#include <string>

#include "gamekeeper/frame_ticker.h"

struct gk_frame_ticker {
  gk::FrameTicker ticker;
  std::string error;
};

extern "C" {

gk_frame_ticker* gk_frame_ticker_create(const char* name) {
  auto made = gk::FrameTicker::create(name == nullptr ? "" : name);
  return made ? new (std::nothrow) gk_frame_ticker{std::move(*made), {}} : nullptr;
}

void gk_frame_ticker_destroy(gk_frame_ticker* ticker) { delete ticker; }

int32_t gk_frame_ticker_connect(gk_frame_ticker* ticker, const char* socket) {
  const auto done = ticker->ticker.connect(socket == nullptr ? "" : socket);
  ticker->error = done ? "" : done.error().message;
  return done ? 0 : static_cast<int32_t>(done.error().code);
}

const char* gk_frame_ticker_error(const gk_frame_ticker* ticker) { return ticker->error.c_str(); }

int32_t gk_frame_ticker_connected(const gk_frame_ticker* ticker) {
  return ticker->ticker.connected() ? 1 : 0;
}

void gk_frame_ticker_tick(gk_frame_ticker* ticker) { ticker->ticker.tick(); }

}  // extern "C"
