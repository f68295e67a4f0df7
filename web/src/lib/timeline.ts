// The evidence of a cancellation, prepared for charts and tables. Pure.

import type { EvidenceSeries } from "../api/types";

/** Two points further apart than this many typical steps have a gap between them, ... */
const kGapSteps = 3;
/** ... but not below this: the sampler slows from 10 Hz to 1 Hz when the last macro ends. */
const kGapAtLeastS = 2.5;

/** The median distance of neighbouring points, in seconds; 1 when there are not two. */
export function typicalStep(points: EvidenceSeries["points"]): number {
  const steps = points
    .slice(1)
    .map((point, i) => point[0] - points[i]![0])
    .filter((step) => step > 0);
  steps.sort((a, b) => a - b);
  return steps[Math.floor(steps.length / 2)] ?? 1;
}

/** Columns for uPlot; a null is put into each hole, so that no line is drawn across it. */
export function columnsOf(points: EvidenceSeries["points"]): [number[], (number | null)[]] {
  const most = Math.max(kGapAtLeastS, typicalStep(points) * kGapSteps);
  const xs: number[] = [];
  const ys: (number | null)[] = [];
  points.forEach(([offset, value], i) => {
    const before = points[i - 1]?.[0];
    if (before !== undefined && offset - before > most) {
      xs.push((before + offset) / 2);
      ys.push(null);
    }
    xs.push(offset);
    ys.push(value);
  });
  return [xs, ys];
}

/** The y range of a chart: from 0, with room above the highest value and the limit. */
export function rangeOf(series: EvidenceSeries): [number, number] {
  const values = series.points.map((point) => point[1]).filter((value) => value !== null);
  const highest = Math.max(0, series.limit ?? 0, ...values);
  if (series.unit === "%" && highest <= 100) return [0, 100];
  return [0, highest > 0 ? highest * 1.12 : 1];
}

/** The series of the rule first, the rest as they came. */
export function orderSeries(series: readonly EvidenceSeries[], first: string): EvidenceSeries[] {
  return [...series].sort((a, b) => Number(b.signal === first) - Number(a.signal === first));
}

export interface TimelineRow {
  offset: number;
  values: (number | null)[];
}

/** The twin of the charts: one row each `every` seconds, the mean of what was known in it. */
export function rowsOf(series: readonly EvidenceSeries[], every: number): TimelineRow[] {
  const offsets = series.flatMap((one) => one.points.map((point) => point[0]));
  if (offsets.length === 0) return [];
  const first = Math.floor(Math.min(...offsets) / every);
  const last = Math.floor(Math.max(...offsets) / every);
  const rows: TimelineRow[] = [];
  for (let step = first; step <= last; step++) {
    const values = series.map(({ points }) => {
      const known = points.filter(
        ([offset, value]) => Math.floor(offset / every) === step && value !== null,
      );
      return known.length === 0
        ? null
        : known.reduce((sum, point) => sum + (point[1] ?? 0), 0) / known.length;
    });
    rows.push({ offset: step * every, values });
  }
  return rows;
}

/** Series with a value anywhere, and the names of those without. */
export function splitKnown(series: readonly EvidenceSeries[]): {
  known: EvidenceSeries[];
  unknown: string[];
} {
  const isKnown = (one: EvidenceSeries): boolean => one.points.some((point) => point[1] !== null);
  return {
    known: series.filter(isKnown),
    unknown: series.filter((one) => !isKnown(one)).map((one) => one.signal),
  };
}
