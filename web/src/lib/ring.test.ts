import { describe, expect, it } from "vitest";

import { closeJitter, linePaths, SeriesRing, summarise } from "./ring";

const values = (ring: SeriesRing, now: number): (number | null)[] =>
  ring.points(now).map((point) => point[1]);

describe("SeriesRing", () => {
  it("averages the samples of one second and leaves empty seconds empty", () => {
    const ring = new SeriesRing(4, 1000);
    ring.push(1000, 10);
    ring.push(1900, 20);
    ring.push(3000, 5);
    expect(values(ring, 4000)).toEqual([15, null, 5, null]);
  });
  it("takes an unknown sample as a gap, not as zero", () => {
    const ring = new SeriesRing(3, 1000);
    ring.push(1000, null);
    ring.push(2000, 7);
    ring.push(2100, Number.NaN);
    expect(values(ring, 3000)).toEqual([null, 7, null]);
  });
  it("forgets what is older than its size, also after a long silence", () => {
    const ring = new SeriesRing(3, 1000);
    ring.push(1000, 1);
    ring.push(2000, 2);
    ring.push(60_000, 9);
    expect(values(ring, 60_000)).toEqual([null, null, 9]);
    expect(values(ring, 62_000)).toEqual([9, null, null]);
  });
  it("ignores samples that no longer fit and accepts late ones that do", () => {
    const ring = new SeriesRing(3, 1000);
    ring.push(10_000, 1);
    ring.push(2000, 99);
    ring.push(9000, 5);
    expect(values(ring, 10_000)).toEqual([null, 5, 1]);
  });
  it("is empty after clear", () => {
    const ring = new SeriesRing(2, 1000);
    ring.push(1000, 1);
    ring.clear();
    expect(values(ring, 2000)).toEqual([null, null]);
  });
});

describe("drawing", () => {
  const box = { width: 100, height: 10, low: 0, high: 10 };
  const points = (...list: (number | null)[]) => list.map((value, i) => [i, value] as const);
  it("breaks the line at a gap and closes an area a piece", () => {
    const { line, area } = linePaths(points(0, 10, null, 5, 5), box);
    expect(line).toBe("M0.0,10.0L25.0,0.0M75.0,5.0L100.0,5.0");
    expect(area.match(/Z/g)).toHaveLength(2);
  });
  it("draws a lone sample as a dot", () => {
    expect(linePaths(points(null, 5, null), box)).toEqual({ line: "M50.0,5.0h0.01", area: "" });
  });
  it("closes one missing slot but never two", () => {
    expect(closeJitter(points(2, null, 4, null, null, 6)).map((point) => point[1])).toEqual([
      2,
      3,
      4,
      null,
      null,
      6,
    ]);
  });
  it("summarises known points only", () => {
    expect(summarise(points(null, 2, 4))).toEqual({ min: 2, max: 4, mean: 3, known: 2, total: 3 });
    expect(summarise(points(null))).toBeNull();
  });
});
