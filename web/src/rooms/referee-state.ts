// What the referee's pages know: players, verdicts, the review queue, options, figures.

import { batch, signal } from "@preact/signals";

import {
  movementApi,
  type MovementStats,
  type MoveVerdict,
  type Player,
  type RefereeOptions,
} from "../api/rooms";
import type { Follower } from "../state/live";
import { resource, troubleOf } from "../state/resource";
import { addVerdict, mergePlayers, readMovement, sortPlayers } from "../state/rooms";

/** Verdicts kept in the stream; older ones come by "load older". Chosen. */
export const kStream = 200;
const kPage = 50;

export const players = resource<Player[]>(async () =>
  sortPlayers((await movementApi.players()).items),
);
export const stats = resource<MovementStats>(() => movementApi.stats());
export const review = resource(async () => (await movementApi.review()).items);
export const options = resource<{ options: RefereeOptions; etag: string | null }>(() =>
  movementApi.options(),
);

export const onlyRejected = signal(true);
const cursor = signal<string | null>(null);
export const verdictCursor = cursor;
export const verdicts = resource<MoveVerdict[]>(async () => {
  const page = await movementApi.verdicts(null, kPage, onlyRejected.value);
  cursor.value = page.next_cursor;
  return page.items;
});

export function showOnlyRejected(only: boolean): void {
  onlyRejected.value = only;
  verdicts.clear();
  void verdicts.read();
}

/** Adds a page at the end. Errors: a sentence, or null. */
export async function olderVerdicts(): Promise<string | null> {
  try {
    const page = await movementApi.verdicts(cursor.value, kPage, onlyRejected.value);
    const known = verdicts.value.value ?? [];
    const ids = new Set(known.map((one) => one.id));
    batch(() => {
      verdicts.set([...known, ...page.items.filter((one) => !ids.has(one.id))]);
      cursor.value = page.next_cursor;
    });
    return null;
  } catch (error) {
    return troubleOf(error).message;
  }
}

export function refereeFollower(onVerdict: (verdict: MoveVerdict) => void = () => {}): Follower {
  return {
    topics: {
      "movement:rejected": (data) => {
        const verdict = data as MoveVerdict;
        const known = verdicts.value.value;
        if (known !== null)
          verdicts.set(addVerdict(known, verdict, Math.max(kStream, known.length)));
        onVerdict(verdict);
      },
      "movement:updated": (data) => {
        const read = readMovement(data);
        if (read === null) return void players.read();
        players.set(mergePlayers(players.value.value ?? [], read.players));
        if (read.stats) {
          const open = stats.value.value?.reviews.open;
          stats.set(read.stats);
          if (open !== undefined && open !== read.stats.reviews.open) void review.read();
        }
      },
    },
    read: () => {
      for (const one of [players, stats, verdicts, review, options]) void one.read();
    },
  };
}
