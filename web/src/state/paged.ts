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
  /**
   * Puts what came live on top. Beyond `most`, or what was asked for by more(), the last rows go,
   * and the next more() begins at `placeOf` the last that stays, that row included.
   */
  push(row: T, most: number, placeOf: (row: T) => string): void;
}

/** `items` without what `shown` has already, each as often as it has it. */
function withoutShown<T>(items: readonly T[], shown: readonly T[]): T[] {
  const left = new Map<string, number>();
  for (const row of shown) {
    const key = JSON.stringify(row);
    left.set(key, (left.get(key) ?? 0) + 1);
  }
  return items.filter((item) => {
    const key = JSON.stringify(item);
    const count = left.get(key) ?? 0;
    left.set(key, count - 1);
    return count <= 0;
  });
}

export function pagedList<T>(): PagedList<T> {
  const rows = signal<T[] | null>(null);
  const cursor = signal<string | null>(null);
  const trouble = signal<Trouble | null>(null);
  const busy = signal(false);
  let source: ((from: string | null) => Promise<Page<T>>) | null = null;
  // A slow answer to an earlier filter must not replace the rows of the present one.
  let version = 0;
  /** Rows that a person has asked for: live ones do not push them out. */
  let wanted = 0;
  /** The next part begins within what is shown. */
  let overlaps = false;
  const load = async (from: string | null): Promise<void> => {
    if (source === null) return;
    const started = ++version;
    busy.value = true;
    try {
      const page = await source(from);
      if (started !== version) return;
      batch(() => {
        const shown = from === null ? [] : (rows.value ?? []);
        const fresh = overlaps && from !== null ? withoutShown(page.items, shown) : page.items;
        rows.value = [...shown, ...fresh];
        wanted = rows.value.length;
        overlaps = false;
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
    push: (row, most, placeOf) => {
      const all = [row, ...(rows.value ?? [])];
      const limit = Math.max(most, wanted);
      // While an older part is on its way its place must hold.
      if (busy.value || all.length <= limit) {
        rows.value = all;
        return;
      }
      overlaps = true;
      batch(() => {
        rows.value = all.slice(0, limit);
        cursor.value = placeOf(all[limit - 1]!);
      });
    },
  };
}
