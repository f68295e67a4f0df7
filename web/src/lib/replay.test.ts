import { describe, expect, it } from "vitest";

import type { Evidence, EvidenceSeries } from "../api/types";
import { judgedSignal, ruleStateAt } from "./replay";

const rule = (over: Partial<Evidence["rule"]> = {}): Evidence["rule"] => ({
  signal: "cpu_usage",
  enter: 80,
  leave: 72,
  for_s: 0,
  min_samples: 2,
  limit: 80,
  profile: "heal",
  safety_level: "safe",
  window: null,
  ...over,
});

const points = (...values: (number | null)[]): EvidenceSeries["points"] =>
  values.map((value, i) => [i / 10 - 1, value]);

describe("the rule, sample by sample", () => {
  it("enters with the samples in a row that it needs, and not before", () => {
    const seen = points(10, 90, 91);
    expect(ruleStateAt(rule(), seen, -0.95)).toEqual({ past: 0, active: false, value: 10 });
    expect(ruleStateAt(rule(), seen, -0.9)).toEqual({ past: 1, active: false, value: 90 });
    expect(ruleStateAt(rule(), seen, -0.8)).toEqual({ past: 2, active: true, value: 91 });
  });
  it("starts anew after an unknown sample", () => {
    expect(ruleStateAt(rule(), points(90, null, 90), 0).active).toBe(false);
    expect(ruleStateAt(rule(), points(90, null, 90), 0).past).toBe(1);
  });
  it("stays active between the levels and ends below the lower one", () => {
    expect(ruleStateAt(rule(), points(90, 90, 75), 0).active).toBe(true);
    expect(ruleStateAt(rule(), points(90, 90, 75, 72), 0).active).toBe(false);
  });
  it("waits for as long as the rule must last", () => {
    const seen = points(90, 90, 90, 90, 90);
    expect(ruleStateAt(rule({ for_s: 0.3 }), seen, -0.8).active).toBe(false);
    expect(ruleStateAt(rule({ for_s: 0.3 }), seen, -0.65).active).toBe(true);
  });
  it("turns round where less is worse", () => {
    const fps = rule({ signal: "fps", enter: 15, leave: 16.5 });
    expect(ruleStateAt(fps, points(10, 10), 0).active).toBe(true);
    expect(ruleStateAt(fps, points(10, 10, 16), 0).active).toBe(true);
    expect(ruleStateAt(fps, points(10, 10, 17), 0).active).toBe(false);
  });
});

describe("the series that was judged", () => {
  it("is the macro's own where the daemon says so", () => {
    expect(judgedSignal(rule({ measured: "demand_pct" }))).toBe("demand_pct");
    expect(judgedSignal(rule({ measured: "" }))).toBe("cpu_usage");
    expect(judgedSignal(rule())).toBe("cpu_usage");
  });
});
