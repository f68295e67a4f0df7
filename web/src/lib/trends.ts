// Days in bars and in words. Pure.

import type { MacroDay, MetricTrend, TrendLine } from "../api/trends";
import { formatLength, formatNumber, kUnknown, signalInfo } from "./format";

/** One bar a day: its value, or null where there was nothing. The last day is today, and not over. */
export type Days = readonly (number | null)[];

/** The share of each day that the daemon ran; null: that was not counted yet. */
export type Ran = readonly (number | null)[];

export interface Measure {
  name: "runs" | "run_time_s" | "cancellations" | "demand_pct";
  label: string;
  /** What the number beside the bars is: the sum of the days, or their mean. */
  sum: boolean;
  text: (value: number) => string;
}

/** As many digits as tell numbers of its size apart. */
export function short(value: number): string {
  const size = Math.abs(value);
  return formatNumber(value, size === 0 || size >= 10 ? 0 : size >= 1 ? 1 : 2);
}

const count = (value: number): string => (Number.isInteger(value) ? formatNumber(value) : short(value));
/** A slope may be less than a second a day. */
const time = (seconds: number): string => (seconds < 10 && seconds > 0 ? `${short(seconds)}\u00a0s` : formatLength(Math.round(seconds)));

export const kMeasures: readonly Measure[] = [
  { name: "runs", label: "Runs", sum: true, text: count },
  { name: "run_time_s", label: "Time", sum: true, text: time },
  { name: "cancellations", label: "Cancelled", sum: true, text: count },
  { name: "demand_pct", label: "CPU", sum: false, text: (value) => `${short(value)}\u00a0%` },
];

export const daysOf = (days: readonly (MacroDay | null)[], name: Measure["name"]): Days =>
  days.map((day) => day?.[name] ?? null);

export const meansOf = ({ days }: MetricTrend): Days => days.map((day) => day?.mean ?? null);

/** The text of a metric's value, with its unit. */
export const metricText =
  ({ metric, unit }: MetricTrend) =>
  (value: number): string =>
    `${short(value)}${unit === "" ? "" : `\u00a0${signalInfo(metric).unit || unit}`}`;

/** The number beside the bars; "none" when every day is empty. */
export function totalOf(days: Days, { sum, text }: Pick<Measure, "sum" | "text">): string {
  const known = days.filter((value): value is number => value !== null);
  if (known.length === 0) return sum ? "none" : kUnknown;
  const all = known.reduce((a, b) => a + b, 0);
  return text(sum ? all : all / known.length);
}

export interface Direction {
  icon: "rise" | "fall" | "flat" | "unknown";
  words: string;
}

/** `null`: fewer than three days to judge by. */
export function directionOf(line: TrendLine | null, text: (value: number) => string): Direction {
  if (line === null) return { icon: "unknown", words: "too few days" };
  if (line.direction === "steady") return { icon: "flat", words: "steady" };
  const by = `by ${text(Math.abs(line.per_day))} a day`;
  return line.direction === "rising" ? { icon: "rise", words: `rising ${by}` } : { icon: "fall", words: `falling ${by}` };
}

export interface BarShape {
  x: number;
  y: number;
  width: number;
  height: number;
  day: number;
}

/** Lowest bar of a day that is known: 0 is something else than nothing. */
const kLeast = 2;

/** Bars from the bottom of a box; days without a value have none. */
export function barsOf(days: Days, top: number, box: { width: number; height: number }): BarShape[] {
  const step = box.width / Math.max(1, days.length);
  const width = Math.max(1, step * 0.72);
  return days.flatMap((value, day) => {
    if (value === null) return [];
    const height = Math.max(kLeast, top > 0 ? Math.min(1, value / top) * box.height : 0);
    return [{ x: day * step + (step - width) / 2, y: box.height - height, width, height, day }];
  });
}

/** The top of the bars: all of a percentage of the machine, else the highest day. */
export function topOf(days: Days, unit = ""): number {
  const highest = days.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
  return unit === "%" ? Math.max(100, highest) : highest;
}

const kWeek = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const kMonths = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** "2026-11-28" as "Sat 28 Nov". The day is one of the asked zone: no clock of ours shifts it. */
export function dayText(day: string): string {
  const at = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(at.getTime())) return day;
  return `${kWeek[at.getUTCDay()]} ${at.getUTCDate()} ${kMonths[at.getUTCMonth()]}`;
}

/** Days on which nothing could be counted, and which therefore tell nothing of macros. */
export const daysOff = (names: readonly string[], ran: Ran): string[] => names.filter((_, i) => ran[i] === 0);

const kMostNamed = 4;

/** "The daemon did not run on Tue 24 Nov and Wed 25 Nov."; nothing when it ran on each. */
export function offText(names: readonly string[], ran: Ran): string {
  const off = daysOff(names, ran).map(dayText);
  if (off.length === 0) return "";
  if (off.length > kMostNamed) return `The daemon did not run on ${off.length} of these days, last on ${off.at(-1)}.`;
  const last = off.pop()!;
  return `The daemon did not run on ${off.length > 0 ? `${off.join(", ")} and ` : ""}${last}.`;
}

/** What one bar says: its day, its value, and whether the daemon missed a part of it. */
export function barText(day: string, today: boolean, value: string, ran: number | null | undefined): string {
  const missed = typeof ran === "number" && ran < 0.99 ? `; the daemon ran ${Math.max(1, Math.round(ran * 100))}\u00a0% of it` : "";
  return `${dayText(day)}${today ? ", so far" : ""}: ${value}${missed}`;
}

/** What the bars say to whoever does not see them. */
export function barsText(
  label: string,
  days: Days,
  names: readonly string[],
  text: (value: number) => string,
  ran: Ran = [],
): string {
  const said = days.flatMap((value, i) => (value === null ? [] : [`${dayText(names[i] ?? "")} ${text(value)}`]));
  const off = offText(names, ran);
  const what = said.length === 0 ? `${label}: nothing in these days.` : `${label} by day: ${said.join(", ")}.`;
  return off === "" ? what : `${what} ${off}`;
}
