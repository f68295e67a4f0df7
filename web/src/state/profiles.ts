// The safety profiles: read once when a page needs them, again on request.

import { signal } from "@preact/signals";

import { macrosApi } from "../api/macros";
import type { MacroProfile } from "../api/types";

export type Profiles =
  | { state: "loading" }
  | { state: "failed"; message: string }
  | { state: "here"; items: readonly MacroProfile[] };

export const profiles = signal<Profiles>({ state: "loading" });

export async function readProfiles(): Promise<void> {
  try {
    profiles.value = { state: "here", items: (await macrosApi.profiles()).items };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    profiles.value = { state: "failed", message };
  }
}
