import { describe, expect, it } from "vitest";

import type { MacroProfile } from "../api/types";
import { draftOf, moved, newWindow, noLimits, patchOf, readLimits } from "./profile-draft";

const night = {
  name: "night",
  cron: "0 22 * * *",
  time_zone: "Europe/Berlin",
  duration_s: 28_800,
  thresholds: { cpu_usage_max: 40 },
};
const profile = { dry_run: false, windows: [night] } as unknown as MacroProfile;

describe("a profile that is edited", () => {
  it("sends nothing when nothing was changed, whatever the daemon leaves out or adds", () => {
    const empty = { ...profile, windows: [{ ...night, thresholds: {} }] } as MacroProfile;
    expect(patchOf(profile, draftOf(profile))).toEqual({ patch: {} });
    expect(patchOf(empty, draftOf(empty))).toEqual({ patch: {} });
  });
  it("sends the switch alone when only that was moved", () => {
    expect(patchOf(profile, { ...draftOf(profile), dry_run: true })).toEqual({ patch: { dry_run: true } });
  });
  it("sends every window when one was changed, with only the limits that it sets", () => {
    const draft = draftOf(profile);
    draft.windows[0]!.minutes = "90";
    draft.windows.push({ ...newWindow(7, "UTC"), cron: "0 8 * * 1", auto_cancel_enabled: "false" });
    expect(patchOf(profile, draft)).toEqual({
      patch: {
        windows: [
          { ...night, duration_s: 5400 },
          { cron: "0 8 * * 1", time_zone: "UTC", duration_s: 3600, auto_cancel_enabled: false },
        ],
      },
    });
  });
  it("names every wrong field as the API does, and sends nothing", () => {
    const draft = draftOf(profile);
    draft.windows[0]!.thresholds.fps_min = "many";
    draft.windows.push({ ...newWindow(1, ""), minutes: "0.5" });
    const read = patchOf(profile, draft);
    expect("wrong" in read && Object.keys(read.wrong)).toEqual([
      "windows[0].thresholds.fps_min",
      "windows[1].cron",
      "windows[1].duration_s",
    ]);
  });
  it("knows an empty limit from 0", () => {
    const wrong = {};
    const draft = noLimits();
    expect(readLimits(draft, "", wrong)).toEqual({});
    draft.thresholds.fps_min = "0";
    expect(readLimits(draft, "", wrong)).toEqual({ thresholds: { fps_min: 0 } });
    expect(wrong).toEqual({});
  });
  it("moves a window by one place and not beyond the ends", () => {
    expect(moved([1, 2, 3], 1, -1)).toEqual([2, 1, 3]);
    expect(moved([1, 2, 3], 2, 1)).toEqual([1, 2, 3]);
    expect(moved([1, 2, 3], 0, -1)).toEqual([1, 2, 3]);
  });
});
