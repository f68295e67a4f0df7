// Who waits for whom: waiting actor → lane → the actor that holds it. Pure.

import type { Lane } from "../api/rooms";
import type { DagNode } from "./dag";

export interface WaitNode extends DagNode {
  kind: "actor" | "lane";
  name: string;
  /** What it does now, in a few words' worth of numbers. */
  holds: string[];
  waits: { lane: string; waited_s: number; effective: number; ready: boolean } | null;
  lane: Lane | null;
}

export interface WaitRow {
  ticket: number;
  actor: string;
  lane: string;
  /** Null: only the clock is in its way. */
  holder: string | null;
  waited_s: number;
  effective: number;
  ready: boolean;
}

export interface WaitGraph {
  nodes: WaitNode[];
  rows: WaitRow[];
  /** Names along a cycle, the first one again at its end; the rules do not let one stand. */
  cycle: string[] | null;
}

/** The first cycle along `depends_on`, as ids. */
function cycleOf(nodes: readonly DagNode[]): string[] | null {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (id: string): string[] | null => {
    const at = path.indexOf(id);
    if (at >= 0) return [...path.slice(at), id];
    if (done.has(id)) return null;
    path.push(id);
    for (const next of byId.get(id)?.depends_on ?? []) {
      const found = byId.has(next) ? visit(next) : null;
      if (found) return found;
    }
    path.pop();
    done.add(id);
    return null;
  };
  for (const { id } of nodes) {
    const found = visit(id);
    if (found) return found.reverse();
  }
  return null;
}

/** Lanes that nobody wants and nobody holds are left out. */
export function waitGraph(lanes: readonly Lane[]): WaitGraph {
  const nodes = new Map<string, WaitNode & { depends_on: string[] }>();
  const rows: WaitRow[] = [];
  const actor = (id: string, name: string) => {
    const known = nodes.get(id);
    if (known) return known;
    const made = { id, kind: "actor" as const, name, holds: [], waits: null, lane: null, depends_on: [] };
    nodes.set(id, made);
    return made as WaitNode & { depends_on: string[] };
  };
  for (const lane of lanes) {
    if (lane.queue.length === 0 && lane.holder === null) continue;
    const laneId = `lane:${lane.lane}`;
    const waiters: string[] = [];
    for (const ticket of lane.queue) {
      // An actor may ask twice, over two connections: then it stands for itself once more.
      const plain = `actor:${ticket.actor}`;
      const twice = nodes.get(plain)?.waits != null || lane.holder?.actor === ticket.actor;
      const node = actor(twice ? `ticket:${ticket.ticket}` : plain, ticket.actor);
      node.waits = {
        lane: lane.lane,
        waited_s: ticket.waited_s,
        effective: ticket.effective_priority,
        ready: ticket.ready,
      };
      waiters.push(node.id);
      rows.push({
        ticket: ticket.ticket,
        actor: ticket.actor,
        lane: lane.lane,
        holder: lane.holder?.actor ?? null,
        waited_s: ticket.waited_s,
        effective: ticket.effective_priority,
        ready: ticket.ready,
      });
    }
    nodes.set(laneId, {
      id: laneId,
      kind: "lane",
      name: lane.lane,
      holds: [],
      waits: null,
      lane,
      depends_on: waiters,
    });
    if (lane.holder) {
      const holder = actor(`actor:${lane.holder.actor}`, lane.holder.actor);
      holder.holds.push(lane.lane);
      holder.depends_on.push(laneId);
    }
  }
  const list = [...nodes.values()];
  const cycle = cycleOf(list);
  return { nodes: list, rows, cycle: cycle && cycle.map((id) => nodes.get(id)?.name ?? id) };
}
