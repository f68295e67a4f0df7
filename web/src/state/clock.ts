// One ticking clock for "12 min ago" and "time left"; pages read it, none makes its own timer.

import { signal } from "@preact/signals";

export const now = signal(Date.now());

/** Ticks once a second. Returns what stops it. */
export function startClock(): () => void {
  const timer = setInterval(() => {
    now.value = Date.now();
  }, 1000);
  return () => clearInterval(timer);
}
