// What the locks pages know: the lanes, and the modules that may act on them.

import { computed } from "@preact/signals";

import { type Lane, locksApi } from "../api/rooms";
import { now } from "../state/clock";
import { isStale, type Follower, link } from "../state/live";
import { resource } from "../state/resource";
import { ageLane, readLanes, sortLanes } from "../state/rooms";

export const lanes = resource(async () => sortLanes((await locksApi.lanes()).items));
export const modules = resource(async () =>
  (await locksApi.modules()).items.sort(
    (a, b) => b.priority - a.priority || a.name.localeCompare(b.name),
  ),
);

/** As reported, with the clocks moved on; they stop where contact was lost. */
export const agedLanes = computed<Lane[] | null>(() => {
  const list = lanes.value.value;
  if (list === null || isStale.value || link.value.state === "reconnecting") return list;
  const seconds = (now.value - lanes.at.value) / 1000;
  return list.map((lane) => ageLane(lane, seconds));
});

/** `onEvent`: a grant or a timeout on some lane, for the tail of the trace. */
export function locksFollower(onEvent: (lane: string) => void = () => {}): Follower {
  const event = (data: unknown): void => {
    const lane = (data as { lane?: string } | null)?.lane;
    if (lane !== undefined) onEvent(lane);
  };
  return {
    topics: {
      "lock:updated": (data) => {
        const list = readLanes(data);
        if (list) lanes.set(list);
        else void lanes.read();
      },
      "lock:granted": event,
      "lock:timeout": event,
    },
    read: () => void lanes.read(),
  };
}
