import { describe, expect, it } from "vitest";

import type { Simulation } from "../api/types";
import { coverageLine } from "./simulation";

const of = { runs: 2, runs_recorded: true, samples_used: 640, gaps: 1, unknown_share: 0.03 };
const line = (more: object): string => coverageLine({ ...of, ...more } as unknown as Simulation);

describe("what a simulation rests on", () => {
  it("names runs, samples, gaps and the unknown share", () => {
    expect(line({})).toBe("2 runs · 640 samples · 1 gap · 3 % of the time unknown");
  });
  it("does not call a little unknown nothing", () => {
    expect(line({ unknown_share: 0.004 })).toContain("less than 1 % of the time unknown");
    expect(line({ unknown_share: 0 })).toContain("· 0 % of the time unknown");
  });
  it("counts no runs where none are recorded", () => {
    expect(line({ runs_recorded: false })).not.toContain("run");
  });
});
