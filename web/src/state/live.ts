// What the daemon says right now: kept by the WebSocket, re-read by REST after a gap, and polled by
// REST while there is no socket. Pages read the signals and know nothing of how they are kept.

import { batch, computed, effect, signal, untracked } from "@preact/signals";

import { api, ApiError } from "../api/client";
import { kProtocol, LiveSocket, type SocketLike, type SocketPhase } from "../api/socket";
import type { ActiveMacro, Average, Cancellation, Health, Overview, Performance } from "../api/types";
import { SeriesRing } from "../lib/ring";
import { eventTitle, readableReason } from "../lib/rule";
import { now } from "./clock";
import {
  addCancellation,
  ageMacros,
  type Covered,
  type Drawn,
  kDrawn,
  linkOf,
  noteHistory,
  noteSample,
  noteSeries,
  readHealth,
  readMacros,
  readSample,
  type Sample,
  type Signals,
  sortMacros,
} from "./reduce";
import { door, knock, sessionEnded, takeFirstView } from "./session";
import { toast } from "./toasts";
import { truthOf } from "./truth";

/** Numbers on the page change at most this often, however fast the sampler is. Chosen. */
const kShowEveryMs = 500;
/** REST stands in for the socket this often while it is away. Chosen. */
const kPollMs = 5000;
/** Headroom moves between two frames of macro:updated, so it is read this often. Chosen. */
const kMacrosEveryMs = 2000;
const kRecent = 50;
/** The sparks show this long; what is older than the daemon's short history comes in such steps. */
const kRingS = 300;
const kBackfillStepS = 5;

const kTopics = [
  "metric:sample",
  "macro:updated",
  "macro:started",
  "macro:paused",
  "macro:cancelled",
  "health:changed",
  "system:alert",
  "heartbeat",
] as const;
const kLatestWins = new Set<string>([
  "metric:sample",
  "macro:updated",
  "health:changed",
  "heartbeat",
  "lock:updated",
  "task:updated",
  "movement:updated",
  "frames:updated",
]);

function makeRings(): Record<Drawn, SeriesRing> {
  const entries = kDrawn.map((name) => [name, new SeriesRing(kRingS, 1000)] as const);
  return Object.fromEntries(entries) as Record<Drawn, SeriesRing>;
}

export const rings = makeRings();
export const signals = signal<Signals | null>(null);
export const processes = signal<Sample["processes"]>({});
export const averages = signal<Readonly<Record<string, Average>>>({});
const reported = signal<{ list: readonly ActiveMacro[]; at: number } | null>(null);
export const health = signal<Health | null>(null);
export const recent = signal<readonly Cancellation[] | null>(null);
export const recentCursor = signal<string | null>(null);
/** Why the first read of a thing failed, by name; empty when it did not. */
export const problems = signal<Readonly<Record<string, string>>>({});

const phase = signal<SocketPhase>("closed");
const retryAt = signal<number | null>(null);
const lastData = signal<number | null>(null);
const startedAt = signal(Date.now());

export const link = computed(() =>
  linkOf(phase.value, retryAt.value, lastData.value, startedAt.value, now.value),
);
/** As reported, with the clocks moved on; they stop where contact was lost. */
export const macros = computed<readonly ActiveMacro[] | null>(() => {
  const last = reported.value;
  if (last === null) return null;
  const until = link.value.state === "live" ? now.value : Math.max(last.at, lastData.value ?? 0);
  return ageMacros(last.list, until - last.at);
});
export const isStale = computed(() => link.value.state === "stale");
export const truth = computed(() =>
  truthOf({ link: link.value, health: health.value, macros: macros.value }),
);

/** The rings have a hole (start, reconnect) that the daemon's history may fill. */
let needsHistory = true;
/** The last event of each topic that what we read by REST already has. */
let lastSeqs: Readonly<Record<string, number>> | null = null;

type Resource = "performance" | "macros" | "health" | "cancellations";
const kReaders: Record<Resource, () => Promise<void>> = {
  async performance() {
    notePerformance(await api.performance());
  },
  async macros() {
    noteMacros(sortMacros((await api.activeMacros()).items));
  },
  async health() {
    health.value = await api.health();
  },
  async cancellations() {
    noteCancellations(await api.cancellations(null, kRecent));
  },
};

/** Reads a thing by REST now. Never throws: the reason lands in `problems`. */
export async function refresh(resource: Resource): Promise<void> {
  try {
    await kReaders[resource]();
    settle(resource);
  } catch (error) {
    const message =
      error instanceof ApiError ? error.message : "This page could not read the answer.";
    problems.value = { ...problems.value, [resource]: message };
  }
}

function settle(resource: Resource): void {
  const { [resource]: _, ...rest } = problems.value;
  batch(() => {
    lastData.value = Date.now();
    problems.value = rest;
  });
}

/** Reads everything again, in one call. */
export async function refreshAll(): Promise<void> {
  try {
    noteOverview(await api.overview());
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return sessionEnded();
    // Each part asks for itself and so learns its own reason.
    for (const resource of Object.keys(kReaders) as Resource[]) void refresh(resource);
  }
}

function notePerformance(body: Performance, series: Overview["series"] = {}): void {
  if (needsHistory) backfill(noteHistory(rings, body, Date.now()), series);
  needsHistory = false;
  const sample = readSample(body.current);
  batch(() => {
    averages.value = body.averages;
    signals.value = { ...signals.value, ...sample.signals };
  });
  if (phase.value !== "live") noteSample(rings, sample.signals, Date.now());
}

function noteCancellations(page: { items: Cancellation[]; next_cursor: string | null }): void {
  batch(() => {
    recent.value = page.items;
    recentCursor.value = page.next_cursor;
  });
}

/** A part that did not come is read by its own route, which says why. */
function noteOverview(view: Overview): void {
  lastSeqs = view.seq;
  const take = <T>(part: T | null, resource: Resource, note: (part: T) => void): void => {
    if (part === null) return void refresh(resource);
    note(part);
    settle(resource);
  };
  take(view.performance, "performance", (body) => notePerformance(body, view.series));
  take(view.active_macros, "macros", (list) => noteMacros(sortMacros(list.items)));
  take(view.cancellations, "cancellations", noteCancellations);
  take(view.health, "health", (report) => {
    health.value = report;
  });
}

/** The daemon's short history covers 10 s at 10 Hz; the rest of the five minutes is in its series. */
function backfill({ from, shift }: Covered, series: Overview["series"]): void {
  const until = from ?? Date.now();
  for (const name of kDrawn) {
    // A signal that was never known has no series: its line starts where it starts.
    const points = series[name]?.points;
    if (points) noteSeries(rings[name], points, kBackfillStepS * 1000, shift, until);
  }
}

function noteMacros(list: readonly ActiveMacro[]): void {
  reported.value = { list, at: Date.now() };
}

let pending: Sample | null = null;

function showPending(): void {
  if (!pending) return;
  const sample = pending;
  pending = null;
  batch(() => {
    signals.value = sample.signals;
    processes.value = sample.processes;
  });
}

function onSample(data: unknown): void {
  const sample = readSample(data);
  noteSample(rings, sample.signals, Date.now());
  const first = signals.value === null;
  pending = sample;
  if (first) showPending();
}

const kFrames: Record<string, (data: unknown) => void> = {
  "metric:sample": onSample,
  "macro:updated": (data) => {
    const list = readMacros(data);
    if (list) noteMacros(list);
    else void refresh("macros");
  },
  "macro:started": () => void refresh("macros"),
  "macro:paused": () => void refresh("macros"),
  "macro:cancelled": (data) => {
    const event = data as Cancellation;
    recent.value = addCancellation(
      recent.value ?? [],
      event,
      Math.max(kRecent, recent.value?.length ?? 0),
    );
    toast("warn", `${eventTitle(event)}. ${readableReason(event.cancellation_reason)}.`);
  },
  "health:changed": (data) => {
    const report = readHealth(data);
    if (report) health.value = report;
    else void refresh("health");
  },
  "system:alert": (data) => {
    const alert = data as { message?: string; title?: string; severity?: string };
    const text = alert.message ?? alert.title;
    if (text) toast(alert.severity === "info" ? "info" : "warn", text);
  },
};

/** What to re-read when frames of a topic were lost. */
const kAfterGap: Record<string, Resource> = {
  "metric:sample": "performance",
  "macro:updated": "macros",
  "macro:started": "macros",
  "macro:paused": "macros",
  "macro:cancelled": "cancellations",
  "health:changed": "health",
};

function openSocket(): SocketLike {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return new WebSocket(`${scheme}//${location.host}/api/v1/ws`, kProtocol) as SocketLike;
}

/** What a page follows while it is shown: topics of its own, and how to read it all by REST. */
export interface Follower {
  topics: Readonly<Record<string, (data: unknown) => void>>;
  read: () => void;
}
const followers = new Set<Follower>();

/** Reads, and subscribes to the topics. Returns what ends it. */
export function follow(follower: Follower): () => void {
  const topics = Object.keys(follower.topics);
  followers.add(follower);
  socket.subscribe(topics);
  follower.read();
  return () => {
    followers.delete(follower);
    socket.unsubscribe(topics);
  };
}

function readFollowed(topic?: string): void {
  for (const follower of followers) {
    if (topic === undefined || topic in follower.topics) follower.read();
  }
}

function onPhase(next: SocketPhase, retry: number | null): void {
  if (phase.value === "live") needsHistory = true;
  batch(() => {
    phase.value = next;
    retryAt.value = retry;
    now.value = Date.now();
  });
}

/** Subscribed. What was read before is complete unless an event fell in between. */
function onSubscribed(seqs: Readonly<Record<string, number>>): void {
  if (!("macro:cancelled" in seqs)) return; // A page's own topics: it reads for itself.
  const known = lastSeqs;
  lastSeqs = null;
  const missed = known === null || Object.keys(known).some((topic) => known[topic] !== seqs[topic]);
  if (missed) void refreshAll();
  if (known === null) readFollowed(); // Whatever happened while the connection was away.
}

const socket = new LiveSocket(
  {
    open: openSocket,
    now: () => Date.now(),
    after: (ms, f) => setTimeout(f, ms),
    cancel: (timer) => clearTimeout(timer as number),
    random: () => Math.random(),
  },
  {
    onPhase,
    onSubscribed,
    onFrame: (topic, data) => {
      kFrames[topic]?.(data);
      for (const follower of followers) follower.topics[topic]?.(data);
    },
    onGap: (topic) => {
      const resource = kAfterGap[topic];
      if (resource) void refresh(resource);
      readFollowed(topic);
    },
    onAlive: (at) => {
      lastData.value = at;
    },
    onRevoked: (code) => {
      if (code === 4401) sessionEnded();
      else void knock(); // A scope was lost: learn which.
    },
  },
  kTopics,
  kLatestWins,
);

/** Tries the connection now instead of at the end of the back-off. */
export function retryNow(): void {
  socket.retryNow();
  void refreshAll();
  readFollowed();
}

function forget(): void {
  batch(() => {
    signals.value = health.value = recent.value = lastData.value = null;
    reported.value = null;
    problems.value = {};
    startedAt.value = Date.now();
  });
  for (const ring of Object.values(rings)) ring.clear();
  lastSeqs = null;
  needsHistory = true;
}

/** Connects while somebody is signed in, and forgets everything when they leave. */
export function startLive(): void {
  let inside = false;
  effect(() => {
    const isInside = door.value.at === "inside";
    if (isInside === inside) return;
    inside = isInside;
    untracked(() => {
      if (inside) {
        const view = takeFirstView();
        if (view) noteOverview(view);
        return socket.start();
      }
      socket.stop();
      forget();
    });
  });
  setInterval(showPending, kShowEveryMs);
  setInterval(() => {
    if (!inside || phase.value === "live") return;
    void refreshAll();
    readFollowed();
  }, kPollMs);
  setInterval(() => {
    const last = reported.value;
    const isOld = last !== null && last.list.length > 0 && Date.now() - last.at > kMacrosEveryMs;
    if (inside && phase.value === "live" && isOld && !document.hidden) void refresh("macros");
  }, kMacrosEveryMs);
  setInterval(() => {
    if (inside && phase.value === "live") void refresh("performance"); // Averages are REST only.
  }, 30_000);
  addEventListener("online", () => inside && retryNow());
}
