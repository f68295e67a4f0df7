import { describe, expect, it } from "vitest";

import type { Lane, MoveVerdict, Player, Task, TaskGraph } from "../api/rooms";
import {
  addVerdict,
  ageLane,
  applyTask,
  burstsOf,
  mergeGraphs,
  mergePlayers,
  readGraphs,
  readLanes,
  readMovement,
  sortLanes,
  toleranceParts,
  totalOf,
} from "./rooms";

const lane = (name: string, more: Partial<Lane> = {}) =>
  ({ lane: name, holder: null, queue: [], cooldown_left_s: 0, ...more }) as Lane;
const ticket = { ticket: 1, waited_s: 2, deadline_in_s: 3, bound_s: 40 } as Lane["queue"][number];
const task = (id: string, state: Task["state"]) => ({ id, state, graph_id: "g" }) as Task;
const graph = (id: string, submitted_at: string, tasks?: Task[]): TaskGraph => ({
  id,
  name: null,
  state: "running",
  submitted_at,
  counts: {},
  ...(tasks ? { tasks } : {}),
});
const verdict = (id: string, player: string, ms: number, valid = false) =>
  ({ id, player, valid, at: new Date(Date.UTC(2026, 0, 1) + ms).toISOString() }) as MoveVerdict;

describe("lanes", () => {
  it("move their clocks on, and none below zero", () => {
    const aged = ageLane(
      lane("a", {
        cooldown_left_s: 0.5,
        holder: { age_s: 1, lease_left_s: 3 } as Lane["holder"],
        queue: [ticket],
      }),
      4,
    );
    expect(aged.holder).toMatchObject({ age_s: 5, lease_left_s: 0 });
    expect(aged.cooldown_left_s).toBe(0);
    expect(aged.queue[0]).toMatchObject({ waited_s: 6, deadline_in_s: 0, bound_s: 36 });
  });
  it("come busiest first", () => {
    const busy = lane("z", { queue: [ticket] });
    const held = lane("y", { holder: { actor: "x" } as Lane["holder"] });
    expect(sortLanes([lane("a"), held, busy]).map((one) => one.lane)).toEqual(["z", "y", "a"]);
  });
  it("of another shape are refused, so that they are read by REST", () => {
    expect(readLanes({ lanes: [] })).toBeNull();
    expect(readLanes({ items: [lane("a")], next_cursor: null })).toHaveLength(1);
  });
});

describe("graphs", () => {
  it("take a task that came by itself, and count again", () => {
    const known = graph("g", "2026-01-01T00:00:00Z", [task("a", "running"), task("b", "waiting")]);
    const after = applyTask(known, task("a", "succeeded"));
    expect(after.counts).toEqual({ succeeded: 1, waiting: 1 });
    expect(applyTask(known, { ...task("a", "failed"), graph_id: "other" })).toBe(known);
  });
  it("replace those that are known and stay newest first", () => {
    const merged = mergeGraphs(
      [graph("a", "2026-01-01T00:00:00Z"), graph("b", "2026-01-02T00:00:00Z")],
      [{ ...graph("a", "2026-01-01T00:00:00Z"), state: "failed" }, graph("c", "2026-01-03T00:00:00Z")],
    );
    expect(merged.map((one) => one.id)).toEqual(["c", "b", "a"]);
    expect(merged[2]!.state).toBe("failed");
  });
  it("count their tasks, with the daemon's sum or without", () => {
    const counted = (counts: TaskGraph["counts"]) => totalOf({ ...graph("g", ""), counts });
    expect(counted({ succeeded: 2, failed: 1 })).toBe(3);
    expect(counted({ tasks: 5, succeeded: 2, failed: 1 })).toBe(5);
  });
  it("are only read from a list", () => {
    expect(readGraphs({ graphs: {} })).toBeNull();
    expect(readGraphs(null)).toBeNull();
  });
});

describe("verdicts", () => {
  it("stay bounded, newest in front, and none twice", () => {
    const list = [verdict("a", "p", 0), verdict("b", "p", 1)];
    expect(addVerdict(list, verdict("b", "p", 1), 5).map((one) => one.id)).toEqual(["b", "a"]);
    expect(addVerdict(list, verdict("c", "p", 2), 2).map((one) => one.id)).toEqual(["c", "a"]);
  });
  it("of one player in a row are one burst, also between those of another", () => {
    const list = [
      verdict("a", "p", 9000),
      verdict("b", "q", 8900),
      verdict("c", "p", 8000),
      verdict("d", "p", 5000),
      verdict("e", "q", 8800, true),
    ];
    const ids = burstsOf(list).map((burst) => burst.map((one) => one.id).join(""));
    expect(ids).toEqual(["ac", "b", "d", "e"]);
  });
});

describe("players", () => {
  const player = (name: string, state: Player["state"], max_e: number) =>
    ({ player: name, state, max_e }) as Player;
  it("put those who need a look first, over what was known", () => {
    const merged = mergePlayers(
      [player("a", "ok", 1), player("b", "ok", 5)],
      [player("a", "review", 1e5), player("c", "watch", 200)],
    );
    expect(merged.map((one) => one.player)).toEqual(["a", "c", "b"]);
  });
  it("are only read from a list", () => {
    expect(readMovement({ players: 3 })).toBeNull();
    expect(readMovement({ players: [] })).toEqual({ players: [], stats: null });
  });
});

describe("toleranceParts", () => {
  it("scales to the most there can be, and grows with what is more", () => {
    expect(toleranceParts(1.5, 0.25, 3)).toEqual({ credit: 0.5, base: 0.25 / 3 });
    expect(toleranceParts(4, 0.25, 3).credit).toBe(1);
    expect(toleranceParts(0, 0, 0)).toEqual({ credit: 0, base: 0 });
  });
});
