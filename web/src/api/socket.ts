// The live connection: subscribes, counts, notices silence, reconnects with back-off. It knows
// nothing of pages or signals; time, timers and the socket itself are handed in, so that the tests
// run an afternoon of bad Wi-Fi in a millisecond.

import type { Frame } from "./types";

export const kProtocol = "gamekeeper.v1.json";
/** A quiet connection is asked for a sign of life after this long. Chosen. */
export const kPingAfterMs = 10_000;
/** And given up when none comes. Chosen: about three lost packets on a bad link. */
export const kPongWithinMs = 5_000;
/** An upgrade that takes longer is given up. Chosen. */
export const kOpenWithinMs = 8_000;
/** Back-off doubles from the first to the second. Chosen: a restart of the daemon takes < 1 s. */
export const kFirstRetryMs = 500;
export const kLastRetryMs = 15_000;

/** The part of WebSocket that is used. */
export interface SocketLike {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export interface SocketDeps {
  open(): SocketLike;
  now(): number;
  after(ms: number, f: () => void): unknown;
  cancel(timer: unknown): void;
  /** In [0, 1): spreads the retries of many pages after one restart. */
  random(): number;
}

export type SocketPhase = "connecting" | "live" | "waiting" | "closed";

export interface SocketEvents {
  onPhase(phase: SocketPhase, retryAt: number | null): void;
  /** The subscription stands; the number of each topic's last frame before it. */
  onSubscribed(seqs: Readonly<Record<string, number>>): void;
  onFrame(topic: string, data: unknown): void;
  /** Frames of `topic` were lost: re-read the resource by REST. */
  onGap(topic: string): void;
  /** Any frame at all: proof of life. */
  onAlive(now: number): void;
  /** The server ended the session (4401) or took a scope away (4403). */
  onRevoked(code: number): void;
}

/** Delay before try number `attempt` (0 = the first after a loss), with ±20 % spread. */
export function retryDelay(attempt: number, random: number): number {
  const base = Math.min(kLastRetryMs, kFirstRetryMs * 2 ** Math.min(attempt, 10));
  return Math.round(base * (0.8 + 0.4 * random));
}

export class LiveSocket {
  private socket: SocketLike | null = null;
  private timer: unknown = null;
  private attempt = 0;
  private nextId = 1;
  private lastFrameAt = 0;
  private closed = true;
  private readonly lastSeq = new Map<string, number>();
  /** Topics of the page that is shown; how many want each. */
  private readonly extra = new Map<string, number>();

  /** `latestWins`: topics whose frames may be skipped by design, so a jump in seq is no loss. */
  constructor(
    private readonly deps: SocketDeps,
    private readonly events: SocketEvents,
    private readonly topics: readonly string[],
    private readonly latestWins: ReadonlySet<string>,
  ) {}

  start(): void {
    if (!this.closed) return;
    this.closed = false;
    this.attempt = 0;
    this.connect();
  }

  stop(): void {
    this.closed = true;
    this.drop();
    this.events.onPhase("closed", null);
  }

  /** Does not wait for the back-off to end: a person asked, or the network came back. */
  retryNow(): void {
    if (this.closed || this.socket) return;
    this.clearTimer();
    this.connect();
  }

  /** Adds topics until they are unsubscribed as often; kept over a reconnect. */
  subscribe(topics: readonly string[]): void {
    const fresh = topics.filter((topic) => !this.extra.has(topic));
    for (const topic of topics) this.extra.set(topic, (this.extra.get(topic) ?? 0) + 1);
    this.ask("subscribe", fresh);
  }

  unsubscribe(topics: readonly string[]): void {
    const last = topics.filter((topic) => this.extra.get(topic) === 1);
    for (const topic of topics) {
      const left = (this.extra.get(topic) ?? 0) - 1;
      if (left > 0) this.extra.set(topic, left);
      else this.extra.delete(topic);
    }
    for (const topic of last) this.lastSeq.delete(topic);
    this.ask("unsubscribe", last);
  }

  private ask(op: "subscribe" | "unsubscribe", topics: readonly string[]): void {
    if (topics.length > 0) this.send({ op, topics, id: this.nextId++ });
  }

  private connect(): void {
    this.events.onPhase("connecting", null);
    this.lastSeq.clear(); // The server numbers a new connection's frames as it likes.
    const socket = this.deps.open();
    this.socket = socket;
    this.timer = this.deps.after(kOpenWithinMs, () => this.lost(1006));
    socket.onopen = () => {
      if (socket !== this.socket) return;
      this.attempt = 0;
      this.lastFrameAt = this.deps.now();
      this.send({ op: "subscribe", topics: this.topics, id: this.nextId++ });
      // On its own, so that a scope that is missing for these costs nothing above.
      if (this.extra.size > 0) this.ask("subscribe", [...this.extra.keys()]);
      this.events.onPhase("live", null);
      this.watch();
    };
    socket.onmessage = (event) => {
      if (socket === this.socket) this.receive(event.data);
    };
    socket.onclose = (event) => {
      if (socket === this.socket) this.lost(event.code);
    };
  }

  private send(op: object): void {
    try {
      this.socket?.send(JSON.stringify(op));
    } catch {
      // It is closing; onclose follows.
    }
  }

  private receive(text: unknown): void {
    let frame: Frame;
    try {
      frame = JSON.parse(String(text)) as Frame;
    } catch {
      return; // Not ours to guess at.
    }
    this.lastFrameAt = this.deps.now();
    this.events.onAlive(this.lastFrameAt);
    if (frame.type === "ack" && "seq" in frame && typeof frame.seq === "object") {
      return this.events.onSubscribed(frame.seq);
    }
    if (!("topic" in frame)) return;
    if (!("seq" in frame) || typeof frame.seq !== "number") {
      if (frame.type === "gap") this.events.onGap(frame.topic);
      return;
    }
    const last = this.lastSeq.get(frame.topic);
    this.lastSeq.set(frame.topic, frame.seq);
    this.events.onFrame(frame.topic, frame.data);
    const skipped = last !== undefined && frame.seq > last + 1;
    if (skipped && !this.latestWins.has(frame.topic)) this.events.onGap(frame.topic);
  }

  /** Pings a quiet connection and gives up a silent one. */
  private watch(): void {
    this.clearTimer();
    this.timer = this.deps.after(kPingAfterMs, () => {
      if (this.deps.now() - this.lastFrameAt < kPingAfterMs) return this.watch();
      const asked = this.deps.now();
      this.send({ op: "ping", id: this.nextId++ });
      this.timer = this.deps.after(kPongWithinMs, () => {
        if (this.lastFrameAt >= asked) this.watch();
        else this.lost(1006);
      });
    });
  }

  private lost(code: number): void {
    this.drop();
    if (this.closed) return;
    if (code === 4401 || code === 4403) this.events.onRevoked(code);
    if (this.closed || code === 4401) return;
    const delay = retryDelay(this.attempt++, this.deps.random());
    this.timer = this.deps.after(delay, () => {
      this.timer = null;
      this.connect();
    });
    this.events.onPhase("waiting", this.deps.now() + delay);
  }

  private drop(): void {
    this.clearTimer();
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    try {
      socket.close();
    } catch {
      // Already closed.
    }
  }

  private clearTimer(): void {
    if (this.timer !== null) this.deps.cancel(this.timer);
    this.timer = null;
  }
}
