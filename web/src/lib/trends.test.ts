import { describe, expect, it } from "vitest";

import { barsOf, barsText, barText, dayText, directionOf, kMeasures, offText, short, topOf, totalOf } from "./trends";

const [runs, time, , cpu] = kMeasures as [
  (typeof kMeasures)[number],
  (typeof kMeasures)[number],
  (typeof kMeasures)[number],
  (typeof kMeasures)[number],
];

describe("trends in words", () => {
  it("says where a line goes, by how much a day, and when nobody can know", () => {
    expect(directionOf({ direction: "rising", per_day: 90 }, time.text)).toEqual({ icon: "rise", words: "rising by 1 min 30 s a day" });
    expect(directionOf({ direction: "falling", per_day: -0.25 }, cpu.text).words).toBe("falling by 0.25\u00a0% a day");
    expect(directionOf({ direction: "steady", per_day: 0.01 }, cpu.text)).toEqual({ icon: "flat", words: "steady" });
    expect(directionOf(null, cpu.text)).toEqual({ icon: "unknown", words: "too few days" });
  });
  it("adds what is counted and averages what is measured, over the days that have it", () => {
    expect(totalOf([2, null, 4], runs)).toBe("6");
    expect(totalOf([2, null, 4], cpu)).toBe("3.0\u00a0%");
    expect(totalOf([null, null], runs)).toBe("none");
    expect(totalOf([null], cpu)).toBe("unknown");
    expect(totalOf([0, 0], runs)).toBe("0");
  });
  it("keeps small numbers apart", () => {
    expect([short(0), short(0.042), short(4.21), short(421)]).toEqual(["0", "0.04", "4.2", "421"]);
  });
  it("names a day as it is in the zone that was asked for", () => {
    expect(dayText("2026-11-28")).toBe("Sat 28 Nov");
    expect(dayText("soon")).toBe("soon");
  });
  it("reads the bars out and leaves out days without a value", () => {
    expect(barsText("Runs", [2, null, 0], ["2026-11-26", "2026-11-27", "2026-11-28"], runs.text)).toBe(
      "Runs by day: Thu 26 Nov 2, Sat 28 Nov 0.",
    );
    expect(barsText("Runs", [null], ["2026-11-28"], runs.text)).toBe("Runs: nothing in these days.");
  });
});

describe("days without the daemon", () => {
  const names = ["2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27", "2026-11-28", "2026-11-29"];
  it("are named; one that was not counted and one on which nothing ran are not", () => {
    expect(offText(names, [0, null, 1, 0.2, 0, 0])).toBe("The daemon did not run on Tue 24 Nov, Sat 28 Nov and Sun 29 Nov.");
    expect(offText(names, [1, 0, 1, 1, 1, 1])).toBe("The daemon did not run on Wed 25 Nov.");
    expect(offText(names, [0, 0, 0, 0, 0, 1])).toBe("The daemon did not run on 5 of these days, last on Sat 28 Nov.");
    expect(offText(names, [1, null, 1, 0.01, 1, 1])).toBe("");
  });
  it("are read out behind the bars, and a bar says when a part of its day is missing", () => {
    expect(barsText("Runs", [2, null], names.slice(0, 2), runs.text, [1, 0])).toBe(
      "Runs by day: Tue 24 Nov 2. The daemon did not run on Wed 25 Nov.",
    );
    expect(barText(names[0]!, false, "2", 0.4)).toBe("Tue 24 Nov: 2; the daemon ran 40\u00a0% of it");
    expect(barText(names[0]!, true, "2", 1)).toBe("Tue 24 Nov, so far: 2");
  });
});

describe("bars of days", () => {
  const box = { width: 100, height: 40 };
  it("draw nothing for a day without a value and a low bar for 0", () => {
    const bars = barsOf([10, null, 0, 5], 10, box);
    expect(bars.map(({ day, height }) => [day, height])).toEqual([[0, 40], [2, 2], [3, 20]]);
    expect(bars.every(({ y, height }) => y + height === 40)).toBe(true);
  });
  it("show all of a percentage, else the highest day, and no bar is taller than its box", () => {
    expect(topOf([3, 7, null])).toBe(7);
    expect(topOf([3, 7, null], "%")).toBe(100);
    expect(topOf([], "")).toBe(0);
    expect(barsOf([250], 100, box)[0]!.height).toBe(40);
    expect(barsOf([0], 0, box)[0]!.height).toBe(2);
  });
});
