/* macros_c.h: registers automation as a macro, for C and for every language that can call C.
 * macros.h says what each call means. Codes are those of gk::Errc; 0 is success. */

#ifndef GAMEKEEPER_MACROS_C_H
#define GAMEKEEPER_MACROS_C_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gk_macro gk_macro;

/* change: gk::MacroChange, 1 warned, 2 paused, 3 resumed, 4 cancelled, 5 stopped, 6 lost,
 * 7 regained. From a thread of the registration; reason is valid during the call. */
typedef void (*gk_macro_changed)(void* user, uint8_t change, const char* reason);

/* socket may be NULL: the daemon of the machine. pid 0: no process is signalled. changed may be
 * NULL. On failure a sentence with NUL is written into text[size], and *macro is NULL. */
int32_t gk_start_macro(const char* socket, const char* macro_id, const char* name, int32_t pid,
                       gk_macro_changed changed, void* user, gk_macro** macro, char* text,
                       uint32_t size);
/* 1 or 0. */
int32_t gk_macro_may_act(const gk_macro* macro);
/* Ends it here and at the daemon. Not from the callback. NULL is allowed. */
void gk_macro_end(gk_macro* macro);

#ifdef __cplusplus
}
#endif

#endif
