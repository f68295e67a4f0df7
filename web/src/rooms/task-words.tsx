// Words, icons and the progress of task graphs.

import type { JSX } from "preact";

import type { Task, TaskGraph, TaskPriority, TaskState } from "../api/rooms";
import { plural } from "../lib/format";
import { hasEnded, totalOf } from "../state/rooms";
import type { IconName } from "../ui/icons";
import { Chip, type Tone } from "../ui/words";

interface Look {
  icon: IconName;
  word: string;
  tone: Tone;
}

const kStates: Record<TaskState, Look> = {
  waiting: { icon: "clock", word: "Waiting", tone: "quiet" },
  ready: { icon: "next", word: "Ready", tone: "quiet" },
  running: { icon: "play", word: "Running", tone: "info" },
  succeeded: { icon: "check", word: "Succeeded", tone: "good" },
  failed: { icon: "bad", word: "Failed", tone: "bad" },
  skipped: { icon: "pause", word: "Skipped", tone: "warn" },
  cancelled: { icon: "cancel", word: "Cancelled", tone: "warn" },
};

/** A state that this page does not know is shown as it is. */
export function lookOf(state: string): Look {
  return (
    kStates[state as TaskState] ?? {
      icon: "unknown",
      word: state.charAt(0).toUpperCase() + state.slice(1).replaceAll("_", " "),
      tone: "quiet",
    }
  );
}

export const TaskChip = ({ state }: { state: string }): JSX.Element => (
  <Chip look={lookOf(state)} />
);

export const kPriorityWord: Record<TaskPriority, string> = {
  critical: "Critical",
  high: "High",
  normal: "Normal",
  low: "Low",
  deferred: "Deferred: only when nothing else is ready and the machine is idle",
};

/** What is drawn in a row, in this order. */
const kOrder: readonly TaskState[] = [
  "succeeded",
  "running",
  "failed",
  "skipped",
  "cancelled",
  "ready",
  "waiting",
];

/** "7 of 9 done · 1 running · 1 failed": what is there, without zeros. */
export function countsText(graph: TaskGraph): string {
  const total = totalOf(graph);
  const done = graph.counts.succeeded ?? 0;
  const parts = [`${done} of ${plural(total, "task")} done`];
  for (const state of ["running", "failed", "skipped", "cancelled"] as const) {
    const count = graph.counts[state] ?? 0;
    if (count > 0) parts.push(`${count} ${state}`);
  }
  return parts.join(" · ");
}

/** The tasks as one bar: done is filled, failed is crossed, running is hatched. */
export function Progress({ graph }: { graph: TaskGraph }): JSX.Element {
  const total = Math.max(1, totalOf(graph));
  return (
    <span class="progress" role="img" aria-label={countsText(graph)}>
      {kOrder.map((state) => {
        const count = graph.counts[state] ?? 0;
        return count === 0 ? null : (
          <i key={state} class={`part-${state}`} style={{ flexGrow: count / total }} />
        );
      })}
    </span>
  );
}

export function isOver(graph: TaskGraph): boolean {
  if (hasEnded(graph.state)) return true;
  const open = (["waiting", "ready", "running"] as const).reduce(
    (sum, state) => sum + (graph.counts[state] ?? 0),
    0,
  );
  return totalOf(graph) > 0 && open === 0;
}

export function nameOf(graph: TaskGraph): string {
  return graph.name || `Graph ${graph.id}`;
}

export function tookS(task: Task, now: number): number | null {
  if (task.started_at === null) return null;
  const end = task.ended_at === null ? now : Date.parse(task.ended_at);
  const took = (end - Date.parse(task.started_at)) / 1000;
  return Number.isFinite(took) ? Math.max(0, took) : null;
}
