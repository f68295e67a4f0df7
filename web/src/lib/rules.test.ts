import { describe, expect, it } from "vitest";

import type { ActiveMacro, Cancellation } from "../api/types";
import { closeness, tightest } from "./headroom";
import { KeyReader } from "./keys";
import { effectiveLength, passwordHint } from "./password";
import { routeOf } from "./router";
import { eventTitle, readableReason, ruleSentence } from "./rule";
import { columnsOf, orderSeries, rangeOf, rowsOf, splitKnown } from "./timeline";

describe("routeOf", () => {
  it("knows the pages by their literal paths", () => {
    expect(routeOf("/").page).toBe("overview");
    expect(routeOf("/macro-safety/").page).toBe("macros");
    expect(routeOf("/cancellations").page).toBe("cancellations");
    expect(routeOf("/cancellations/a%20b")).toEqual({ page: "cancellation", id: "a b" });
    expect(routeOf("/locks")).toEqual({ page: "locks" });
    expect(routeOf("/locks/knight")).toEqual({ page: "lane", id: "knight" });
    expect(routeOf("/tasks/g-1/")).toEqual({ page: "graph", id: "g-1" });
    expect(routeOf("/referee/review")).toEqual({ page: "referee", tab: "review" });
    expect(routeOf("/referee/players/a%2Fb")).toEqual({ page: "player", id: "a/b" });
    expect(routeOf("/referee/nothing").page).toBe("not-found");
  });
  it("does not trip over a malformed path", () => {
    expect(routeOf("/cancellations/%E0%A4%A").page).toBe("not-found");
    expect(routeOf("/macro-safety/extra").page).toBe("not-found");
  });
});

describe("KeyReader", () => {
  const key = (name: string, more = {}) => ({
    key: name,
    ctrl: false,
    meta: false,
    alt: false,
    typing: false,
    ...more,
  });
  it("reads sequences only within their time", () => {
    const reader = new KeyReader();
    expect(reader.press(key("g"), 0, true)).toBeNull();
    expect(reader.press(key("m"), 500, true)).toBe("go-macros");
    reader.press(key("g"), 1000, true);
    expect(reader.press(key("m"), 9000, true)).toBeNull();
  });
  it("keeps out of text fields, except for Ctrl-K", () => {
    const reader = new KeyReader();
    expect(reader.press(key("?", { typing: true }), 0, true)).toBeNull();
    expect(reader.press(key("k", { ctrl: true, typing: true }), 0, true)).toBe("palette");
  });
  it("lets single keys be turned off", () => {
    const reader = new KeyReader();
    expect(reader.press(key("/"), 0, false)).toBeNull();
    expect(reader.press(key("k", { meta: true }), 0, false)).toBe("palette");
  });
});

describe("passwordHint", () => {
  it("counts what is missing to twelve", () => {
    expect(passwordHint("elevenchars", "").advice).toBe("1 more character.");
    expect(passwordHint("", "").strength).toBe(0);
  });
  it("sees through repeats, runs, common words and the user's own name", () => {
    expect(effectiveLength("aaaaaa")).toBe(2);
    expect(effectiveLength("abcdef")).toBe(2);
    expect(passwordHint("aaaaaaaaaaaaaaaa", "").strength).toBe(1);
    expect(passwordHint("password123456", "").strength).toBe(1);
    expect(passwordHint("martamartamarta1", "marta").strength).toBe(1);
  });
  it("rewards length", () => {
    expect(passwordHint("four quiet grey herons", "marta").strength).toBe(4);
    expect(passwordHint("kq7-zp2-vx9w", "marta").strength).toBeGreaterThanOrEqual(2);
  });
});

describe("headroom", () => {
  const macro = (headroom: Partial<ActiveMacro["headroom"]>) =>
    ({
      headroom: {
        duration: null,
        cpu_usage: null,
        memory_usage: null,
        fps: null,
        latency: null,
        response_time: null,
        ...headroom,
      },
    }) as ActiveMacro;
  it("names the tightest known limit, and none when all are unknown", () => {
    expect(tightest(macro({ duration: 0.5, latency: 0.1 }))?.label).toBe("Latency");
    expect(tightest(macro({}))).toBeNull();
  });
  it("never calls an unknown room calm", () => {
    expect([null, -0.1, 0, 0.05, 0.2, 0.8].map((left) => closeness(left))).toEqual([
      "unknown",
      "over",
      "over",
      "close",
      "near",
      "calm",
    ]);
  });
});

describe("reasons and rules", () => {
  it("reads the literal reasons and leaves others alone", () => {
    expect(readableReason("Performance threshold exceeded: cpu_usage 85.5 > 80")).toBe(
      "CPU reached 85.5\u00a0%, the limit is 80\u00a0%",
    );
    expect(readableReason("Performance threshold exceeded: fps 13.2 < 15")).toMatch(
      /^FPS fell to 13.2/,
    );
    expect(readableReason("Duration exceeded: 61 s > 60 s")).toMatch(/^Ran for 61/);
    expect(readableReason("Command spam: 21 in 5 s")).toBe("Command spam: 21 in 5 s");
  });
  it("does not claim that a watched macro was cancelled", () => {
    const event = (outcome: string) => ({ macro_name: "Heal", outcome }) as Cancellation;
    expect(eventTitle(event("watched"))).toBe("Heal crossed a limit");
    expect(eventTitle(event("killed"))).toBe("Heal was cancelled");
  });
  it("says the direction of the limit", () => {
    const rule = {
      signal: "fps",
      enter: 15,
      leave: 16.5,
      for_s: 2,
      min_samples: 2,
      limit: 15,
      profile: "p",
      safety_level: "risky" as const,
      window: null,
    };
    expect(ruleSentence(rule)).toContain("FPS below 15");
    expect(
      ruleSentence({ ...rule, signal: "latency", enter: 500, leave: 450, limit: 500 }),
    ).toContain("Latency above 500");
    expect(ruleSentence({ ...rule, signal: "processes", enter: 64, leave: 64, limit: 64 })).toBe(
      "A macro may have at most 64 processes at once.",
    );
  });
});

describe("timeline", () => {
  it("opens a hole where samples are missing", () => {
    const [xs, ys] = columnsOf([
      [-3, 1],
      [-2, 1],
      [-1, 1],
      [5, 2],
      [6, null],
      [7, 2],
    ]);
    expect(xs).toEqual([-3, -2, -1, 2, 5, 6, 7]);
    expect(ys).toEqual([1, 1, 1, null, 2, null, 2]);
  });
  it("does not take the slower sampling after the last macro for a gap", () => {
    const fast = Array.from({ length: 30 }, (_, i) => [i / 10 - 3, 1] as [number, number]);
    const [, ys] = columnsOf([...fast, [1, 2], [2, 2], [3, 2]]);
    expect(ys).not.toContain(null);
  });
  it("sets apart the signals that nobody knew", () => {
    const one = (signal: string, value: number | null) => ({
      signal,
      unit: "",
      limit: null,
      points: [[0, value]] as [number, number | null][],
    });
    const split = splitKnown([one("fps", null), one("latency", 3)]);
    expect([split.known.length, split.unknown]).toEqual([1, ["fps"]]);
  });
  it("averages a second a row and keeps unknown unknown", () => {
    const rows = rowsOf(
      [
        {
          signal: "cpu_usage",
          unit: "%",
          limit: 80,
          points: [
            [-1, 10],
            [-0.5, 20],
            [0, null],
          ],
        },
      ],
      1,
    );
    expect(rows).toEqual([
      { offset: -1, values: [15] },
      { offset: 0, values: [null] },
    ]);
    expect(rowsOf([], 1)).toEqual([]);
  });
  it("keeps the limit in view and the rule's signal in front", () => {
    const series = [
      { signal: "fps", unit: "fps", limit: 15, points: [] },
      { signal: "latency", unit: "ms", limit: 500, points: [] },
    ];
    expect(rangeOf(series[1]!)[1]).toBeGreaterThan(500);
    expect(orderSeries(series, "latency")[0]?.signal).toBe("latency");
  });
});
