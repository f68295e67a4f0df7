// The one sentence of truth, short for the top bar and long for the overview. Pure.

import type { ActiveMacro, Health } from "../api/types";
import { formatTime, plural } from "../lib/format";
import { tightest } from "../lib/headroom";
import type { Link } from "./reduce";

export type Mood = "good" | "warn" | "bad" | "unknown";

export interface Truth {
  mood: Mood;
  /** Top bar: "All good · 3 macros". */
  short: string;
  /** Overview, first line. */
  headline: string;
  /** Overview, second line. */
  detail: string;
}

export interface Facts {
  link: Link;
  health: Health | null;
  macros: readonly ActiveMacro[] | null;
}

function macroPart(macros: readonly ActiveMacro[] | null): string {
  if (macros === null) return "";
  return ` · ${macros.length === 0 ? "no macros" : plural(macros.length, "macro")}`;
}

function names(list: readonly string[]): string {
  if (list.length <= 2) return list.join(" and ");
  return `${list.slice(0, 2).join(", ")} and ${list.length - 2} more`;
}

function macroSentence(macros: readonly ActiveMacro[]): string {
  if (macros.length === 0) return "No macro is running.";
  const uneasy = macros.filter((macro) => macro.state !== "running");
  const running = `${plural(macros.length, "macro")} ${macros.length === 1 ? "is" : "are"} running`;
  if (uneasy.length === 0) {
    // The engine tolerates a short breach, so a macro may run although it is over a limit.
    if (macros.some((macro) => (tightest(macro)?.left ?? 1) <= 0)) return `${running}.`;
    return macros.length === 1
      ? `${running}, inside its limits.`
      : `${running}, all inside their limits.`;
  }
  const list = uneasy.slice(0, 3).map((macro) => `${macro.macro_name} is ${macro.state}`);
  return `${running}; ${list.join(", ")}.`;
}

/** Contact first, then health, then macros: the first thing that is wrong names the mood. */
export function truthOf({ link, health, macros }: Facts): Truth {
  if (link.state === "stale") {
    return {
      mood: "bad",
      short: `No contact since ${formatTime(link.since)}`,
      headline: "Gamekeeper does not answer.",
      detail: `Everything below is from ${formatTime(link.since)} or before. Check that gamekeeperd is running.`,
    };
  }
  if (health === null) {
    return {
      mood: "unknown",
      short: `Looking around${macroPart(macros)}`,
      headline: "Looking around…",
      detail: "Waiting for the first health report.",
    };
  }
  const failed = (health.checks ?? []).filter((check) => check.status === "failed");
  const degraded = (health.checks ?? []).filter((check) => check.status === "degraded");
  const about = macros === null ? "" : ` ${macroSentence(macros)}`;
  if (health.status === "failed" || failed.length > 0) {
    const what = failed.length > 0 ? names(failed.map((check) => check.name)) : "health";
    return {
      mood: "bad",
      short: `${sentenceStart(what)} failed${macroPart(macros)}`,
      headline: `${sentenceStart(what)} ${failed.length > 1 ? "have" : "has"} failed.`,
      detail: `${failed[0]?.detail ? `${failed[0].detail}.` : "See the checks below."}${about}`,
    };
  }
  if (health.status === "degraded" || degraded.length > 0) {
    const what = degraded.length > 0 ? names(degraded.map((check) => check.name)) : "health";
    return {
      mood: "warn",
      short: `${sentenceStart(what)} degraded${macroPart(macros)}`,
      headline: `Running, with ${what} degraded.`,
      detail: `${degraded[0]?.detail ? `${degraded[0].detail}.` : "See the checks below."}${about}`,
    };
  }
  const uneasy = macros?.filter((macro) => macro.state !== "running") ?? [];
  if (uneasy.length > 0) {
    const first = uneasy[0]!;
    const rest = uneasy.length > 1 ? ` and ${uneasy.length - 1} more` : "";
    return {
      mood: "warn",
      short: `${first.macro_name} ${first.state}${rest}${macroPart(macros)}`,
      headline: `${first.macro_name} is ${first.state}${rest}.`,
      detail: `Gamekeeper itself is well.${about}`,
    };
  }
  return {
    mood: "good",
    short: `All good${macroPart(macros)}`,
    headline: "All good.",
    detail: `${macros === null ? "" : `${macroSentence(macros)} `}${checksSentence(health)}`,
  };
}

function checksSentence(health: Health): string {
  const count = health.checks?.length ?? 0;
  if (count === 0) return "Gamekeeper is well.";
  return count === 1 ? "The one health check passes." : `All ${count} health checks pass.`;
}

function sentenceStart(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
