import { describe, expect, it } from "vitest";

import type { Simulation } from "../api/types";
import { askOf, coverageLine, levelLine, newSimulation, possibleLine, shareText } from "./simulation";

const of = { runs: 2, runs_recorded: true, samples_used: 640, gaps: 1, unknown_share: 0.03 };
const line = (more: object): string => coverageLine({ ...of, ...more } as unknown as Simulation);

describe("what a simulation rests on", () => {
  it("names runs, samples, gaps and the unknown share", () => {
    expect(line({})).toBe("2 runs · 640 samples · 1 gap · 3\u00a0% of the time unknown");
  });
  it("calls a little not nothing, and nearly all not all", () => {
    expect(shareText(0.004)).toBe("less than 1\u00a0%");
    expect(shareText(0)).toBe("0\u00a0%");
    expect(shareText(0.996)).toBe("more than 99\u00a0%");
    expect(shareText(1)).toBe("100\u00a0%");
  });
  it("counts no runs where none are recorded", () => {
    expect(line({ runs_recorded: false })).not.toContain("run");
  });
  it("names the level, and who set it", () => {
    const level = (level_from: Simulation["level_from"]): string =>
      levelLine({ safety_level: "safe", level_from } as Simulation);
    expect(level("profile")).toBe("Watched as safe, the profile's.");
    expect(level("request")).toBe("Watched as safe, as asked.");
    expect(level("last_run")).toBe("Watched as safe, as at its last start.");
  });
  it("names a breach that a mean may hide", () => {
    const one = { from: "", to: "", signal: "latency", worst: 612, limit: 500 };
    expect(possibleLine(one)).toMatch(/^Latency: the worst sample was 612.ms, the limit is 500.ms$/);
  });
});

describe("what is asked of a simulation", () => {
  const draft = newSimulation("");
  it("is the macro alone when nothing was chosen", () => {
    expect(askOf("heal", draft, undefined)).toEqual({ ask: { macro_id: "heal" } });
  });
  it("has the changes of a profile that are not saved, and limits over them", () => {
    const limits = { ...draft.limits, max_duration: "20" };
    expect(askOf("heal", { ...draft, limits }, { dry_run: true, max_duration: 5 })).toEqual({
      ask: { macro_id: "heal", patch: { dry_run: true, max_duration: 20 } },
    });
  });
  it("has times with their zone", () => {
    const asked = askOf("heal", { ...draft, to: "2026-11-02T10:00" }, undefined);
    expect(asked).toEqual({ ask: { macro_id: "heal", to: new Date("2026-11-02T10:00").toISOString() } });
  });
  it("is refused when it ends before it begins or is too long, with the field", () => {
    const wrong = (from: string, to: string): unknown => askOf("heal", { ...draft, from, to }, undefined);
    expect(wrong("2026-11-02T10:00", "2026-11-02T10:00")).toEqual({ wrong: { to: "Enter a time after the start." } });
    expect(wrong("2026-11-02T10:00", "2026-11-09T10:01")).toHaveProperty("wrong.to");
    expect(wrong("2026-11-02T10:00", "2026-11-09T10:00")).toHaveProperty("ask");
  });
});
