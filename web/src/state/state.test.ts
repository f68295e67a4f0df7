import { describe, expect, it } from "vitest";

import type { ActiveMacro, Cancellation, Health, Performance } from "../api/types";
import { SeriesRing } from "../lib/ring";
import {
  addCancellation,
  ageMacros,
  appendPage,
  type Drawn,
  kDrawn,
  kStaleAfterMs,
  linkOf,
  noteHistory,
  noteSample,
  noteSeries,
  readHealth,
  readMacros,
  readSample,
  sortMacros,
} from "./reduce";
import { truthOf } from "./truth";

const rings = () =>
  Object.fromEntries(kDrawn.map((name) => [name, new SeriesRing(10, 1000)])) as Record<
    Drawn,
    SeriesRing
  >;
const macro = (macro_id: string, more: Partial<ActiveMacro> = {}) =>
  ({
    macro_id,
    macro_name: macro_id,
    state: "running",
    time_left: 60,
    headroom: { duration: 0.5 },
    ...more,
  }) as ActiveMacro;
const event = (id: string, timestamp: string) => ({ id, timestamp }) as Cancellation;
const good: Health = {
  status: "ok",
  version: "1",
  checks: [{ name: "disk", status: "ok", latency_ms: 1, detail: "", since: "2026-01-01T00:00:00Z" }],
};

describe("samples", () => {
  it("separates signals from processes and drops what is neither", () => {
    const sample = readSample({
      cpu_usage: { value: 1, state: "known", reason: null, at: "" },
      processes: { heal: { pid: 1 } },
      noise: 7,
    });
    expect(Object.keys(sample.signals)).toEqual(["cpu_usage"]);
    expect(sample.processes.heal?.pid).toBe(1);
    expect(readSample(null).signals).toEqual({});
  });
  it("draws stale and unknown signals as gaps", () => {
    const all = rings();
    noteSample(
      all,
      {
        cpu_usage: { value: 5, state: "stale", reason: null, at: "" },
        fps: { value: 50, state: "known", reason: null, at: "" },
      },
      5000,
    );
    expect(all.cpu_usage.points(5000).at(-1)?.[1]).toBeNull();
    expect(all.fps.points(5000).at(-1)?.[1]).toBe(50);
  });
  it("moves a history from a clock that is wrong onto ours", () => {
    const all = rings();
    const point = (seconds: number, cpu_usage: number | null) => ({
      at: new Date(seconds * 1000).toISOString(),
      cpu_usage,
      memory_usage: null,
      fps: null,
      latency: null,
      response_time: null,
    });
    noteHistory(
      all,
      {
        current: {},
        averages: {},
        subjects: [],
        history: [point(1000, 1), point(1001, null), point(1002, 3)],
      } as Performance,
      9_000_000,
    );
    expect(
      all.cpu_usage
        .points(9_000_000)
        .slice(-3)
        .map((p) => p[1]),
    ).toEqual([1, null, 3]);
  });
});

describe("noteSeries", () => {
  it("fills all seconds of a step, up to where the history starts", () => {
    const ring = new SeriesRing(10, 1000);
    const at = (seconds: number) => new Date(seconds * 1000).toISOString();
    noteSeries(
      ring,
      [
        { timestamp: at(10), value: 4 },
        { timestamp: at(13), value: null },
        { timestamp: at(16), value: 6 },
      ],
      3000,
      0,
      18_000,
    );
    expect(ring.points(19_000).map((point) => point[1])).toEqual([
      4,
      4,
      4,
      null,
      null,
      null,
      6,
      6,
      null,
      null,
    ]);
  });
});

describe("lists", () => {
  it("puts the most urgent macro first", () => {
    const sorted = sortMacros([
      macro("b", { time_left: 900 }),
      macro("c", { time_left: 9 }),
      macro("a", { state: "warned" }),
      macro("d", { state: "cancelling" }),
    ]);
    expect(sorted.map((one) => one.macro_id)).toEqual(["d", "a", "c", "b"]);
  });
  it("moves the clocks of macros on between reports, and not below zero", () => {
    const aged = ageMacros(
      [macro("a", { time_left: 5, duration: 1 }), macro("b", { time_left: 60, duration: 1 })],
      8000,
    );
    expect(aged.map((one) => [one.time_left, one.duration])).toEqual([
      [0, 9],
      [52, 9],
    ]);
  });
  it("replaces an event that it knows, and keeps newest first", () => {
    const list = addCancellation(
      [event("a", "2024-01-02T00:00:00Z"), event("b", "2024-01-01T00:00:00Z")],
      event("a", "2024-01-02T00:00:00Z"),
      5,
    );
    expect(list.map((one) => one.id)).toEqual(["a", "b"]);
    expect(
      addCancellation(list, event("c", "2024-01-03T00:00:00Z"), 2).map((one) => one.id),
    ).toEqual(["c", "a"]);
  });
  it("appends a page without doubling what moved across the border", () => {
    const page = appendPage([event("a", ""), event("b", "")], [event("b", ""), event("c", "")]);
    expect(page.map((one) => one.id)).toEqual(["a", "b", "c"]);
  });
  it("refuses bodies of another shape, so that they are read by REST", () => {
    expect(readMacros({})).toBeNull();
    expect(readHealth({ status: "ok" })).toBeNull();
    expect(readHealth({ status: "ok", version: "1", checks: [] })).toBeNull();
    expect(readHealth(good)).toBe(good);
  });
});

describe("linkOf", () => {
  it("is stale only when neither socket nor REST brought anything for a while", () => {
    expect(linkOf("live", null, 0, 0, 1e9).state).toBe("live");
    expect(linkOf("waiting", 5, 1000, 0, 1000 + kStaleAfterMs).state).toBe("reconnecting");
    expect(linkOf("waiting", 5, 1000, 0, 1001 + kStaleAfterMs)).toMatchObject({
      state: "stale",
      since: 1000,
    });
    expect(linkOf("connecting", null, null, 0, 100).state).toBe("connecting");
    expect(linkOf("connecting", null, null, 0, kStaleAfterMs + 1).state).toBe("stale");
  });
});

describe("truthOf", () => {
  const link = { state: "live" } as const;
  it("says all good only with a health report", () => {
    expect(truthOf({ link, health: null, macros: [] }).mood).toBe("unknown");
    expect(truthOf({ link, health: good, macros: [macro("a"), macro("b")] })).toMatchObject({
      mood: "good",
      short: "All good · 2 macros",
    });
    expect(truthOf({ link, health: good, macros: [] }).short).toBe("All good · no macros");
  });
  it("lets lost contact outrank everything else", () => {
    const truth = truthOf({
      link: { state: "stale", since: 0, retryAt: null },
      health: good,
      macros: [],
    });
    expect(truth.mood).toBe("bad");
    expect(truth.short).toMatch(/^No contact since/);
  });
  it("names the check that is wrong", () => {
    const check = {
      name: "disk",
      status: "degraded" as const,
      latency_ms: 1,
      detail: "86 % used",
      since: "2026-01-01T00:00:00Z",
    };
    const truth = truthOf({
      link,
      health: { ...good, status: "degraded", checks: [check] },
      macros: [],
    });
    expect(truth).toMatchObject({ mood: "warn", headline: "Running, with disk degraded." });
    expect(truth.detail).toContain("86 % used.");
    const failed = truthOf({
      link,
      health: { ...good, status: "failed", checks: [{ ...check, status: "failed" }] },
      macros: null,
    });
    expect(failed).toMatchObject({ mood: "bad", short: "Disk failed" });
  });
  it("does not say inside the limits of a macro that is over one", () => {
    const over = macro("a", {
      headroom: { duration: 0.5, cpu_usage: 0 } as ActiveMacro["headroom"],
    });
    expect(truthOf({ link, health: good, macros: [macro("b")] }).detail).toContain(
      "inside its limits",
    );
    expect(truthOf({ link, health: good, macros: [over] }).detail).not.toContain("inside");
  });
  it("is uneasy while a macro is", () => {
    const truth = truthOf({
      link,
      health: good,
      macros: [macro("heal", { state: "warned" }), macro("b")],
    });
    expect(truth).toMatchObject({ mood: "warn", headline: "heal is warned." });
    expect(truth.detail).toContain("heal is warned");
  });
});
