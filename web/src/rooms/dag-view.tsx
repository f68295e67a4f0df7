// A graph of tasks as a drawing. One stop for Tab; the arrow keys walk it, Enter opens a task.

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import type { Task } from "../api/rooms";
import { type DagLayout, type Direction, edgePath, layoutDag, neighbour } from "../lib/dag";
import { plural } from "../lib/format";
import { Icon } from "../ui/icons";
import { lookOf } from "./task-words";

const kNode = { width: 172, height: 54, along: 44, across: 16 };
/** Letters of the name that fit into a node. */
const kNameLength = 19;
/** A narrower box flows down instead of right. Chosen: three layers side by side. */
const kWideEnough = 640;

function short(name: string): string {
  return name.length <= kNameLength ? name : `${name.slice(0, kNameLength - 1)}…`;
}

function useWidth(): [{ current: HTMLDivElement | null }, number] {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    setWidth(element.clientWidth);
    const watcher = new ResizeObserver(() => setWidth(element.clientWidth));
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);
  return [box, width];
}

function Node(props: {
  task: Task;
  at: { x: number; y: number };
  picked: boolean;
  reachable: boolean;
  onPick: () => void;
  onFocus: () => void;
}): JSX.Element {
  const { task, at, picked, reachable } = props;
  const look = lookOf(task.state);
  const tries = task.attempts > 1 ? ` · try ${task.attempts}` : "";
  const needs = task.depends_on.length > 0 ? `, needs ${task.depends_on.length}` : "";
  return (
    <g
      class={`node state-${task.state} tone-${look.tone} ${picked ? "picked" : ""}`}
      transform={`translate(${at.x - kNode.width / 2} ${at.y - kNode.height / 2})`}
      role="button"
      tabIndex={reachable ? 0 : -1}
      data-task={task.id}
      aria-label={`${task.name}: ${look.word.toLowerCase()}${tries}${needs}`}
      aria-pressed={picked}
      onClick={props.onPick}
      onFocus={props.onFocus}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        props.onPick();
      }}
    >
      <title>{task.name}</title>
      <rect class="node-ring" x="-4" y="-4" width={kNode.width + 8} height={kNode.height + 8} rx="14" />
      <rect class="node-box" width={kNode.width} height={kNode.height} rx="10" />
      <g transform="translate(13 17)">
        <Icon name={look.icon} size={20} />
      </g>
      <text class="node-name" x="42" y="23">
        {short(task.name)}
      </text>
      <text class="node-state" x="42" y="41">
        {look.word}
        {tries}
      </text>
    </g>
  );
}

function Edges(props: {
  layout: DagLayout;
  direction: Direction;
  picked: string | null;
  states: ReadonlyMap<string, string>;
}): JSX.Element {
  return (
    <g class="edges">
      {props.layout.edges.map(({ from, to, points }) => {
        const done = props.states.get(from) === "succeeded";
        const near = from === props.picked || to === props.picked;
        return (
          <path
            key={`${from} ${to}`}
            class={`edge ${done ? "done" : ""} ${near ? "near" : ""}`}
            d={edgePath(points, props.direction)}
            marker-end="url(#dag-arrow)"
          />
        );
      })}
    </g>
  );
}

export function DagView(props: {
  tasks: readonly Task[];
  picked: string | null;
  onPick: (id: string) => void;
}): JSX.Element {
  const { tasks, picked, onPick } = props;
  const [box, width] = useWidth();
  const [focus, setFocus] = useState<string | null>(null);
  const direction: Direction = width >= kWideEnough ? "right" : "down";
  // States change often, the shape does not.
  const shape = tasks.map((task) => `${task.id}<${task.depends_on.join("+")}`).join(" ");
  const layout = useMemo(() => layoutDag(tasks, kNode, direction), [shape, direction]);
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const states = new Map(tasks.map((task) => [task.id, task.state]));
  const first = focus !== null && byId.has(focus) ? focus : (picked ?? layout.layers[0]?.[0]);
  const onKey = (event: KeyboardEvent): void => {
    const from = (event.target as Element).closest("[data-task]")?.getAttribute("data-task");
    if (!from || event.ctrlKey || event.altKey || event.metaKey) return;
    const next = neighbour(layout, tasks, from, event.key, direction);
    if (next === null) return;
    event.preventDefault();
    const element = box.current?.querySelector<SVGGElement>(`[data-task="${CSS.escape(next)}"]`);
    element?.focus();
    element?.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  return (
    <div class="dag" ref={box}>
      {width > 0 && (
        <div class="dag-scroll" onKeyDown={onKey}>
          <svg
            width={layout.width}
            height={layout.height}
            viewBox={`0 0 ${layout.width} ${layout.height}`}
            role="group"
            aria-label={`Graph of ${plural(tasks.length, "task")} in ${plural(layout.layers.length, "layer")}. Arrow keys walk it, Enter opens a task.`}
          >
            <defs>
              <marker
                id="dag-arrow"
                viewBox="0 0 8 8"
                refX="7"
                refY="4"
                markerWidth="8"
                markerHeight="8"
                markerUnits="userSpaceOnUse"
                orient="auto"
              >
                <path class="arrow" d="M0.5 0.5 7.5 4 0.5 7.5z" />
              </marker>
            </defs>
            <Edges layout={layout} direction={direction} picked={picked} states={states} />
            {layout.layers.flat().map((id) => {
              const at = layout.nodes.find((node) => node.id === id)!;
              return (
                <Node
                  key={id}
                  task={byId.get(id)!}
                  at={at}
                  picked={id === picked}
                  reachable={id === first}
                  onPick={() => onPick(id)}
                  onFocus={() => setFocus(id)}
                />
              );
            })}
          </svg>
        </div>
      )}
    </div>
  );
}
