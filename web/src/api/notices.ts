// Who is told of what happens, and what waits to be told.

import { call } from "./client";
import type { Page } from "./rooms";

const id = encodeURIComponent;

export type ReceiverKind = "discord" | "webhook" | "game";

export interface Receiver {
  name: string;
  kind: ReceiverKind;
  enabled: boolean;
  /** Empty: all. */
  events: string[];
  /** The host of its url, or the game. */
  target: string;
  signed: boolean;
  command: string | null;
  pending: number;
  last_delivered_at: string | null;
  last_error: string | null;
}

/** What is sent: url and secret are written, never read; absent they stay. */
export interface ReceiverInput {
  kind: ReceiverKind;
  enabled: boolean;
  events: string[];
  url?: string;
  secret?: string;
  game?: string;
  command?: string;
}

export type DeliveryState = "pending" | "delivered" | "failed" | "dropped";

export interface Delivery {
  notice_id: string;
  receiver: string;
  kind: string;
  title: string;
  state: DeliveryState;
  attempts: number;
  created_at: string;
  next_attempt_at: string | null;
  ended_at: string | null;
  status: number | null;
  error: string | null;
}

export interface Outbox extends Page<Delivery> {
  pending: number;
  dropped_total: number;
}

/** A test answers within 15 s; the call must not give up before. */
const kTestMs = 20_000;

export const noticesApi = {
  receivers: async (): Promise<Receiver[]> =>
    (await call<Page<Receiver>>("GET", "/api/notices/receivers")).items,
  add: (name: string, input: ReceiverInput) =>
    call<Receiver>("POST", "/api/notices/receivers", { body: { name, ...input } }),
  /** One to be changed, with what says that it is still the same then. */
  async receiver(name: string): Promise<{ receiver: Receiver; etag: string | null }> {
    let etag: string | null = null;
    const receiver = await call<Receiver>("GET", `/api/notices/receivers/${id(name)}`, {
      onHeaders: (headers) => {
        etag = headers.get("ETag");
      },
    });
    return { receiver, etag };
  },
  /** Refused with 412 when the receiver is not the one of `etag` any more. */
  change: (name: string, input: ReceiverInput, etag: string | null) =>
    call<Receiver>("PUT", `/api/notices/receivers/${id(name)}`, {
      body: input,
      ...(etag ? { headers: { "If-Match": etag } } : {}),
    }),
  remove: (name: string) => call<unknown>("DELETE", `/api/notices/receivers/${id(name)}`),
  test: (name: string) =>
    call<Delivery>("POST", `/api/notices/receivers/${id(name)}/test`, { body: {}, timeoutMs: kTestMs }),
  outbox: () => call<Outbox>("GET", "/api/notices/outbox?limit=50"),
};
