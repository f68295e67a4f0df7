// What the palette finds beyond pages: read when it opens, each by its own scope. A chunk of its own.

import { gamesApi, scriptsApi } from "../api/games";
import { type GameSession, playApi } from "../api/play";
import { movementApi } from "../api/rooms";
import { configApi } from "../api/settings";
import { plural } from "../lib/format";
import { navigate } from "../lib/router";
import { readableReason } from "../lib/rule";
import { macros, recent } from "../state/live";
import { why } from "../state/resource";
import { may, signOut } from "../state/session";
import { toast } from "../state/toasts";
import type { PaletteItem } from "./item";

const go = (path: string) => () => navigate(path);
const id = encodeURIComponent;

/** Pages within pages. They need the daemon, as this list does. */
const kTabs: readonly [string, string, string?][] = [
  ["/settings/tokens", "API tokens"],
  ["/settings/users", "Users", "users:read"],
  ["/settings/roles", "Roles", "users:read"],
  ["/settings/configuration", "Configuration", "config:read"],
  ["/settings/backups", "Backups", "admin:read"],
  ["/logs/audit", "Audit", "audit:read"],
  ["/referee/review", "Review queue", "anticheat:read"],
  ["/referee/replay", "Replay of movements", "anticheat:read"],
];

async function did(work: Promise<unknown>, done: string): Promise<void> {
  try {
    await work;
    toast("good", done);
  } catch (error) {
    toast("bad", why(error));
  }
}

const kActs = [
  { what: "start", label: "Start", icon: "play", of: ["created", "paused", "stopped", "interrupted"], done: "runs" },
  { what: "pause", label: "Pause", icon: "pause", of: ["running"], done: "pauses" },
  { what: "stop", label: "Stop", icon: "stop", of: ["running", "paused"], done: "is stopped" },
] as const;

function actionsOf(one: GameSession): PaletteItem[] {
  return kActs
    .filter(({ of }) => (of as readonly string[]).includes(one.state))
    .map(({ what, label, icon, done }) => ({
      icon,
      label: `${label} ${one.character_name}`,
      hint: `session, ${one.state}`,
      run: () => void did(playApi.act(one.id, what), `${one.character_name} ${done}.`),
    }));
}

async function reload(): Promise<void> {
  try {
    const { changes } = await configApi.reload();
    toast("good", changes.length === 0 ? "The configuration has not changed." : `Read: ${plural(changes.length, "setting")} changed.`);
  } catch (error) {
    toast("bad", why(error));
    navigate("/settings/configuration");
  }
}

async function diagnose(): Promise<void> {
  await did(playApi.send({ type: "diagnostics", action: "run" }), "Diagnostics run; their result is in the history.");
  navigate("/sessions");
}

/** [scope, what it finds]. A part that fails is left out: the palette works without it. */
const kSources: readonly [string, () => Promise<PaletteItem[]>][] = [
  [
    "config:write",
    async () => [{ icon: "refresh", label: "Reload the configuration", hint: "action", run: () => void reload() }],
  ],
  [
    "health:read",
    async () => [{ icon: "check", label: "Run diagnostics", hint: "action", run: () => void diagnose() }],
  ],
  ["sessions:write", async () => (await playApi.sessions()).items.flatMap(actionsOf)],
  [
    "games:read",
    async () =>
      (await gamesApi.list()).items.map((one) => ({
        icon: "game",
        label: one.name,
        hint: `game, ${one.state}`,
        run: go(`/games/${id(one.name)}`),
      })),
  ],
  [
    "macros:read",
    async () =>
      (await scriptsApi.list()).items.map((one) => ({
        icon: "book",
        label: one.name,
        hint: "macro of the library",
        run: go("/library"),
      })),
  ],
  [
    "anticheat:read",
    async () =>
      (await movementApi.players()).items.map((one) => ({
        icon: "referee",
        label: one.player,
        hint: "player",
        run: go(`/referee/players/${id(one.player)}`),
      })),
  ],
  [
    "config:read",
    async () =>
      (await configApi.read()).config.settings.map((one) => ({
        icon: "settings",
        label: one.key,
        hint: "setting",
        run: go(`/settings/configuration#config-${one.key.replaceAll(".", "-")}`),
      })),
  ],
];

/** What is known without asking, and done by the daemon. */
function known(): PaletteItem[] {
  const stops = may("macros:run") || may("macros:admin");
  return [
    ...kTabs
      .filter(([, , scope]) => scope === undefined || may(scope))
      .map(([path, label]) => ({ icon: "next" as const, label, hint: "page", run: go(path) })),
    ...(macros.value ?? []).map((macro) => ({
      icon: "play" as const,
      label: macro.macro_name,
      hint: `running · ${macro.macro_id}`,
      run: go("/macro-safety"),
    })),
    ...(recent.value ?? []).slice(0, 20).map((event) => ({
      icon: "cancel" as const,
      label: `${event.macro_name}: ${readableReason(event.cancellation_reason)}`,
      hint: "cancellation",
      run: go(`/cancellations/${encodeURIComponent(event.id)}`),
    })),
    ...(stops
      ? [
          {
            icon: "cancel" as const,
            label: "Emergency stop …",
            hint: "asks first",
            // As a screen reader clicks it: without the hold, and with a question.
            run: () => document.querySelector<HTMLButtonElement>(".emergency")?.click(),
          },
        ]
      : []),
    { icon: "book", label: "API reference", hint: "opens beside", run: () => void open("/docs", "_blank", "noopener") },
    {
      icon: "leave",
      label: "Sign out",
      hint: "account",
      run: () => {
        signOut().catch((error: Error) => toast("bad", error.message));
      },
    },
  ];
}

/** Hands in each part as it comes. */
export function readThings(add: (items: PaletteItem[]) => void): void {
  add(known());
  for (const [scope, read] of kSources) {
    if (may(scope)) read().then(add, () => {});
  }
}
