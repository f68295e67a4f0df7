// How frames of the rooms (locks, tasks, movement) change what their pages show. Pure.

import type {
  Lane,
  MoveVerdict,
  MovementStats,
  Page,
  Player,
  Task,
  TaskGraph,
  TaskState,
} from "../api/rooms";

const isList = (value: unknown): value is unknown[] => Array.isArray(value);

/** The body of lock:updated, or null when it is of another shape and must be read by REST. */
export function readLanes(data: unknown): Lane[] | null {
  const items = (data as Page<Lane> | null)?.items;
  return isList(items) ? sortLanes(items as Lane[]) : null;
}

/** Busy lanes first, then by name. */
export function sortLanes(lanes: readonly Lane[]): Lane[] {
  const rank = (lane: Lane): number => (lane.queue.length > 0 ? 0 : lane.holder ? 1 : 2);
  return [...lanes].sort((a, b) => rank(a) - rank(b) || a.lane.localeCompare(b.lane));
}

/** Moves the clocks of a lane on by `seconds`, for the time since it was reported. */
export function ageLane(lane: Lane, seconds: number): Lane {
  if (seconds <= 0) return lane;
  const left = (value: number): number => Math.max(0, value - seconds);
  return {
    ...lane,
    cooldown_left_s: left(lane.cooldown_left_s),
    holder: lane.holder && {
      ...lane.holder,
      age_s: lane.holder.age_s + seconds,
      lease_left_s: left(lane.holder.lease_left_s),
    },
    queue: lane.queue.map((ticket) => ({
      ...ticket,
      waited_s: ticket.waited_s + seconds,
      deadline_in_s: ticket.deadline_in_s === null ? null : left(ticket.deadline_in_s),
      bound_s: ticket.bound_s === null ? null : left(ticket.bound_s),
    })),
  };
}

export const kEnded: readonly TaskState[] = ["succeeded", "failed", "skipped", "cancelled"];
export const hasEnded = (state: string): boolean => kEnded.includes(state as TaskState);

export function countsOf(tasks: readonly Task[]): Partial<Record<TaskState, number>> {
  const counts: Partial<Record<TaskState, number>> = {};
  for (const { state } of tasks) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

export function totalOf(graph: TaskGraph): number {
  const { tasks, ...states } = graph.counts;
  return graph.tasks?.length ?? tasks ?? Object.values(states).reduce((sum, n) => sum + n, 0);
}

/** A task that came by itself, put into its graph; the same graph when it does not belong to it. */
export function applyTask(graph: TaskGraph, task: Task): TaskGraph {
  if (task.graph_id !== graph.id || !graph.tasks) return graph;
  const known = graph.tasks.some((other) => other.id === task.id);
  const tasks = known
    ? graph.tasks.map((other) => (other.id === task.id ? task : other))
    : [...graph.tasks, task];
  return { ...graph, tasks, counts: countsOf(tasks) };
}

/** Fresh graphs over known ones, newest first. */
export function mergeGraphs(
  known: readonly TaskGraph[],
  fresh: readonly TaskGraph[],
): TaskGraph[] {
  const ids = new Set(fresh.map((graph) => graph.id));
  return [...fresh, ...known.filter((graph) => !ids.has(graph.id))].sort(
    (a, b) => Date.parse(b.submitted_at) - Date.parse(a.submitted_at) || b.id.localeCompare(a.id),
  );
}

export function readGraphs(data: unknown): TaskGraph[] | null {
  const graphs = (data as { graphs?: TaskGraph[] } | null)?.graphs;
  return isList(graphs) ? (graphs as TaskGraph[]) : null;
}

/** A new verdict in front; the list stays bounded. */
export function addVerdict(
  known: readonly MoveVerdict[],
  verdict: MoveVerdict,
  most: number,
): MoveVerdict[] {
  return [verdict, ...known.filter((other) => other.id !== verdict.id)].slice(0, most);
}

/** Verdicts of one player that follow each other within this are one burst. Chosen. */
const kBurstMs = 2000;

/** Newest first, as they came; a cheat is refused ten times a second, which is one thing to read. */
export function burstsOf(verdicts: readonly MoveVerdict[]): MoveVerdict[][] {
  const bursts: MoveVerdict[][] = [];
  const open = new Map<string, MoveVerdict[]>();
  for (const verdict of verdicts) {
    const key = `${verdict.valid} ${verdict.player}`;
    const burst = open.get(key);
    const last = burst?.at(-1);
    if (burst && last && Math.abs(Date.parse(last.at) - Date.parse(verdict.at)) <= kBurstMs)
      burst.push(verdict);
    else {
      const fresh = [verdict];
      open.set(key, fresh);
      bursts.push(fresh);
    }
  }
  return bursts;
}

/** Those who need a look first: review, watch, then the most evidence, then the newest. */
export function sortPlayers(players: readonly Player[]): Player[] {
  const rank = { review: 0, watch: 1, ok: 2 } as const;
  return [...players].sort(
    (a, b) =>
      (rank[a.state] ?? 3) - (rank[b.state] ?? 3) ||
      b.max_e - a.max_e ||
      a.player.localeCompare(b.player),
  );
}

/** The worst 50 of movement:updated over the players that are known. */
export function mergePlayers(known: readonly Player[], fresh: readonly Player[]): Player[] {
  const ids = new Set(fresh.map((player) => player.player));
  return sortPlayers([...fresh, ...known.filter((player) => !ids.has(player.player))]);
}

export function readMovement(
  data: unknown,
): { players: Player[]; stats: MovementStats | null } | null {
  const body = data as { players?: Player[]; stats?: MovementStats } | null;
  if (!isList(body?.players)) return null;
  return { players: body.players as Player[], stats: body.stats ?? null };
}

/** Where base and credit lie on a bar from 0 to `most`, as parts of it; at most the whole bar. */
export function toleranceParts(
  credit: number,
  base: number,
  most: number,
): { credit: number; base: number } {
  const scale = Math.max(most, credit, base, 1e-9);
  const part = (value: number): number => Math.min(1, Math.max(0, value / scale));
  return { credit: part(credit), base: part(base) };
}
