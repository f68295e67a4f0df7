// What happened in a window of time: cancellations and changes of the configuration, for the charts
// and for the list below them.

import { api } from "../api/client";
import { configApi } from "../api/settings";
import type { Window } from "../lib/explore";
import { readableReason } from "../lib/rule";
import { may } from "../state/session";

export type MarkKind = "cancelled" | "configured";

export interface Happening {
  kind: MarkKind;
  /** Milliseconds since 1970. */
  at: number;
  label: string;
  detail: string;
  href: string;
}

/** More marks than this hide a chart; the newest are kept. Chosen. */
export const kMostMarks = 200;
const kPage = 100;

async function cancellations(from: number): Promise<Happening[]> {
  const found: Happening[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof api.cancellations>> = await api.cancellations(cursor, kPage);
    for (const event of page.items) {
      const at = Date.parse(event.timestamp);
      if (at < from) return found;
      found.push({
        kind: "cancelled",
        at,
        label: `${event.macro_name} was cancelled`,
        detail: readableReason(event.cancellation_reason),
        href: `/cancellations/${encodeURIComponent(event.id)}`,
      });
    }
    cursor = page.next_cursor;
  } while (cursor !== null && found.length < kMostMarks);
  return found;
}

async function changes(): Promise<Happening[]> {
  const { items } = await configApi.revisions();
  return items
    .filter((one) => one.cause !== "start")
    .map((one) => ({
      kind: "configured" as const,
      at: Date.parse(one.at),
      label: `${one.by} changed the configuration`,
      detail: one.changes.map(({ key }) => key).join(", "),
      href: "/settings/configuration",
    }));
}

/** Newest first. What the role may not see, or what fails, is left out: the charts stand alone. */
export async function readHappenings(window: Window): Promise<Happening[]> {
  const sources = [
    ...(may("macros:read") ? [cancellations(window.from)] : []),
    ...(may("config:read") ? [changes()] : []),
  ];
  const parts = await Promise.all(sources.map((source) => source.catch(() => [])));
  return parts
    .flat()
    .filter(({ at }) => at >= window.from && at <= window.to)
    .sort((a, b) => b.at - a.at)
    .slice(0, kMostMarks);
}
