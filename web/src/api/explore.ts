// The calls of the metrics explorer and of the audit.

import { call } from "./client";
import type { Page } from "./rooms";

const id = encodeURIComponent;

export interface SeriesName {
  name: string;
  subject: string;
  unit: string;
}

export interface SeriesStep {
  timestamp: string;
  value: number | null;
  min?: number;
  max?: number;
}

export interface SeriesAnswer {
  name: string;
  unit: string;
  points: SeriesStep[];
}

export interface AuditRow {
  seq: number;
  at: string;
  actor_id: string;
  actor: string;
  action: string;
  target: string;
  /** What people call it; null: unknown, or the target is a name. */
  target_name: string | null;
  before: unknown;
  after: unknown;
  correlation_id: string;
  hash: string;
}

export interface AuditFilter {
  actor: string;
  action: string;
  target: string;
}

export interface LogLine {
  ts: string;
  level: "debug" | "info" | "warn" | "error";
  event: string;
  message: string;
  correlation_id?: string;
  [field: string]: unknown;
}

export interface LogFilter {
  level: LogLine["level"];
  event: string;
  q: string;
}

/** A cursor of ours: a time, that one included, instead of a place in the files. */
export const kUntil = "until:";

function placeQuery(cursor: string | null): string {
  if (cursor === null) return "";
  return cursor.startsWith(kUntil) ? `&until=${id(cursor.slice(kUntil.length))}` : `&cursor=${id(cursor)}`;
}

export const logsApi = {
  list: (filter: LogFilter, cursor: string | null) =>
    call<Page<LogLine>>(
      "GET",
      `/api/logs?limit=100&level=${filter.level}&event=${id(filter.event)}&q=${id(filter.q)}` +
        placeQuery(cursor),
    ),
  story: (correlation: string) => call<Page<LogLine>>("GET", `/api/logs/story/${id(correlation)}`),
};

export const exploreApi = {
  names: () => call<Page<SeriesName>>("GET", "/api/metrics/series-list"),
  series: (name: string, subject: string, from: number, to: number, step: number) =>
    call<SeriesAnswer>(
      "GET",
      `/api/metrics/series?name=${id(name)}&subject=${id(subject)}` +
        `&from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}&step=${step}`,
    ),
};

export const auditApi = {
  list: (filter: AuditFilter, cursor: string | null) => {
    const words = Object.entries(filter).filter(([, value]) => value !== "");
    const query = words.map(([name, value]) => `&${name}=${id(value)}`).join("");
    return call<Page<AuditRow>>(
      "GET",
      `/api/audit?limit=100${query}${cursor === null ? "" : `&cursor=${id(cursor)}`}`,
    );
  },
  verify: () =>
    call<{ sound: boolean; rows?: number; hash?: string; fault?: string }>(
      "GET",
      "/api/audit/verify",
    ),
};
