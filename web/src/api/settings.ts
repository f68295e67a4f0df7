// The daemon's configuration and its backups: the shapes and calls behind two tabs of the settings.

import { call } from "./client";
import type { Page } from "./rooms";
import type { components } from "./schema.gen";

const id = encodeURIComponent;

type Schemas = components["schemas"];

export type ConfigComplaint = Schemas["ConfigComplaint"];
export type ConfigSetting = Schemas["ConfigSetting"];
export type ConfigChange = Schemas["ConfigChange"];
export type Configuration = Schemas["Configuration"];
export type ConfigOutcome = Schemas["ConfigOutcome"];
export type ConfigVerdict = Schemas["ConfigVerdict"];
export type ConfigRevision = Schemas["ConfigRevision"];
export type Backup = Schemas["Backup"];

/** With the version that a change must name. */
export interface Versioned {
  etag: string;
  config: Configuration;
}

const ifMatch = (etag: string) => ({ "If-Match": etag });
/** A change of the configuration syncs a file and commits a row; a slow disk takes its time. */
const kSlowMs = 30_000;

export const configApi = {
  read: async (): Promise<Versioned> => {
    let etag = "";
    const config = await call<Configuration>("GET", "/api/config", {
      onHeaders: (headers) => {
        etag = headers.get("ETag") ?? "";
      },
    });
    return { etag, config };
  },
  patch: (etag: string, set: Record<string, unknown>, comment: string) =>
    call<ConfigOutcome>("PATCH", "/api/config", {
      body: { set, comment },
      headers: ifMatch(etag),
      timeoutMs: kSlowMs,
    }),
  put: (etag: string, text: string, comment: string) =>
    call<ConfigOutcome>("PUT", "/api/config", {
      body: { text, comment },
      headers: ifMatch(etag),
      timeoutMs: kSlowMs,
    }),
  check: (text: string) => call<ConfigVerdict>("POST", "/api/config/check", { body: { text } }),
  reload: () => call<ConfigOutcome>("POST", "/api/config/reload", { timeoutMs: kSlowMs }),
  revisions: () => call<Page<ConfigRevision>>("GET", "/api/config/revisions"),
  revision: (number: number) =>
    call<ConfigRevision>("GET", `/api/config/revisions/${id(String(number))}`),
  restore: (number: number) =>
    call<ConfigOutcome>("POST", `/api/config/revisions/${id(String(number))}/restore`, {
      body: {},
      timeoutMs: kSlowMs,
    }),
};

/** The answer comes when the backup is whole; a large history takes minutes. */
const kBackupMs = 30 * 60_000;

export const backupsApi = {
  list: () => call<Page<Backup>>("GET", "/api/backups"),
  make: () => call<Backup>("POST", "/api/backups", { timeoutMs: kBackupMs }),
  remove: (name: string) => call<void>("DELETE", `/api/backups/${id(name)}`),
};
