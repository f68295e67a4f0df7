import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { askAhead, kLeastWaitMs, kMostWaitMs, waitMs } from "./ahead";

const kNow = Date.parse("2026-11-28T12:00:00Z");

class FakePage extends EventTarget {
  hidden = false;
  look(shown: boolean): void {
    this.hidden = !shown;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

describe("how long to wait", () => {
  it("waits for the moment, but neither a second nor for days", () => {
    expect(waitMs("2026-11-28T12:20:00Z", kNow)).toBe(20 * 60_000);
    expect(waitMs("2026-11-28T10:00:00Z", kNow)).toBe(kLeastWaitMs);
    expect(waitMs("2026-11-30T12:00:00Z", kNow)).toBe(kMostWaitMs);
    expect(waitMs("soon", kNow)).toBe(kMostWaitMs);
  });
});

describe("asking ahead", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: kNow });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  /** A daemon whose clock is two hours behind the browser's. */
  const behind = () => vi.fn(async () => ({ until: "2026-11-28T10:00:30Z" as string | null }));

  it("asks a daemon whose clock is behind once a minute", async () => {
    const ask = behind();
    const stop = askAhead(ask, () => {}, new FakePage());
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    expect(ask).toHaveBeenCalledTimes(11);
    stop();
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    expect(ask).toHaveBeenCalledTimes(11);
  });

  it("asks nothing while nobody looks, and what is due when somebody does", async () => {
    const ask = behind();
    const page = new FakePage();
    const stop = askAhead(ask, () => {}, page);
    await vi.advanceTimersByTimeAsync(0);
    page.look(false);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(ask).toHaveBeenCalledTimes(1);
    page.look(true);
    page.look(false);
    page.look(true);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(ask).toHaveBeenCalledTimes(2);
    stop();
  });

  it("asks when the answer is over, and no more when nothing is ahead", async () => {
    const answers: (string | null)[] = ["2026-11-28T12:30:00Z", null];
    const ask = vi.fn(async () => ({ until: answers.shift() ?? null }));
    const stop = askAhead(ask, () => {}, new FakePage());
    await vi.advanceTimersByTimeAsync(30 * 60_000 - 1);
    expect(ask).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(ask).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(48 * 3_600_000);
    expect(ask).toHaveBeenCalledTimes(2);
    stop();
  });

  it("shows a failure as nothing and asks again", async () => {
    const shown: unknown[] = [];
    const ask = vi.fn(async () => ({ until: null as string | null }));
    ask.mockRejectedValueOnce(new Error("restarting"));
    const stop = askAhead(ask, (answer) => shown.push(answer), new FakePage());
    await vi.advanceTimersByTimeAsync(kLeastWaitMs);
    expect(shown).toEqual([null, { until: null }]);
    stop();
  });
});
