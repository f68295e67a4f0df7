// Who is signed in, and which of the three doors is open: setup, login, or the dashboard.

import { computed, signal } from "@preact/signals";

import { api, ApiError, setUnauthenticatedHandler } from "../api/client";
import type { Overview, User } from "../api/types";

export type Door =
  | { at: "loading" }
  | { at: "setup" }
  | { at: "login"; ended: boolean }
  | { at: "inside"; user: User }
  | { at: "unreachable"; message: string };

export const door = signal<Door>({ at: "loading" });

/** What came with the answer that let us in, until the live state takes it. */
let firstView: Overview | null = null;

export function takeFirstView(): Overview | null {
  const view = firstView;
  firstView = null;
  return view;
}

export const user = computed(() => (door.value.at === "inside" ? door.value.user : null));

/** Does the signed-in user hold `scope`? */
export function may(scope: string): boolean {
  const scopes = user.value?.scopes ?? [];
  return scopes.includes("*") || scopes.includes(scope);
}

/** Asks the daemon who we are. Only a refusal leads to login; silence does not. */
export async function knock(): Promise<void> {
  try {
    const view = await api.overview();
    const { user } = view.profile ?? (await api.profile());
    firstView = view;
    door.value = { at: "inside", user };
    return;
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return await knockPlainly();
    if (!(error instanceof ApiError) || error.status === 0 || error.status === 502) {
      return unreachable(error);
    }
  }
  try {
    const { needed } = await api.setupState();
    door.value = needed ? { at: "setup" } : { at: "login", ended: false };
  } catch (error) {
    unreachable(error);
  }
}

/** A role without dashboard:read has no overview, but may know who it is. */
async function knockPlainly(): Promise<void> {
  try {
    door.value = { at: "inside", user: (await api.profile()).user };
  } catch (error) {
    unreachable(error);
  }
}

function unreachable(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  door.value = { at: "unreachable", message };
}

export function enter(entered: User): void {
  door.value = { at: "inside", user: entered };
}

export async function signOut(): Promise<void> {
  await api.logout();
  door.value = { at: "login", ended: false };
}

/** The credential stopped working while the dashboard was open. */
export function sessionEnded(): void {
  if (door.value.at === "inside") door.value = { at: "login", ended: true };
}

setUnauthenticatedHandler(sessionEnded);
