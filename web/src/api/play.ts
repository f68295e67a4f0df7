// Sessions (characters that play), modes and commands.

import { call } from "./client";
import type { Page } from "./rooms";

const id = encodeURIComponent;

export type SessionState = "created" | "running" | "paused" | "stopped" | "interrupted";

export interface GameSession {
  id: string;
  character_name: string;
  game: string | null;
  mode: string | null;
  state: SessionState;
  reason: string | null;
  created: string;
  started: string | null;
  ended: string | null;
  stats: {
    running_s: number;
    macros_started: number;
    macros_refused: number;
    macros_cancelled: number;
    commands: number;
  };
}

export interface ModeMacro {
  macro_id: string;
  macro_name?: string;
  profile?: string;
  safety_level?: string;
  game?: string;
  args?: Record<string, unknown>;
}

export interface Mode {
  name: string;
  description: string;
  macros: ModeMacro[];
  settings: Record<string, unknown>;
}

export interface CommandKind {
  type: string;
  action: string;
  scope: string;
  fields: string[];
  required: string[];
}

export interface Command {
  command_id: string;
  type: string;
  action: string;
  state: "running" | "succeeded" | "failed";
  by: string;
  submitted_at: string;
  ended_at: string | null;
  request: Record<string, unknown>;
  result: unknown;
  error: { code: string; type: string; detail: string } | null;
}

export type CommandBody = { type: string; action: string } & Record<string, unknown>;

export const playApi = {
  sessions: () => call<Page<GameSession>>("GET", "/api/sessions?limit=200"),
  newSession: (body: { character_name: string; game?: string; mode?: string }) =>
    call<GameSession>("POST", "/api/sessions", { body }),
  act: (session: string, what: "start" | "pause" | "stop") =>
    call<unknown>("POST", `/api/sessions/${id(session)}/${what}`),
  forget: (session: string) => call<unknown>("DELETE", `/api/sessions/${id(session)}`),
  modes: () => call<Page<Mode>>("GET", "/api/modes?limit=200"),
  putMode: (mode: Omit<Mode, "name">, name: string) =>
    call<Mode>("PUT", `/api/modes/${id(name)}`, { body: mode }),
  removeMode: (name: string) => call<unknown>("DELETE", `/api/modes/${id(name)}`),
  kinds: () => call<Page<CommandKind>>("GET", "/api/commands/kinds"),
  history: () => call<Page<Command>>("GET", "/api/commands/history?limit=50"),
  send: (body: CommandBody) => call<Command>("POST", "/api/commands", { body }),
};
