// What the sessions page knows: sessions, modes, the kinds of commands and what was sent.

import { computed } from "@preact/signals";

import { type Command, type GameSession, playApi } from "../api/play";
import type { Known } from "../lib/command-line";
import { macros, type Follower } from "../state/live";
import { resource } from "../state/resource";

const kOrder = ["running", "paused", "interrupted", "created", "stopped"];

export const sortSessions = (items: readonly GameSession[]): GameSession[] =>
  [...items].sort(
    (a, b) =>
      kOrder.indexOf(a.state) - kOrder.indexOf(b.state) ||
      a.character_name.localeCompare(b.character_name),
  );

export const sessions = resource(async () => sortSessions((await playApi.sessions()).items));
export const modes = resource(async () => (await playApi.modes()).items);
export const kinds = resource(async () => (await playApi.kinds()).items);
export const history = resource(async () => (await playApi.history()).items);

export const live = computed(() =>
  (sessions.value.value ?? []).filter(({ state }) => state === "running" || state === "paused"),
);

export const known = computed<Known>(() => ({
  character_name: [...new Set((sessions.value.value ?? []).map((one) => one.character_name))],
  session_id: (sessions.value.value ?? []).map((one) => one.id),
  mode_name: (modes.value.value ?? []).map((one) => one.name),
  macro_id: (macros.value ?? []).map((one) => one.macro_id),
  safety_level: ["safe", "risky", "dangerous"],
}));

/** The newest state of a command over the list. */
export function applyCommand(list: readonly Command[], command: Command): Command[] {
  return [command, ...list.filter((other) => other.command_id !== command.command_id)].slice(0, 50);
}

export function playFollower(): Follower {
  const changed = (): void => void sessions.read();
  const ended = (data: unknown): void => {
    const command = data as Command | null;
    if (command?.command_id && history.value.value)
      history.set(applyCommand(history.value.value, command));
    else void history.read();
  };
  return {
    topics: {
      "session:started": changed,
      "session:stopped": changed,
      "session:updated": changed,
      "mode:started": changed,
      "mode:stopped": changed,
      "command:result": ended,
      "command:error": ended,
    },
    read: () => {
      void sessions.read();
      void modes.read();
      void history.read();
      if (kinds.value.value === null) void kinds.read();
    },
  };
}
