import { beforeEach, describe, expect, it } from "vitest";

import {
  kLastRetryMs,
  kOpenWithinMs,
  kPingAfterMs,
  kPongWithinMs,
  LiveSocket,
  retryDelay,
  type SocketLike,
} from "./socket";

/** A clock with timers that runs when told to. */
class FakeTime {
  now = 0;
  private timers: { at: number; f: () => void }[] = [];
  after = (ms: number, f: () => void): object => {
    const timer = { at: this.now + ms, f };
    this.timers.push(timer);
    return timer;
  };
  cancel = (timer: unknown): void => {
    this.timers = this.timers.filter((other) => other !== timer);
  };
  pass(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const next = this.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.cancel(next);
      this.now = next.at;
      next.f();
    }
    this.now = end;
  }
}

class FakeSocket implements SocketLike {
  onopen: SocketLike["onopen"] = null;
  onmessage: SocketLike["onmessage"] = null;
  onclose: SocketLike["onclose"] = null;
  sent: { op: string }[] = [];
  closed = false;
  send(text: string): void {
    this.sent.push(JSON.parse(text) as { op: string });
  }
  close(): void {
    this.closed = true;
  }
  frame(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

let time: FakeTime;
let sockets: FakeSocket[];
let log: string[];
let live: LiveSocket;
const last = (): FakeSocket => sockets[sockets.length - 1]!;

beforeEach(() => {
  time = new FakeTime();
  sockets = [];
  log = [];
  const deps = {
    open: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    now: () => time.now,
    after: time.after,
    cancel: time.cancel,
    random: () => 0.5,
  };
  const events = {
    onPhase: (phase: string) => log.push(phase),
    onSubscribed: (seqs: object) => log.push(`subscribed ${JSON.stringify(seqs)}`),
    onFrame: (topic: string, data: unknown) => log.push(`${topic}=${JSON.stringify(data)}`),
    onGap: (topic: string) => log.push(`gap ${topic}`),
    onAlive: () => {},
    onRevoked: (code: number) => log.push(`revoked ${code}`),
  };
  live = new LiveSocket(
    deps,
    events,
    ["metric:sample", "macro:cancelled"],
    new Set(["metric:sample"]),
  );
  live.start();
});

describe("topics of a page", () => {
  const asked = () => last().sent.map((one) => one as { op: string; topics?: string[] });
  const open = () => {
    live.start();
    last().onopen?.();
  };
  it("are asked for in an operation of their own, and again after a reconnect", () => {
    open();
    live.subscribe(["lock:updated"]);
    expect(asked().slice(1)).toMatchObject([{ op: "subscribe", topics: ["lock:updated"] }]);
    last().onclose?.({ code: 1006, reason: "" });
    time.pass(kLastRetryMs);
    last().onopen?.();
    expect(asked()).toHaveLength(2);
    expect(asked()[1]).toMatchObject({ op: "subscribe", topics: ["lock:updated"] });
  });
  it("stay while anybody wants them", () => {
    open();
    live.subscribe(["a", "b"]);
    live.subscribe(["b"]);
    live.unsubscribe(["a", "b"]);
    expect(asked().at(-1)).toMatchObject({ op: "unsubscribe", topics: ["a"] });
    live.unsubscribe(["b"]);
    expect(asked().at(-1)).toMatchObject({ op: "unsubscribe", topics: ["b"] });
  });
});

describe("LiveSocket", () => {
  it("subscribes once it is open", () => {
    last().onopen?.();
    expect(last().sent[0]).toMatchObject({
      op: "subscribe",
      topics: ["metric:sample", "macro:cancelled"],
    });
    expect(log).toEqual(["connecting", "live"]);
  });
  it("tells where the topics stood when the subscription was acknowledged", () => {
    last().onopen?.();
    last().frame({ type: "ack", id: 1, seq: { "macro:cancelled": 4 } });
    last().frame({ type: "ack", id: 2 });
    expect(log.slice(2)).toEqual(['subscribed {"macro:cancelled":4}']);
  });
  it("doubles its back-off up to a limit, and starts again after a success", () => {
    expect([0, 1, 2, 3].map((attempt) => retryDelay(attempt, 0.5))).toEqual([
      500, 1000, 2000, 4000,
    ]);
    expect(retryDelay(99, 0.5)).toBe(kLastRetryMs);
    expect(retryDelay(0, 0)).toBe(400);
    last().onclose?.({ code: 1006, reason: "" });
    time.pass(499);
    expect(sockets).toHaveLength(1);
    time.pass(1);
    expect(sockets).toHaveLength(2);
    last().onclose?.({ code: 1006, reason: "" });
    time.pass(1000);
    expect(sockets).toHaveLength(3);
    last().onopen?.();
    last().onclose?.({ code: 1013, reason: "" });
    time.pass(500);
    expect(sockets).toHaveLength(4);
  });
  it("reports a lost frame of an event topic, but not of a latest-wins one", () => {
    last().onopen?.();
    last().frame({ type: "x", topic: "macro:cancelled", seq: 4, ts: "", data: 1 });
    last().frame({ type: "x", topic: "macro:cancelled", seq: 6, ts: "", data: 2 });
    last().frame({ type: "x", topic: "metric:sample", seq: 1, ts: "", data: 3 });
    last().frame({ type: "x", topic: "metric:sample", seq: 9, ts: "", data: 4 });
    last().frame({ type: "gap", topic: "macro:cancelled", from: 7, to: 9 });
    expect(log.filter((line) => line.startsWith("gap"))).toEqual([
      "gap macro:cancelled",
      "gap macro:cancelled",
    ]);
  });
  it("does not call the first frame of a new connection a gap", () => {
    last().onopen?.();
    last().frame({ type: "x", topic: "macro:cancelled", seq: 4, ts: "", data: 1 });
    last().onclose?.({ code: 1006, reason: "" });
    time.pass(500);
    last().onopen?.();
    last().frame({ type: "x", topic: "macro:cancelled", seq: 90, ts: "", data: 1 });
    expect(log.filter((line) => line.startsWith("gap"))).toEqual([]);
  });
  it("pings a quiet connection and leaves a dead one", () => {
    last().onopen?.();
    time.pass(kPingAfterMs);
    expect(last().sent[1]).toMatchObject({ op: "ping" });
    last().frame({ type: "pong", id: 2 });
    time.pass(kPongWithinMs);
    expect(last().closed).toBe(false);
    time.pass(kPingAfterMs + kPongWithinMs);
    expect(sockets[0]!.closed).toBe(true);
    expect(log.at(-1)).not.toBe("live");
  });
  it("gives up an upgrade that never completes", () => {
    time.pass(kOpenWithinMs + 600);
    expect(sockets.length).toBeGreaterThan(1);
  });
  it("does not reconnect a revoked session", () => {
    last().onopen?.();
    last().onclose?.({ code: 4401, reason: "revoked" });
    time.pass(60_000);
    expect(sockets).toHaveLength(1);
    expect(log).toContain("revoked 4401");
  });
  it("stays closed after stop, and ignores late events of an old socket", () => {
    const old = last();
    const late = old.onopen;
    live.stop();
    late?.();
    time.pass(60_000);
    expect(sockets).toHaveLength(1);
    expect(log.at(-1)).toBe("closed");
  });
  it("tries at once when asked, instead of at the end of the back-off", () => {
    last().onclose?.({ code: 1006, reason: "" });
    live.retryNow();
    expect(sockets).toHaveLength(2);
    live.retryNow();
    expect(sockets).toHaveLength(2);
  });
  it("survives a frame that is not JSON", () => {
    last().onopen?.();
    last().onmessage?.({ data: "{" });
    expect(log).toEqual(["connecting", "live"]);
  });
});
