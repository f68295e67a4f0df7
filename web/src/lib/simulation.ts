// A simulation in words, and what somebody asks of one. Pure.

import type { ProfilePatch, SimulateInput, Simulation } from "../api/types";
import type { Look } from "../ui/words";
import { formatNumber, formatValue, plural, signalInfo } from "./format";
import { type LimitsDraft, noLimits, readLimits, type Wrong } from "./profile-draft";

export const kSteps: Record<Simulation["decisions"][number]["action"], Look> = {
  warn: { icon: "warn", word: "Warn", tone: "warn" },
  clear: { icon: "check", word: "Clear", tone: "good" },
  throttle: { icon: "clock", word: "Throttle", tone: "warn" },
  pause: { icon: "pause", word: "Pause", tone: "info" },
  resume: { icon: "play", word: "Resume", tone: "good" },
  cancel: { icon: "cancel", word: "Cancel", tone: "bad" },
  record: { icon: "eye", word: "Record", tone: "quiet" },
};

/** A share of a time in words. One above 0 is never "0 %", one below 1 never "100 %". */
export function shareText(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 1) return "less than 1\u00a0%";
  if (percent > 99 && percent < 100) return "more than 99\u00a0%";
  return `${formatNumber(percent)}\u00a0%`;
}

/** "2 runs · 8,640 samples · 1 gap · 3 % of the time unknown". */
export function coverageLine(of: Simulation): string {
  return [
    ...(of.runs_recorded ? [plural(of.runs, "run")] : []),
    plural(of.samples_used, "sample"),
    plural(of.gaps, "gap"),
    `${shareText(of.unknown_share)} of the time unknown`,
  ].join(" · ");
}

const kLevelFrom: Record<Simulation["level_from"], string> = {
  profile: "the profile's",
  request: "as asked",
  last_run: "as at its last start",
};

/** "Watched as risky, as at its last start." */
export const levelLine = (of: Simulation): string => `Watched as ${of.safety_level}, ${kLevelFrom[of.level_from]}.`;

/** "Latency: the worst sample was 612 ms, the limit is 500 ms". */
export function possibleLine(one: Simulation["possible"][number]): string {
  const { label } = signalInfo(one.signal);
  return `${label}: the worst sample was ${formatValue(one.signal, one.worst)}, the limit is ${formatValue(one.signal, one.limit)}`;
}

export type Kind = NonNullable<SimulateInput["kind"]>;

/** Empty texts: what the API does by itself. */
export interface SimulateDraft {
  profile: string;
  game: string;
  kind: Kind;
  /** As an input of type datetime-local has them: "2026-11-28T13:00", local time. */
  from: string;
  to: string;
  limits: LimitsDraft;
}

export const newSimulation = (profile: string): SimulateDraft => ({
  profile,
  game: "",
  kind: "script",
  from: "",
  to: "",
  limits: noLimits(),
});

const kLongestMs = 7 * 86_400_000;

/** `before`: fields that are tried whatever the form says. */
export function askOf(
  macro_id: string,
  draft: SimulateDraft,
  before: ProfilePatch | undefined,
): { ask: SimulateInput } | { wrong: Wrong } {
  const wrong: Wrong = {};
  const time = (name: "from" | "to"): string | undefined => {
    if (draft[name] === "") return undefined;
    const at = Date.parse(draft[name]);
    if (!Number.isFinite(at)) wrong[name] = "Enter a date and a time.";
    return Number.isFinite(at) ? new Date(at).toISOString() : undefined;
  };
  const [from, to] = [time("from"), time("to")];
  const length = from && to ? Date.parse(to) - Date.parse(from) : 1;
  if (length <= 0) wrong.to = "Enter a time after the start.";
  if (length > kLongestMs) wrong.to = "Enter a time at most 7 days after the start.";
  const patch = { ...before, ...readLimits(draft.limits, "patch.", wrong) };
  if (Object.keys(wrong).length > 0) return { wrong };
  return {
    ask: {
      macro_id,
      ...(draft.profile && { profile: draft.profile }),
      ...(draft.game.trim() && { game: draft.game.trim() }),
      ...(draft.kind !== "script" && { kind: draft.kind }),
      ...(from && { from }),
      ...(to && { to }),
      ...(Object.keys(patch).length > 0 && { patch }),
    },
  };
}
