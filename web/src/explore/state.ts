// What the explorer shows: which series, which window, what was read for them.

import { computed, signal } from "@preact/signals";

import { exploreApi, type SeriesAnswer } from "../api/explore";
import { kRanges, stepOf, type Window } from "../lib/explore";
import { resource, troubleOf, type Trouble } from "../state/resource";

/** More on one page is a wall, not a comparison. Chosen. */
export const kMostSeries = 4;

export const names = resource(async () => (await exploreApi.names()).items);

/** "name" or "name|subject": how a series is named in the pickers. */
export const keyOf = (name: string, subject: string): string =>
  subject === "" ? name : `${name}|${subject}`;
export const partsOf = (key: string): [string, string] => {
  const at = key.indexOf("|");
  return at < 0 ? [key, ""] : [key.slice(0, at), key.slice(at + 1)];
};

export const picked = signal<readonly string[]>(["cpu_usage", "memory_usage"]);
export const range = signal<string>("1h");
/** A dragged window; null: the range, up to now. */
export const zoom = signal<Window | null>(null);
/** How far back the line to compare with lies, ms; 0: none. */
export const compare = signal(0);

const kRangeMs = computed(() => kRanges.find(({ value }) => value === range.value)?.ms ?? 3_600_000);

export function windowAt(now: number): Window {
  return zoom.value ?? { from: now - kRangeMs.value, to: now };
}

export interface Read {
  window: Window;
  now: SeriesAnswer;
  before: SeriesAnswer | null;
  offsetMs: number;
}

/** Reads a series, and the same window so much earlier when that is asked for. */
export async function readSeries(key: string, window: Window, offsetMs: number): Promise<Read | Trouble> {
  const [name, subject] = partsOf(key);
  const step = stepOf(window);
  try {
    const now = await exploreApi.series(name, subject, window.from, window.to, step);
    const before =
      offsetMs > 0
        ? await exploreApi.series(name, subject, window.from - offsetMs, window.to - offsetMs, step)
        : null;
    return { window, now, before, offsetMs };
  } catch (error) {
    return troubleOf(error);
  }
}
