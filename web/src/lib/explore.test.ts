import { describe, expect, it } from "vitest";

import { columnsOf, join, moveWindow, stepOf, summaryOf, yRange, zoomOf } from "./explore";

const kNoon = Date.parse("2026-11-28T12:00:00Z");

describe("explore", () => {
  it("moves a window by keys: half of it aside, never beyond now, never closer than is shown", () => {
    const hour = { from: kNoon - 3_600_000, to: kNoon };
    expect(moveWindow(hour, "earlier", kNoon)).toEqual({ from: kNoon - 5_400_000, to: kNoon - 1_800_000 });
    expect(moveWindow(hour, "later", kNoon + 60_000)).toEqual({ from: kNoon - 3_540_000, to: kNoon + 60_000 });
    expect(moveWindow(hour, "closer", kNoon)).toEqual({ from: kNoon - 2_700_000, to: kNoon - 900_000 });
    const short = { from: kNoon - 40_000, to: kNoon };
    expect(moveWindow(short, "closer", kNoon)).toEqual(short);
  });

  it("takes the first nice step that keeps a window below 480 points", () => {
    expect(stepOf({ from: kNoon - 15 * 60_000, to: kNoon })).toBe(2);
    expect(stepOf({ from: kNoon - 480_000, to: kNoon })).toBe(1);
    expect(stepOf({ from: kNoon - 481_000, to: kNoon })).toBe(2);
    expect(stepOf({ from: kNoon - 30 * 86_400_000, to: kNoon })).toBe(7200);
  });

  it("zooms either way round, never out of the window, and not by a click", () => {
    const window = { from: kNoon, to: kNoon + 600_000 };
    expect(zoomOf(window, kNoon + 300_000, kNoon + 60_000)).toEqual({
      from: kNoon + 60_000,
      to: kNoon + 300_000,
    });
    expect(zoomOf(window, kNoon - 5000, kNoon + 60_000)?.from).toBe(kNoon);
    expect(zoomOf(window, kNoon, kNoon + 29_999)).toBeNull();
  });

  it("puts yesterday on today's axis and keeps gaps", () => {
    const now = columnsOf([
      { timestamp: "2026-11-28T12:00:00Z", value: 1 },
      { timestamp: "2026-11-28T12:01:00Z", value: null },
    ]);
    const before = columnsOf([{ timestamp: "2026-11-27T12:01:00Z", value: 7 }], 86_400_000);
    const start = kNoon / 1000;
    expect(join(now, before)).toEqual([
      [start, start + 60],
      [1, null],
      [undefined, 7],
    ]);
  });

  const steps = (values: (number | null)[], folded = false): { timestamp: string; value: number | null; min?: number }[] =>
    values.map((value, i) => ({
      timestamp: new Date(kNoon + i * 1000).toISOString(),
      value,
      ...(folded && value !== null && { min: value }),
    }));
  const drawn = (values: (number | null)[], folded = false): string =>
    columnsOf(steps(values, folded))
      .value.map((value) => (value === null ? "-" : value === undefined ? "." : "x"))
      .join("");
  const N = null;

  it("draws a clock that comes every 2.2 s in steps of 1 s as one line", () => {
    expect(drawn([1, N, 1, N, 1, N, N, 1, N, 1, N, 1])).toBe("x.x.x..x.x.x");
  });
  it("keeps a silence of more than three periods as a gap, and one of three not", () => {
    expect(drawn([1, N, 1, N, 1, N, 1, N, N, N, N, N, 1])).toBe("x.x.x.x.....x");
    expect(drawn([1, N, 1, N, 1, N, 1, N, N, N, N, N, N, 1])).toBe("x.x.x.x------x");
    expect(drawn([1, 1, 1, 1, 1, N, N, 1])).toBe("xxxxx..x");
    expect(drawn([1, 1, 1, 1, 1, N, N, N, 1])).toBe("xxxxx---x");
  });
  it("calls an empty step a gap where a step holds several samples", () => {
    expect(drawn([1, 1, 1, N, 1, 1], true)).toBe("xxx-xx");
  });
  it("makes no period of a few samples, and draws nothing before the first and after the last", () => {
    expect(drawn([1, N, 1, N, N, 1])).toBe("x-x--x");
    expect(drawn([N, 1, 1, 1, 1, N])).toBe("-xxxx-");
    expect(drawn([N, N])).toBe("--");
  });

  it("summarises what is known, and says when nothing is", () => {
    expect(summaryOf([null, 2, 4])).toEqual({ known: 2, min: 2, max: 4, mean: 3 });
    expect(summaryOf([null])).toBeNull();
  });

  it("shows all of a percentage and starts everything else at 0", () => {
    expect(yRange("%", [3, 7])).toEqual([0, 100]);
    expect(yRange("ms", [10, null])).toEqual([0, 11]);
    expect(yRange("ms", [null])).toEqual([0, 1]);
  });
});
