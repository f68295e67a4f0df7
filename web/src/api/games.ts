// Links to game servers, and the macro library.

import { call } from "./client";
import type { Page } from "./rooms";

const id = encodeURIComponent;

export type LinkState = "stopped" | "connecting" | "authenticating" | "ready" | "waiting" | "failed";

export interface GameSettings {
  name: string;
  kind: string;
  host: string;
  port: number;
  enabled: boolean;
  options: Record<string, unknown>;
  rate_per_s: number;
  burst: number;
  adaptive_pace: boolean;
  in_flight: number;
  reply_timeout_ms: number;
  output_limit: number;
  allow: string[];
  dangerous: string[];
  queries: string[];
  users: string[];
  roles: string[];
}

export interface Game extends GameSettings {
  has_password: boolean;
  state: LinkState;
  reason: string;
  health: {
    tick_ratio: number | null;
    latency_ms: number | null;
    response_time_ms: number | null;
    pace_per_s: number;
    waiting: number;
    in_flight: number;
  };
}

export interface GameKind {
  name: string;
  title: string;
  transport: string;
  port: number;
  has_password: boolean;
  rate_per_s: number;
  burst: number;
  in_flight: number;
  queries: string[];
  options: { name: string; type: string; default: string; description: string }[];
}

/** A server that detection found; `body` is what POST /api/games takes. */
export interface GameCandidate {
  kind: string;
  title: string;
  port: number | null;
  process: string | null;
  pid: number | null;
  proven: boolean;
  /** The game that is linked to it already. */
  game: string | null;
  /** What `body` lacks. */
  needs: string | null;
  body: Partial<GameSettings> & { name: string; kind: string };
}

export interface ConsoleLine {
  game: string;
  seq: number;
  at: string;
  kind: string;
  sender: string;
  text: string;
}

export interface Reply {
  text: string;
  truncated: boolean;
  waited_ms: number;
  response_ms: number;
}

const game = (name: string): string => `/api/games/${id(name)}`;

export const gamesApi = {
  list: () => call<{ items: Game[] }>("GET", "/api/games"),
  one: (name: string) => call<Game>("GET", game(name)),
  kinds: () => call<{ items: GameKind[] }>("GET", "/api/game-kinds"),
  detect: () => call<{ items: GameCandidate[] }>("POST", "/api/games/detect"),
  add: (body: Partial<GameSettings> & { password?: string }) =>
    call<Game>("POST", "/api/games", { body }),
  put: (name: string, body: Partial<GameSettings> & { password?: string }) =>
    call<Game>("PUT", game(name), { body }),
  remove: (name: string) => call<void>("DELETE", game(name)),
  connect: (name: string) => call<Game>("POST", `${game(name)}/connect`),
  disconnect: (name: string) => call<Game>("POST", `${game(name)}/disconnect`),
  send: (name: string, command: string, confirmed: boolean) =>
    call<Reply>("POST", `${game(name)}/commands`, {
      body: { command, ...(confirmed ? { confirmed } : {}) },
      timeoutMs: 60_000,
    }),
  history: (name: string) =>
    call<{ items: ConsoleLine[] }>("GET", `${game(name)}/history?limit=500`),
  completions: (name: string, prefix: string) =>
    call<{ items: string[] }>("GET", `${game(name)}/completions?prefix=${id(prefix)}`),
};

export interface Schedule {
  /** Absent: never by itself; the windows hold still. */
  cron?: string;
  time_zone?: string;
  windows?: { start: string; end: string; days?: string }[];
}

export interface Script {
  name: string;
  kind: "steps" | "lua";
  version: number;
  readable: boolean;
  description: string;
  category: string;
  enabled: boolean;
  resume: boolean;
  game: string;
  profile: string;
  args: Record<string, unknown> | null;
  schedule: Schedule | null;
  changed_at: string;
  changed_by: string;
  bytes: number;
  source?: string;
}

export interface CheckReport {
  valid: boolean;
  errors: { path: string; message: string }[];
  warnings: { path: string; message: string }[];
  action_count: number;
  estimated_duration: number | null;
}

export interface ScriptPut {
  kind: "steps" | "lua";
  source: string;
  expected_version?: number;
  enabled?: boolean;
  resume?: boolean;
  game?: string;
  profile?: string;
  schedule?: Schedule | null;
}

export interface LogLine {
  number: number;
  at: string;
  text: string;
}

const script = (name: string): string => `/api/macro-scripts/${id(name)}`;

export const scriptsApi = {
  list: () => call<Page<Script>>("GET", "/api/macro-scripts?limit=500"),
  one: (name: string) => call<Script>("GET", script(name)),
  put: (name: string, body: ScriptPut) => call<Script>("PUT", script(name), { body }),
  remove: (name: string) => call<unknown>("DELETE", script(name)),
  enable: (name: string, on: boolean) =>
    call<Script>("POST", `${script(name)}/${on ? "enable" : "disable"}`),
  run: (name: string, body: { game?: string; args?: Record<string, unknown> }) =>
    call<{ macro_id: string }>("POST", `${script(name)}/run`, { body }),
  check: (kind: string, source: string, level: string) =>
    call<CheckReport>("POST", "/api/macro-scripts/validate", { body: { kind, source, level } }),
  log: (macroId: string) =>
    call<{ lines: LogLine[] }>("GET", `${script(macroId)}/log`),
  next: (name: string) => call<{ next: string[] }>("GET", `${script(name)}/schedule/next?n=5`),
  versions: (name: string) =>
    call<{ items: { version: number; saved_at: string; saved_by: string; bytes: number }[] }>(
      "GET",
      `${script(name)}/versions`,
    ),
  restore: (name: string, version: number) =>
    call<Script>("POST", `${script(name)}/versions/${version}/restore`),
};
