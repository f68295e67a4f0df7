// How close a macro is to each of its six limits.

import type { ActiveMacro, Headroom } from "../api/types";

export type Limit = keyof Headroom;

export const kLimits: readonly { name: Limit; label: string }[] = [
  { name: "duration", label: "Time" },
  { name: "cpu_usage", label: "CPU" },
  { name: "memory_usage", label: "Memory" },
  { name: "fps", label: "FPS" },
  { name: "latency", label: "Latency" },
  { name: "response_time", label: "Response" },
];

export type Closeness = "calm" | "near" | "close" | "over" | "unknown";

/** The engine leaves a limit at 90 % of it (spec), so "close" starts where it would warn. */
export function closeness(headroom: number | null): Closeness {
  if (headroom === null) return "unknown";
  if (headroom <= 0) return "over";
  if (headroom < 0.1) return "close";
  if (headroom < 0.25) return "near";
  return "calm";
}

/** The limit with the least room; null when none is known. */
export function tightest(macro: ActiveMacro): { name: Limit; label: string; left: number } | null {
  let found: { name: Limit; label: string; left: number } | null = null;
  for (const { name, label } of kLimits) {
    const left = macro.headroom[name];
    if (left !== null && left !== undefined && (!found || left < found.left)) {
      found = { name, label, left };
    }
  }
  return found;
}
