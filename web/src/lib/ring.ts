// The last minutes of one signal, one slot a second. A slot nobody filled is a gap, and stays one.

/** A point of a series; null is "not known then". */
export type Point = readonly [at: number, value: number | null];

export interface Summary {
  min: number;
  max: number;
  mean: number;
  /** Slots with a value, and slots asked about. */
  known: number;
  total: number;
}

/**
 * Fixed-size series. Samples of one step are averaged; time may jump or repeat, old samples that
 * no longer fit are ignored.
 */
export class SeriesRing {
  private readonly sums: Float64Array;
  private readonly counts: Uint32Array;
  /** The step number that each slot holds now; -1: nothing yet. */
  private readonly steps: Float64Array;
  private newest = -1;

  constructor(
    readonly capacity: number,
    readonly stepMs: number,
  ) {
    this.sums = new Float64Array(capacity);
    this.counts = new Uint32Array(capacity);
    this.steps = new Float64Array(capacity).fill(-1);
  }

  push(at: number, value: number | null): void {
    const step = Math.floor(at / this.stepMs);
    if (!Number.isFinite(step) || step < 0 || step <= this.newest - this.capacity) return;
    const slot = step % this.capacity;
    if (this.steps[slot] !== step) {
      this.steps[slot] = step;
      this.sums[slot] = 0;
      this.counts[slot] = 0;
    }
    this.newest = Math.max(this.newest, step);
    if (value === null || !Number.isFinite(value)) return;
    this.sums[slot]! += value;
    this.counts[slot]! += 1;
  }

  /** All slots up to `now`, oldest first. A slot without a value is null. */
  points(now: number): Point[] {
    const last = Math.floor(now / this.stepMs);
    const points: Point[] = [];
    for (let step = last - this.capacity + 1; step <= last; step++) {
      points.push([step * this.stepMs, this.valueAt(step)]);
    }
    return points;
  }

  clear(): void {
    this.steps.fill(-1);
    this.counts.fill(0);
    this.newest = -1;
  }

  private valueAt(step: number): number | null {
    if (step < 0) return null;
    const slot = step % this.capacity;
    const count = this.counts[slot] ?? 0;
    return this.steps[slot] === step && count > 0 ? (this.sums[slot] ?? 0) / count : null;
  }
}

/** Least, greatest and mean of the known points; null when none is known. */
export function summarise(points: readonly Point[]): Summary | null {
  let [min, max, sum, known] = [Infinity, -Infinity, 0, 0];
  for (const [, value] of points) {
    if (value === null) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
    known++;
  }
  return known === 0 ? null : { min, max, mean: sum / known, known, total: points.length };
}

/**
 * Fills single empty slots between two known ones: a sampler at 1 Hz that is a few ms late leaves
 * one slot empty now and then. Two empty slots in a row are a real gap.
 */
export function closeJitter(points: readonly Point[]): Point[] {
  return points.map((point, i) => {
    if (point[1] !== null) return point;
    const before = points[i - 1]?.[1];
    const after = points[i + 1]?.[1];
    if (before == null || after == null) return point;
    return [point[0], (before + after) / 2] as const;
  });
}

export interface LineBox {
  width: number;
  height: number;
  low: number;
  high: number;
}

/** SVG paths of a line with gaps, and of the areas below its pieces. */
export function linePaths(points: readonly Point[], box: LineBox): { line: string; area: string } {
  const span = box.high - box.low || 1;
  const dx = points.length > 1 ? box.width / (points.length - 1) : 0;
  let [line, area] = ["", ""];
  let piece: string[] = [];
  let start = 0;
  const flush = (end: number): void => {
    if (piece.length === 0) return;
    const [x0, x1] = [(start * dx).toFixed(1), (end * dx).toFixed(1)];
    line += `M${piece.join("L")}`;
    if (piece.length === 1)
      line += "h0.01"; // A lone sample is a dot, not nothing.
    else area += `M${x0},${box.height}L${piece.join("L")}L${x1},${box.height}Z`;
    piece = [];
  };
  points.forEach(([, value], i) => {
    if (value === null) return flush(i - 1);
    if (piece.length === 0) start = i;
    const inside = Math.min(1, Math.max(0, (value - box.low) / span));
    piece.push(`${(i * dx).toFixed(1)},${((1 - inside) * box.height).toFixed(1)}`);
  });
  flush(points.length - 1);
  return { line, area };
}
