// Keyboard shortcuts: single keys, two-key sequences ("g m") and Ctrl-K. Single keys can be turned
// off (WCAG 2.1.4), because speech input types letters by accident.

export type Page = "overview" | "macros" | "cancellations" | "trends" | "locks" | "tasks" | "referee" | "library" | "games" | "sessions" | "explore" | "logs" | "settings";
export type Action = `go-${Page}` | "help" | "filter" | "palette";

/** The second key of a sequence must come within this time. Chosen. */
export const kSequenceMs = 1200;

export interface KeyPress {
  key: string;
  ctrl: boolean;
  meta: boolean;
  alt: boolean;
  /** The focus is in a field, where letters are text. */
  typing: boolean;
}

const kAfterG: Record<string, Action> = {
  o: "go-overview",
  m: "go-macros",
  c: "go-cancellations",
  d: "go-trends",
  l: "go-locks",
  t: "go-tasks",
  r: "go-referee",
  b: "go-library",
  p: "go-games",
  n: "go-sessions",
  e: "go-explore",
  a: "go-logs",
  s: "go-settings",
};
const kSingle: Record<string, Action> = { "?": "help", "/": "filter" };

/** Turns key presses into actions. Time is an argument. */
export class KeyReader {
  private gAt = -Infinity;

  press(key: KeyPress, now: number, singleKeys: boolean): Action | null {
    if ((key.ctrl || key.meta) && !key.alt && key.key.toLowerCase() === "k") return "palette";
    if (key.ctrl || key.meta || key.alt || key.typing || !singleKeys) {
      this.gAt = -Infinity;
      return null;
    }
    const inSequence = now - this.gAt <= kSequenceMs;
    this.gAt = key.key === "g" && !inSequence ? now : -Infinity;
    if (inSequence) return kAfterG[key.key] ?? null;
    return kSingle[key.key] ?? null;
  }
}
