// How frames and answers change what the pages show. Pure.

import type {
  ActiveMacro,
  ActiveMacros,
  Cancellation,
  Health,
  Performance,
  ProcessSample,
  SeriesPoint,
  Signal,
} from "../api/types";
import type { SeriesRing } from "../lib/ring";

/** The signals that the overview draws, each with a ring of five minutes. */
export const kDrawn = ["cpu_usage", "memory_usage", "fps", "latency", "response_time"] as const;
export type Drawn = (typeof kDrawn)[number];

export type Signals = Readonly<Record<string, Signal>>;

export interface Sample {
  signals: Signals;
  processes: Readonly<Record<string, ProcessSample>>;
}

function isSignal(value: unknown): value is Signal {
  return typeof value === "object" && value !== null && "state" in value && "value" in value;
}

/** Splits the body of metric:sample; anything that is not a signal is left out. */
export function readSample(data: unknown): Sample {
  const signals: Record<string, Signal> = {};
  let processes: Record<string, ProcessSample> = {};
  for (const [name, value] of Object.entries((data ?? {}) as Record<string, unknown>)) {
    if (name === "processes") processes = (value ?? {}) as Record<string, ProcessSample>;
    else if (isSignal(value)) signals[name] = value;
  }
  return { signals, processes };
}

/** Notes one moment of the drawn signals. Only a known value is a point; the rest is a gap. */
export function noteSample(
  rings: Readonly<Record<Drawn, SeriesRing>>,
  signals: Signals,
  now: number,
): void {
  for (const name of kDrawn) {
    const signal = signals[name];
    rings[name].push(now, signal?.state === "known" ? signal.value : null);
  }
}

/** Clocks that differ by more are aligned, so that history meets the live line. Chosen. */
const kClockSlackMs = 3000;

/** What a history covered: from when (our clock; null when it was empty), and the clocks' difference. */
export interface Covered {
  from: number | null;
  shift: number;
}

/** Notes the daemon's history, moved onto this browser's clock when the two disagree. */
export function noteHistory(
  rings: Readonly<Record<Drawn, SeriesRing>>,
  performance: Performance,
  now: number,
): Covered {
  const times = performance.history.map((point) => Date.parse(point.at));
  if (times.length === 0) return { from: null, shift: 0 };
  const newest = Math.max(...times);
  const shift = Math.abs(now - newest) > kClockSlackMs ? now - newest : 0;
  performance.history.forEach((point, i) => {
    for (const name of kDrawn) rings[name].push((times[i] ?? 0) + shift, point[name] ?? null);
  });
  return { from: Math.min(...times) + shift, shift };
}

/** Notes a stored series with a coarser step, up to `until`: each value fills all its seconds. */
export function noteSeries(
  ring: SeriesRing,
  points: readonly SeriesPoint[],
  stepMs: number,
  shift: number,
  until: number,
): void {
  for (const { timestamp, value } of points) {
    if (value === null) continue;
    const from = Date.parse(timestamp) + shift;
    for (let at = from; at < from + stepMs && at < until; at += ring.stepMs) ring.push(at, value);
  }
}

/** The most urgent first: cancelling, paused, warned, then the least time left. */
export function sortMacros(macros: readonly ActiveMacro[]): ActiveMacro[] {
  const rank = { cancelling: 0, paused: 1, warned: 2, running: 3 } as const;
  return [...macros].sort(
    (a, b) =>
      rank[a.state] - rank[b.state] || a.time_left - b.time_left || a.macro_id.localeCompare(b.macro_id),
  );
}

/** Moves the clocks of macros on by `ms`, for the time since they were reported. */
export function ageMacros(macros: readonly ActiveMacro[], ms: number): readonly ActiveMacro[] {
  if (ms <= 0) return macros;
  const seconds = ms / 1000;
  return macros.map((macro) => ({
    ...macro,
    duration: macro.duration + seconds,
    time_left: Math.max(0, macro.time_left - seconds),
  }));
}

export function readMacros(data: unknown): ActiveMacro[] | null {
  const items = (data as ActiveMacros | null)?.items;
  return Array.isArray(items) ? sortMacros(items) : null;
}

export function readHealth(data: unknown): Health | null {
  const health = data as Health | null;
  // A daemon that has just started has looked at nothing yet: its empty list is no report.
  return health && typeof health.status === "string" && (health.checks?.length ?? 0) > 0
    ? health
    : null;
}

/** A new event in front; an event already there is replaced (its outcome came later). */
export function addCancellation(
  known: readonly Cancellation[],
  event: Cancellation,
  most: number,
): Cancellation[] {
  const others = known.filter((other) => other.id !== event.id);
  return [event, ...others]
    .sort((a, b) => Date.parse(b.timestamp) - Date.parse(a.timestamp))
    .slice(0, most);
}

/** A further page at the end, without the events that moved over the page border. */
export function appendPage(
  known: readonly Cancellation[],
  page: readonly Cancellation[],
): Cancellation[] {
  const ids = new Set(known.map((event) => event.id));
  return [...known, ...page.filter((event) => !ids.has(event.id))];
}

export type Link =
  | { state: "live" }
  | { state: "connecting" }
  | { state: "reconnecting"; retryAt: number | null }
  | { state: "stale"; since: number; retryAt: number | null };

/** Data older than this is called stale and greyed. Chosen: ten periods of the 1 s sampler. */
export const kStaleAfterMs = 10_000;

/** What the connection dot says. `lastData`: when anything last came, by socket or by REST. */
export function linkOf(
  phase: "connecting" | "live" | "waiting" | "closed",
  retryAt: number | null,
  lastData: number | null,
  startedAt: number,
  now: number,
): Link {
  if (phase === "live") return { state: "live" };
  const since = lastData ?? startedAt;
  if (now - since > kStaleAfterMs) return { state: "stale", since, retryAt };
  return lastData === null ? { state: "connecting" } : { state: "reconnecting", retryAt };
}
