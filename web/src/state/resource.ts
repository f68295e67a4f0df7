// A thing that a page reads by REST and a topic keeps fresh: its value, or why there is none.

import { batch, effect, type Signal, signal } from "@preact/signals";

import { ApiError } from "../api/client";
import { door } from "./session";

export interface Trouble {
  status: number;
  message: string;
}

export interface Resource<T> {
  readonly value: Signal<T | null>;
  /** When the value came, by this browser's clock; 0 before. */
  readonly at: Signal<number>;
  readonly trouble: Signal<Trouble | null>;
  /** Never throws. An answer that a newer `set` has overtaken is dropped. */
  read(): Promise<void>;
  set(value: T): void;
  clear(): void;
}

export function troubleOf(error: unknown): Trouble {
  if (error instanceof ApiError) return { status: error.status, message: error.message };
  return { status: 0, message: error instanceof Error ? error.message : String(error) };
}

/** What to say after a button did not work. */
export const why = (error: unknown): string => troubleOf(error).message;

export function resource<T>(get: () => Promise<T>): Resource<T> {
  const value = signal<T | null>(null);
  const at = signal(0);
  const trouble = signal<Trouble | null>(null);
  let version = 0;
  const set = (next: T): void => {
    version++;
    batch(() => {
      value.value = next;
      at.value = Date.now();
      trouble.value = null;
    });
  };
  const clear = (): void => {
    version++;
    batch(() => {
      value.value = trouble.value = null;
      at.value = 0;
    });
  };
  const read = async (): Promise<void> => {
    const started = version;
    try {
      const answer = await get();
      if (started === version) set(answer);
    } catch (error) {
      if (started === version) trouble.value = troubleOf(error);
    }
  };
  effect(() => {
    if (door.value.at !== "inside") clear(); // The next user may see less.
  });
  return { value, at, trouble, read, set, clear };
}
