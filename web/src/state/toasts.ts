// Short messages in the corner. Errors stay until dismissed; the rest leave by themselves.

import { signal } from "@preact/signals";

export type Tone = "good" | "info" | "warn" | "bad";

export interface Toast {
  id: number;
  tone: Tone;
  text: string;
}

/** Long enough to read twice. Chosen. */
const kShownMs = 6000;
const kMost = 4;

export const toasts = signal<readonly Toast[]>([]);
let nextId = 1;

export function dismissToast(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

export function toast(tone: Tone, text: string): void {
  const id = nextId++;
  toasts.value = [...toasts.value.slice(1 - kMost), { id, tone, text }];
  if (tone !== "bad") setTimeout(() => dismissToast(id), kShownMs);
}
