// The arithmetic of the metrics explorer. Pure: time is an argument.

/** A value, null where nothing was known, undefined where no sample was due: uPlot draws across it. */
export type Drawn = number | null | undefined;

/** [seconds since 1970, value] columns, as uPlot wants them. */
export interface Columns {
  at: number[];
  value: Drawn[];
}

export interface RangeChoice {
  value: string;
  label: string;
  ms: number;
}

const kMinute = 60_000;
const kHour = 60 * kMinute;
export const kDayMs = 24 * kHour;

export const kRanges: readonly RangeChoice[] = [
  { value: "15m", label: "15 min", ms: 15 * kMinute },
  { value: "1h", label: "1 h", ms: kHour },
  { value: "6h", label: "6 h", ms: 6 * kHour },
  { value: "24h", label: "24 h", ms: kDayMs },
  { value: "7d", label: "7 days", ms: 7 * kDayMs },
  { value: "30d", label: "30 days", ms: 30 * kDayMs },
];

/** What a line may be compared with: so long before. */
export const kOffsets: readonly { ms: number; label: string }[] = [
  { ms: 0, label: "Nothing" },
  { ms: kHour, label: "An hour before" },
  { ms: kDayMs, label: "The day before" },
  { ms: 7 * kDayMs, label: "The week before" },
];

export const offsetWord = (ms: number): string =>
  (kOffsets.find((one) => one.ms === ms)?.label ?? "Before").toLowerCase();

export interface Window {
  from: number;
  to: number;
}

/** About as many points as a chart has room for. Chosen. */
const kPoints = 480;
/** Shorter windows show nothing that the sampler measured. Chosen. */
export const kShortestMs = 30_000;

/** Whole seconds from a short list, so that steps of neighbouring windows agree. */
export function stepOf({ from, to }: Window): number {
  const wanted = (to - from) / 1000 / kPoints;
  const nice = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800];
  return nice.find((step) => step >= wanted) ?? 21_600;
}

/** The part of a window that was dragged over; null when it is too short to mean it. */
export function zoomOf(window: Window, from: number, to: number): Window | null {
  const [low, high] = [Math.max(window.from, Math.min(from, to)), Math.min(window.to, Math.max(from, to))];
  return high - low >= kShortestMs ? { from: Math.round(low), to: Math.round(high) } : null;
}

/** For whoever cannot drag: the middle half, and the windows beside it; never beyond `now`. */
export function moveWindow(window: Window, how: "closer" | "earlier" | "later", now: number): Window {
  const length = window.to - window.from;
  if (how === "closer") return zoomOf(window, window.from + length / 4, window.to - length / 4) ?? window;
  const to = how === "earlier" ? window.to - length / 2 : Math.min(now, window.to + length / 2);
  return { from: Math.round(to - length), to: Math.round(to) };
}

/** A step of a series; `min` is there when several samples stand behind the value. */
interface Step {
  timestamp: string;
  value: number | null;
  min?: number;
}

/** Silence of more of a signal's own periods is a gap: the daemon calls it stale then. */
const kPeriods = 3;
/** Fewer distances between samples do not make a period. Chosen. */
const kFewestSpacings = 3;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/**
 * How many steps may lie from one known step to the next before the line has a gap. Where most steps
 * hold one sample the distance of known ones is the signal's period, which the API does not name;
 * where they hold several the period is shorter than a step, and an empty step is silence.
 */
export function longestSpan(points: readonly Step[]): number {
  const known = points.flatMap((point, i) => (point.value === null ? [] : [i]));
  const folded = known.filter((i) => points[i]!.min !== undefined).length;
  if (known.length <= kFewestSpacings || folded * 2 > known.length) return 1;
  return kPeriods * median(known.slice(1).map((at, i) => at - known[i]!));
}

export function columnsOf(points: readonly Step[], shiftMs = 0): Columns {
  const value: Drawn[] = points.map((point) => point.value);
  const most = longestSpan(points);
  let before = -1;
  points.forEach((point, i) => {
    if (point.value === null) return;
    if (before >= 0 && i - before <= most) value.fill(undefined, before + 1, i);
    before = i;
  });
  return { at: points.map((point) => (Date.parse(point.timestamp) + shiftMs) / 1000), value };
}

/** Both lines on one axis: every time of either. A time of the other line is no gap of this one. */
export function join(now: Columns, before: Columns | null): [number[], ...Drawn[][]] {
  if (!before) return [now.at, now.value];
  const at = [...new Set([...now.at, ...before.at])].sort((a, b) => a - b);
  const spread = (columns: Columns): Drawn[] => {
    const found = new Map(columns.at.map((time, i) => [time, columns.value[i]]));
    return at.map((time) => found.get(time));
  };
  return [at, spread(now), spread(before)];
}

export interface Summary {
  known: number;
  min: number;
  max: number;
  mean: number;
}

export function summaryOf(values: readonly Drawn[]): Summary | null {
  const known = values.filter((value): value is number => value != null);
  if (known.length === 0) return null;
  const sum = known.reduce((total, value) => total + value, 0);
  return {
    known: known.length,
    min: known.reduce((a, b) => Math.min(a, b)),
    max: known.reduce((a, b) => Math.max(a, b)),
    mean: sum / known.length,
  };
}

/** The y range: percentages show all of it, the rest from 0 to a little above the highest. */
export function yRange(unit: string, values: readonly Drawn[]): [number, number] {
  if (unit === "%") return [0, Math.max(100, summaryOf(values)?.max ?? 0)];
  const top = summaryOf(values)?.max ?? 0;
  return [0, top > 0 ? top * 1.1 : 1];
}
