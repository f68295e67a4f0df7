import { describe, expect, it } from "vitest";

import { onBreach, windowLine } from "../pages/profiles";
import type { MacroProfile } from "../api/types";
import { startLine } from "../profiles/next";

const profile = { auto_cancel_enabled: true, dry_run: false } as MacroProfile;

describe("a profile in words", () => {
  it("says that a dry run only records, whatever else it says", () => {
    expect(onBreach(profile).words).toBe("Cancels");
    expect(onBreach({ ...profile, auto_cancel_enabled: false }).words).toBe("Watches only");
    expect(onBreach({ ...profile, dry_run: true }).words).toBe("Records only (dry run)");
  });
  it("names when a window is open and only what it sets", () => {
    const line = windowLine({
      name: "night",
      cron: "0 22 * * *",
      time_zone: "Europe/Berlin",
      duration_s: 28800,
      thresholds: { cpu_usage_max: 40 },
    });
    expect(line).toContain("night: 0 22 * * * for ");
    expect(line).toContain("Europe/Berlin · CPU ≤ 40 %");
    expect(line).not.toContain("FPS");
  });
});

describe("the next windows of a profile", () => {
  const from = new Date(2026, 10, 28, 22).toISOString();
  const to = new Date(2026, 10, 29, 6).toISOString();
  const start = { window: "night", from, to };
  it("names the day of what is not today", () => {
    const noon = new Date(2026, 10, 28, 12).getTime();
    expect(startLine(start, noon)).toBe("night: 22:00 to 29 Nov, 06:00");
  });
});
