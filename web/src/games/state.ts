// What the games pages know: the links and their state, live.

import { type Game, gamesApi, type LinkState } from "../api/games";
import type { Follower } from "../state/live";
import { resource } from "../state/resource";
import type { IconName } from "../ui/icons";
import type { Tone } from "../ui/words";

export const games = resource(async () => (await gamesApi.list()).items);
export const kinds = resource(async () => (await gamesApi.kinds()).items);

export const kLinkLooks: Record<LinkState, { icon: IconName; word: string; tone: Tone }> = {
  ready: { icon: "check", word: "Ready", tone: "good" },
  connecting: { icon: "refresh", word: "Connecting", tone: "info" },
  authenticating: { icon: "lock", word: "Logging in", tone: "info" },
  waiting: { icon: "clock", word: "Tries again", tone: "warn" },
  failed: { icon: "bad", word: "Failed", tone: "bad" },
  stopped: { icon: "stop", word: "Disconnected", tone: "quiet" },
};

export function gamesFollower(onLine: (data: unknown) => void = () => {}): Follower {
  return {
    topics: {
      "game:state": (data) => {
        const items = (data as { items?: Game[] } | null)?.items;
        if (Array.isArray(items)) games.set(items);
        else void games.read();
      },
      "game:line": onLine,
    },
    read: () => {
      void games.read();
      if (kinds.value.value === null) void kinds.read();
    },
  };
}
