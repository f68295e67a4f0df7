/* external_macro_c.h: registered macros for C and for every language that can call C.
 *
 * See external_macro.h for what each call means. Codes are those of gk::Errc, 0 is success.
 */
#ifndef GAMEKEEPER_EXTERNAL_MACRO_C_H
#define GAMEKEEPER_EXTERNAL_MACRO_C_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define GK_MACRO_API __attribute__((visibility("default")))
#else
#define GK_MACRO_API
#endif

typedef struct gk_macro gk_macro;

/* The values of gk::ExternalState. */
enum {
  GK_MACRO_RUNNING = 0,
  GK_MACRO_UNWATCHED = 1,
  GK_MACRO_CANCELLED = 2,
  GK_MACRO_STOPPED = 3,
  GK_MACRO_ENDED = 4,
  GK_MACRO_REFUSED = 5
};

/* Called by the macro's own thread; must return soon and not destroy the macro. */
typedef void (*gk_macro_changed)(void* user, int state, const char* reason);

typedef struct gk_macro_options {
  const char* socket; /* Each may be NULL: see external_macro.h. */
  const char* token;
  const char* profile;
  const char* safety_level;
  const char* game;
  int give_process;
} gk_macro_options;

/* options may be NULL. On failure *macro is NULL and why, if not NULL, gets at most why_size bytes
 * of text with the zero. */
GK_MACRO_API int gk_start_macro(const char* macro_id, const char* macro_name,
                                gk_macro_changed changed, void* user,
                                const gk_macro_options* options, gk_macro** macro, char* why,
                                size_t why_size);
GK_MACRO_API int gk_macro_state(const gk_macro* macro);
/* Unregisters it. No callback runs after it. NULL does nothing. */
GK_MACRO_API void gk_macro_destroy(gk_macro* macro);

#ifdef __cplusplus
}
#endif

#endif
