// What this browser remembers: theme, shortcuts, views. Storage may be blocked; then it forgets.

import { effect, signal, type Signal } from "@preact/signals";

function stored<T extends string>(key: string, allowed: readonly T[], fallback: T): Signal<T> {
  let initial = fallback;
  try {
    const found = localStorage.getItem(key);
    initial = allowed.find((value) => value === found) ?? fallback;
  } catch {
    // Blocked.
  }
  const value = signal<T>(initial);
  let first = true;
  effect(() => {
    const current = value.value;
    if (first) {
      first = false;
      return;
    }
    try {
      localStorage.setItem(key, current);
    } catch {
      // Blocked.
    }
  });
  return value;
}

export type Theme = "system" | "light" | "dark";

/** public/theme.js reads the same key before the first paint. */
export const theme = stored<Theme>("gk.theme", ["system", "light", "dark"], "system");
export const singleKeys = stored<"on" | "off">("gk.keys", ["on", "off"], "on");
export const macroView = stored<"cards" | "table">("gk.macros", ["cards", "table"], "cards");
export const tilesView = stored<"charts" | "table">("gk.tiles", ["charts", "table"], "charts");
export const timelineView = stored<"charts" | "table">(
  "gk.timeline",
  ["charts", "table"],
  "charts",
);
export const fairnessView = stored<"charts" | "table">(
  "gk.fairness",
  ["charts", "table"],
  "charts",
);
export const waitsView = stored<"charts" | "table">("gk.waits", ["charts", "table"], "charts");
export const graphView = stored<"charts" | "table">("gk.graph", ["charts", "table"], "charts");
export const trendsView = stored<"charts" | "table">("gk.trends", ["charts", "table"], "charts");

export function startTheme(): void {
  effect(() => {
    const root = document.documentElement;
    if (theme.value === "system") delete root.dataset.theme;
    else root.dataset.theme = theme.value;
  });
}
