import { describe, expect, it } from "vitest";

import { paceOf, paceTrouble } from "./pace";

const paced = (rate_per_s: number, pace_per_s: number) => ({ rate_per_s, health: { pace_per_s } });

describe("the pace of a game", () => {
  it("is one figure while nothing holds it back", () => {
    expect(paceOf(paced(120, 120))).toBe("120/s");
    expect(paceTrouble(paced(120, 120))).toBeNull();
  });
  it("says how much is left of it, and why", () => {
    expect(paceOf(paced(120, 60))).toBe("60/s of 120/s");
    expect(paceTrouble(paced(120, 60))).toMatch(/^The game is behind/);
  });
  it("keeps a decimal where it says something", () => {
    expect(paceOf(paced(2, 1.5))).toBe("1.5/s of 2/s");
    expect(paceOf(paced(120, 41.7))).toBe("42/s of 120/s");
  });
});
