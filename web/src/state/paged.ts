// A list that a page reads part by part, newest first, under a filter that may change meanwhile.

import { batch, type Signal, signal } from "@preact/signals";

import { type Trouble, troubleOf } from "./resource";

interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export interface PagedList<T> {
  /** Null until the first page came. */
  readonly rows: Signal<T[] | null>;
  /** Where the next part begins; null at the end. */
  readonly cursor: Signal<string | null>;
  readonly trouble: Signal<Trouble | null>;
  readonly busy: Signal<boolean>;
  /** From the top, instead of what is there. Never throws. */
  read(get: (from: string | null) => Promise<Page<T>>): Promise<void>;
  /** The next part, with the last `get`. Never throws. */
  more(): Promise<void>;
}

export function pagedList<T>(): PagedList<T> {
  const rows = signal<T[] | null>(null);
  const cursor = signal<string | null>(null);
  const trouble = signal<Trouble | null>(null);
  const busy = signal(false);
  let source: ((from: string | null) => Promise<Page<T>>) | null = null;
  // A slow answer to an earlier filter must not replace the rows of the present one.
  let version = 0;
  const load = async (from: string | null): Promise<void> => {
    if (source === null) return;
    const started = ++version;
    busy.value = true;
    try {
      const page = await source(from);
      if (started !== version) return;
      batch(() => {
        rows.value = from === null ? page.items : [...(rows.value ?? []), ...page.items];
        cursor.value = page.next_cursor;
        trouble.value = null;
      });
    } catch (error) {
      if (started === version) trouble.value = troubleOf(error);
    } finally {
      if (started === version) busy.value = false;
    }
  };
  return {
    rows,
    cursor,
    trouble,
    busy,
    read: (get) => {
      source = get;
      return load(null);
    },
    more: () => load(cursor.value),
  };
}
