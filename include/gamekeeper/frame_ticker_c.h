/* frame_ticker_c.h: the frame ticker for C and for every language that can call C.
 *
 * See frame_ticker.h for what each call means. Codes are those of gk::Errc, 0 is success. Thread:
 * as the C++ class. */
#ifndef GAMEKEEPER_FRAME_TICKER_C_H
#define GAMEKEEPER_FRAME_TICKER_C_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gk_frame_ticker gk_frame_ticker;

/* 1 to 64 of a-z, 0-9, _ and -. NULL for another name, and when memory is out. */
gk_frame_ticker* gk_frame_ticker_create(const char* name);
void gk_frame_ticker_destroy(gk_frame_ticker* ticker);
int32_t gk_frame_ticker_connect(gk_frame_ticker* ticker, const char* socket);
/* Why the last connect of this ticker failed; valid until its next. Never NULL. */
const char* gk_frame_ticker_error(const gk_frame_ticker* ticker);
int32_t gk_frame_ticker_connected(const gk_frame_ticker* ticker);
void gk_frame_ticker_tick(gk_frame_ticker* ticker);

#ifdef __cplusplus
}
#endif

#endif
