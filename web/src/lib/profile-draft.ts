// A profile's windows and limits as somebody types them, and what they are as the body of a PATCH
// or of a simulation. Pure. Ranges: those of macros/rules/profile_fields.h and profile_window.cc.

import type { MacroProfile, ProfilePatch, ProfileWindow, SafetyLevel } from "../api/types";
import { type NumberRule, readNumber } from "./form";

export const kMostWindows = 8;

export type LimitName = keyof MacroProfile["thresholds"];

export const kLimits: readonly { name: LimitName; label: string; rule: NumberRule }[] = [
  { name: "cpu_usage_max", label: "CPU at most, %", rule: { low: 1, high: 100, optional: true } },
  { name: "memory_usage_max", label: "Memory at most, %", rule: { low: 1, high: 100, optional: true } },
  { name: "fps_min", label: "FPS at least", rule: { low: 0, high: 1000, optional: true } },
  { name: "latency_max", label: "Latency at most, ms", rule: { low: 1, high: 60_000, optional: true } },
  { name: "response_time_max", label: "Response at most, ms", rule: { low: 1, high: 600_000, optional: true } },
];
const kRun: NumberRule = { low: 1, high: 86_400, optional: true };
/** In minutes; the API has whole seconds, 60 to 604800. */
const kOpen: NumberRule = { low: 1, high: 10_080 };

/** Empty: what the profile says. */
export interface LimitsDraft {
  safety_level: SafetyLevel | "";
  max_duration: string;
  auto_cancel_enabled: "" | "true" | "false";
  thresholds: Record<LimitName, string>;
}

export interface WindowDraft extends LimitsDraft {
  /** Stays with the window when it is moved. */
  key: number;
  name: string;
  cron: string;
  time_zone: string;
  minutes: string;
}

export interface ProfileDraft {
  dry_run: boolean;
  windows: WindowDraft[];
}

/** Messages by field: "windows[0].cron", as the API names them. */
export type Wrong = Record<string, string>;

export function noLimits(): LimitsDraft {
  const thresholds = Object.fromEntries(kLimits.map(({ name }) => [name, ""])) as LimitsDraft["thresholds"];
  return { safety_level: "", max_duration: "", auto_cancel_enabled: "", thresholds };
}

export function newWindow(key: number, time_zone: string): WindowDraft {
  return { ...noLimits(), key, name: "", cron: "", time_zone, minutes: "60" };
}

function windowDraft(window: ProfileWindow, key: number): WindowDraft {
  const draft = newWindow(key, window.time_zone ?? "UTC");
  for (const { name } of kLimits) {
    const limit = window.thresholds?.[name];
    if (limit !== undefined) draft.thresholds[name] = String(limit);
  }
  return {
    ...draft,
    name: window.name ?? "",
    cron: window.cron,
    minutes: String(window.duration_s / 60),
    safety_level: window.safety_level ?? "",
    max_duration: window.max_duration === undefined ? "" : String(window.max_duration),
    auto_cancel_enabled: window.auto_cancel_enabled === undefined ? "" : window.auto_cancel_enabled ? "true" : "false",
  };
}

export function draftOf(profile: MacroProfile): ProfileDraft {
  return { dry_run: profile.dry_run, windows: profile.windows.map(windowDraft) };
}

/** The limits that were typed; what is wrong goes into `wrong` under `path`. */
export function readLimits(draft: LimitsDraft, path: string, wrong: Wrong): ProfilePatch {
  const patch: Omit<ProfileWindow, "cron" | "duration_s"> = {};
  if (draft.safety_level !== "") patch.safety_level = draft.safety_level;
  if (draft.auto_cancel_enabled !== "") patch.auto_cancel_enabled = draft.auto_cancel_enabled === "true";
  const run = readNumber(draft.max_duration, kRun);
  if ("wrong" in run) wrong[`${path}max_duration`] = run.wrong;
  else if (run.value !== null) patch.max_duration = run.value;
  const thresholds: NonNullable<ProfileWindow["thresholds"]> = {};
  for (const { name, rule } of kLimits) {
    const read = readNumber(draft.thresholds[name], rule);
    if ("wrong" in read) wrong[`${path}thresholds.${name}`] = read.wrong;
    else if (read.value !== null) thresholds[name] = read.value;
  }
  // The document calls all five of a profile's needed; the daemon takes any of them.
  return (Object.keys(thresholds).length > 0 ? { ...patch, thresholds } : patch) as ProfilePatch;
}

function readWindow(draft: WindowDraft, path: string, wrong: Wrong): ProfileWindow {
  if (draft.cron.trim() === "") wrong[`${path}cron`] = "Write when it opens, such as 0 22 * * *.";
  const open = readNumber(draft.minutes, kOpen);
  if ("wrong" in open) wrong[`${path}duration_s`] = open.wrong;
  return {
    ...(draft.name.trim() === "" ? {} : { name: draft.name.trim() }),
    cron: draft.cron.trim(),
    time_zone: draft.time_zone.trim() || "UTC",
    duration_s: "wrong" in open ? 0 : Math.round((open.value ?? 0) * 60),
    ...(readLimits(draft, path, wrong) as Partial<ProfileWindow>),
  };
}

/** Only what differs from the profile, so that the rest keeps falling through to file and default. */
export function patchOf(before: MacroProfile, draft: ProfileDraft): { patch: ProfilePatch } | { wrong: Wrong } {
  const wrong: Wrong = {};
  const windows = draft.windows.map((one, i) => readWindow(one, `windows[${i}].`, wrong));
  if (Object.keys(wrong).length > 0) return { wrong };
  const patch: ProfilePatch = {};
  if (draft.dry_run !== before.dry_run) patch.dry_run = draft.dry_run;
  const held = draftOf(before).windows.map((one) => readWindow(one, "", {}));
  if (JSON.stringify(windows) !== JSON.stringify(held)) patch.windows = windows;
  return { patch };
}

/** The window at `from` one place up (-1) or down (1). */
export function moved<T>(list: readonly T[], from: number, by: -1 | 1): T[] {
  const to = from + by;
  const next = [...list];
  if (to < 0 || to >= list.length) return next;
  [next[from], next[to]] = [next[to]!, next[from]!];
  return next;
}
