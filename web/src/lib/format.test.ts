import { describe, expect, it } from "vitest";

import {
  formatAgo,
  formatBytes,
  formatClock,
  formatLength,
  formatNumber,
  formatOffset,
  formatValue,
  plural,
  sentenceCase,
  signalReason,
} from "./format";

const now = Date.UTC(2024, 5, 11, 12, 0, 0);
const at = (secondsAgo: number): string => new Date(now - secondsAgo * 1000).toISOString();

describe("numbers", () => {
  it("groups thousands from five digits on, and keeps the asked digits", () => {
    expect(formatNumber(1184)).toBe("1184");
    expect(formatNumber(12345.678, 1)).toBe("12\u2009345.7");
    expect(formatNumber(-3.21, 1)).toBe("\u22123.2");
    expect(formatNumber(-0.01, 1)).toBe("0.0");
  });
  it("writes an unknown value as a word, never as 0", () => {
    expect(formatValue("cpu_usage", null)).toBe("unknown");
    expect(formatValue("cpu_usage", 0)).toBe("0\u00a0%");
    expect(formatValue("something_new", 1.5)).toBe("1.50");
  });
  it("scales bytes by 1024", () => {
    expect(formatBytes(512)).toBe("512\u00a0B");
    expect(formatBytes(1536)).toBe("1.5\u00a0KiB");
    expect(formatBytes(200 * 1024 * 1024)).toBe("200\u00a0MiB");
    expect(formatValue("network_rx_bytes_per_s", 1536)).toBe("1.5\u00a0KiB/s");
  });
});

describe("times", () => {
  it("shows running things as a clock that never goes below zero", () => {
    expect(formatClock(5)).toBe("0:05");
    expect(formatClock(125)).toBe("2:05");
    expect(formatClock(3725)).toBe("1:02:05");
    expect(formatClock(-4)).toBe("0:00");
  });
  it("shows settings as lengths", () => {
    expect([
      formatLength(0.5),
      formatLength(60),
      formatLength(90),
      formatLength(5400),
      formatLength(200_000),
    ]).toEqual(["0.5 s", "1 min", "1 min 30 s", "1 h 30 min", "2 days"]);
  });
  it("says how long ago in the coarsest unit that helps", () => {
    expect([1, 40, 720, 10_800, 259_200].map((seconds) => formatAgo(at(seconds), now))).toEqual([
      "just now",
      "40 s ago",
      "12 min ago",
      "3 h ago",
      "3 days ago",
    ]);
    expect(formatAgo("not a time", now)).toBe("at an unknown time");
  });
  it("signs offsets from the decision", () => {
    expect([formatOffset(-12), formatOffset(0), formatOffset(1.5)]).toEqual([
      "\u221212.0 s",
      "0.0 s",
      "+1.5 s",
    ]);
  });
});

describe("reasons", () => {
  it("has no reason for a known signal and one for every other", () => {
    expect(signalReason({ value: 1, state: "known", reason: null, at: at(1) }, now)).toBeNull();
    expect(
      signalReason({ value: null, state: "unknown", reason: "no game link", at: null }, now),
    ).toBe("No game link.");
    expect(signalReason({ value: 4, state: "stale", reason: null, at: at(41) }, now)).toBe(
      "Stale: last seen 41 s ago.",
    );
    expect(signalReason(undefined, now)).toMatch(/not reported/);
    expect(signalReason({ value: null, state: "unknown", reason: null, at: null }, now)).toMatch(
      /Nobody/,
    );
  });
  it("makes sentences and plurals", () => {
    expect(sentenceCase("killed")).toBe("Killed.");
    expect(sentenceCase("Why?")).toBe("Why?");
    expect([plural(1, "macro"), plural(3, "macro"), plural(2, "entry", "entries")]).toEqual([
      "1 macro",
      "3 macros",
      "2 entries",
    ]);
  });
});
