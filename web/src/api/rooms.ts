// The shapes and calls of the rooms that came later: locks, tasks, movement. Written by hand until
// docs/openapi.json names them; then only this file changes.

import { call } from "./client";

const id = encodeURIComponent;

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

// Locks

export interface LaneHolder {
  actor: string;
  group: string | null;
  ticket: number;
  token: number;
  kind: "local" | "http" | "socket" | "child";
  pid: number | null;
  uid: number | null;
  age_s: number;
  lease_left_s: number;
  effective_priority: number;
  sub_grants: number;
}

export interface LaneTicket {
  ticket: number;
  actor: string;
  group: string | null;
  priority: number;
  effective_priority: number;
  waited_s: number;
  deadline_in_s: number | null;
  bound_s: number | null;
  ready: boolean;
}

export interface LaneCounters {
  granted: number;
  timeout: number;
  cancelled: number;
  rejected: number;
  expired: number;
  stale_sends: number;
}

export interface LaneFairness {
  actor: string;
  granted: number;
  /** Of all grants of the lane, 0..1. */
  share: number;
  waited_mean_s: number;
  waited_max_s: number;
}

export interface LaneOptions {
  spacing_s: number;
  lease_s: number;
  aging_s: number;
  burst: number;
  timeout_s: number;
  queue_max: number;
  groups: boolean;
  rate_per_s: number | null;
}

export interface Lane {
  lane: string;
  holder: LaneHolder | null;
  queue: LaneTicket[];
  cooldown_left_s: number;
  min_valid_token: number;
  last_token: number;
  counters: LaneCounters;
  fairness: LaneFairness[];
  options: LaneOptions;
}

export interface LaneEvent {
  at_s: number;
  event: string;
  actor: string | null;
  ticket: number | null;
  token: number | null;
  effective_priority: number | null;
  waited_s: number | null;
  depth: number | null;
}

export interface LaneWait {
  ticket: number;
  actor: string;
  waits_for_actor: string;
  lane: string;
}

export interface LockModule {
  name: string;
  group: string | null;
  priority: number;
  rate_per_s: number | null;
  burst: number | null;
  uids: number[];
  programs: string[];
  source: "default" | "custom";
}
export type LockModuleChange = Omit<LockModule, "name" | "source">;

const lane = (name: string): string => `/api/locks/${id(name)}`;

export const locksApi = {
  lanes: () => call<Page<Lane>>("GET", "/api/locks?limit=200"),
  lane: (name: string) => call<Lane>("GET", lane(name)),
  trace: (name: string, limit: number) =>
    call<Page<LaneEvent>>("GET", `${lane(name)}/trace?limit=${limit}`),
  graph: () => call<{ waits: LaneWait[] }>("GET", "/api/locks/graph"),
  putLane: (name: string, options: Partial<LaneOptions>) =>
    call<Lane>("PUT", lane(name), { body: options }),
  removeLane: (name: string) => call<void>("DELETE", lane(name)),
  revoke: (name: string, reason: string) =>
    call<{ revoked: boolean }>("POST", `${lane(name)}/revoke`, { body: { reason } }),
  modules: () => call<{ items: LockModule[] }>("GET", "/api/lock-modules"),
  putModule: (name: string, change: LockModuleChange) =>
    call<LockModule>("PUT", `/api/lock-modules/${id(name)}`, { body: change }),
};

// Tasks

export type TaskState =
  "waiting" | "ready" | "running" | "succeeded" | "failed" | "skipped" | "cancelled";
export type TaskPriority = "critical" | "high" | "normal" | "low" | "deferred";

export interface Task {
  id: string;
  graph_id: string;
  name: string;
  priority: TaskPriority;
  state: TaskState;
  reason: string | null;
  attempts: number;
  depends_on: string[];
  submitted_at: string;
  started_at: string | null;
  ended_at: string | null;
  deadline_at: string | null;
  action: { type: string } & Record<string, unknown>;
  result: Record<string, unknown> | null;
}

export interface TaskGraph {
  id: string;
  name: string | null;
  state: string;
  submitted_at: string;
  /** By state; `tasks` is all of them. */
  counts: Partial<Record<TaskState | "tasks", number>>;
  reason?: string | null;
  tasks?: Task[];
}

export const tasksApi = {
  graphs: () => call<Page<TaskGraph>>("GET", "/api/task-graphs?limit=100"),
  moreGraphs: (cursor: string) =>
    call<Page<TaskGraph>>("GET", `/api/task-graphs?limit=100&cursor=${id(cursor)}`),
  graph: (graph: string) => call<TaskGraph>("GET", `/api/task-graphs/${id(graph)}`),
  submit: (body: unknown) => call<TaskGraph>("POST", "/api/task-graphs", { body }),
  cancelGraph: (graph: string) => call<unknown>("POST", `/api/task-graphs/${id(graph)}/cancel`),
  cancelTask: (task: string) => call<unknown>("POST", `/api/tasks/${id(task)}/cancel`),
};

// Movement

export interface Point {
  x: number;
  y: number;
  z: number;
}

export interface VerdictReason {
  sentence: string;
  window_s: number;
  distance: number;
  allowed: number;
  granted_s: number;
  credit_used_s: number;
  credit_reason: string | null;
  declarations: string[];
  claims: number;
  claims_corroborated: number;
  e_before: number;
  e_after: number;
}

export type Standing = "ok" | "watch" | "review";

export interface MoveVerdict {
  id: string;
  player: string;
  seq: number;
  at: string;
  valid: boolean;
  rule: string | null;
  reason: string | null;
  confidence: number;
  performance_adjusted: boolean;
  state: Standing;
  position: Point;
  set_back_to: Point | null;
  explanation: VerdictReason | null;
}

export interface Tolerance {
  credit_s: number;
  base_s: number;
  reason: string | null;
}

export interface Player {
  player: string;
  mode: "2d" | "3d";
  state: Standing;
  confidence: number;
  max_e: number;
  moves: number;
  rejected: number;
  tolerance: Tolerance;
  rtt_ms: number | null;
  last_at: string;
}

export interface PathPoint extends Point {
  at: string;
  accepted: boolean;
  set_back_to: Point | null;
  /** How far the player could have come by then; null when nobody worked it out. */
  allowed_radius: number | null;
}

export interface PlayerDetail extends Player {
  ratios: Record<string, number | null>;
  path: PathPoint[];
  channels: { channel: string; e: number }[];
  baseline: Record<string, number | string | null>;
}

export interface ReviewItem {
  id: string;
  player: string;
  opened_at: string;
  max_e: number;
  channel: string;
  state: "open" | "accepted" | "dismissed";
  decided_by: string | null;
  decided_at: string | null;
  note: string | null;
  path: PathPoint[];
}

export interface MovementStats {
  events: number;
  rejections_by_rule: Record<string, number>;
  adjustments_by_reason: Record<string, number>;
  reviews: { open: number; accepted: number; dismissed: number };
  false_positive_ratio: number | null;
  detection_ratio: number | null;
}

export type RefereeMode = "bounded" | "shadow" | "smart_ts" | "smart_cs";

export interface RefereeOptions {
  mode: RefereeMode;
  preset: "default" | "competitive";
  unsafe: boolean;
  [name: string]: string | number | boolean | null;
}

export interface OptionsChange {
  at: string;
  by: string | null;
  options: RefereeOptions;
}

export interface ReplaySession {
  id: string;
  moves: number;
  rejected: number;
  first_reject_ms: number | null;
  rejects_by_rule: Record<string, number>;
  state: Standing;
  confidence: number;
  max_e: number;
  first_watch_ms: number | null;
  first_review_ms: number | null;
  credit_used_ms: number;
  claims: number;
  claims_corroborated: number;
}

export interface Replay {
  sessions: ReplaySession[];
  events: Record<string, unknown>[];
  paths: { id: string; path: PathPoint[] }[];
}

/** A replay has no clock: its points say when after the start they came. */
interface ReplayPoint extends Point {
  at?: string;
  at_ms?: number;
  accepted: boolean;
  set_back_to: Point | null;
  allowed_radius?: number | null;
}
type RawReplay = Omit<Replay, "paths"> & { paths: { id: string; path: ReplayPoint[] }[] };

function placed({ at, at_ms, allowed_radius, ...rest }: ReplayPoint): PathPoint {
  return {
    ...rest,
    at: at ?? new Date(at_ms ?? 0).toISOString(),
    allowed_radius: allowed_radius ?? null,
  };
}

/** A replay of the largest trace that is taken needs longer than an ordinary call. */
const kReplayTimeoutMs = 60_000;

export const movementApi = {
  verdicts: (cursor: string | null, limit: number, onlyRejected: boolean, player?: string) =>
    call<Page<MoveVerdict>>(
      "GET",
      `/api/movement/verdicts?limit=${limit}${onlyRejected ? "&only=rejected" : ""}` +
        `${player ? `&player=${id(player)}` : ""}${cursor ? `&cursor=${id(cursor)}` : ""}`,
    ),
  players: () => call<Page<Player>>("GET", "/api/movement/players?limit=200"),
  player: (player: string) => call<PlayerDetail>("GET", `/api/movement/players/${id(player)}`),
  stats: () => call<MovementStats>("GET", "/api/movement/stats"),
  review: () => call<Page<ReviewItem>>("GET", "/api/movement/review?limit=200"),
  decide: (item: string, verdict: "accept" | "dismiss", note: string) =>
    call<unknown>("POST", `/api/movement/review/${id(item)}/${verdict}`, {
      body: note ? { note } : {},
    }),
  async options(): Promise<{ options: RefereeOptions; etag: string | null }> {
    let etag: string | null = null;
    const options = await call<RefereeOptions>("GET", "/api/movement/options", {
      onHeaders: (headers) => {
        etag = headers.get("ETag");
      },
    });
    return { options, etag };
  },
  putOptions: (options: Omit<RefereeOptions, "unsafe">, etag: string | null) =>
    call<RefereeOptions>("PUT", "/api/movement/options", {
      body: options,
      ...(etag ? { headers: { "If-Match": etag } } : {}),
    }),
  optionsHistory: () => call<Page<OptionsChange>>("GET", "/api/movement/options/history"),
  async replay(trace: string, mode: RefereeMode): Promise<Replay> {
    const raw = await call<RawReplay>("POST", `/api/movement/replay?events=1&mode=${mode}`, {
      text: trace,
      headers: { "Content-Type": "application/x-ndjson" },
      timeoutMs: kReplayTimeoutMs,
    });
    return { ...raw, paths: raw.paths.map(({ id, path }) => ({ id, path: path.map(placed) })) };
  },
};
