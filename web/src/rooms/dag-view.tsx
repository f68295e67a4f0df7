// A graph of tasks as a drawing. One node is a stop for Tab; the arrow keys walk the rest, Enter
// opens a task.

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import type { Task } from "../api/rooms";
import { type DagLayout, type DagNode, type DagSize, type Direction, edgePath, layoutDag, neighbour } from "../lib/dag";
import { plural } from "../lib/format";
import { Icon } from "../ui/icons";
import { lookOf } from "./task-words";

const kNode = { width: 172, height: 54, along: 44, across: 16 };
/** On a phone two nodes fit side by side. */
const kSmallNode = { width: 150, height: 54, along: 38, across: 10 };
const kPhone = 480;
/** The icon and the margins of a node, and an average letter of its name. */
const kBesideName = 50;
const kLetter = 6.7;

function short(name: string, width: number): string {
  const most = Math.floor((width - kBesideName) / kLetter);
  return name.length <= most ? name : `${name.slice(0, most - 1)}…`;
}

/** Left to right when that fits into `width`, else top to bottom, which scrolls with the page. */
export function fitDag(
  tasks: readonly DagNode[],
  size: DagSize,
  width: number,
): { layout: DagLayout; direction: Direction } {
  const right = layoutDag(tasks, size, "right");
  if (right.width <= width) return { layout: right, direction: "right" };
  return { layout: layoutDag(tasks, size, "down"), direction: "down" };
}

export function useWidth(): [{ current: HTMLDivElement | null }, number] {
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
  size: DagSize;
  picked: boolean;
  reachable: boolean;
  onPick: () => void;
  onFocus: () => void;
}): JSX.Element {
  const { task, at, size, picked, reachable } = props;
  const look = lookOf(task.state);
  const tries = task.attempts > 1 ? ` · try ${task.attempts}` : "";
  const needs = task.depends_on.length > 0 ? `, needs ${task.depends_on.length}` : "";
  return (
    <g
      class={`node state-${task.state} tone-${look.tone} ${picked ? "picked" : ""}`}
      transform={`translate(${at.x - size.width / 2} ${at.y - size.height / 2})`}
      role="button"
      tabIndex={reachable ? 0 : -1}
      data-task={task.id}
      aria-pressed={picked}
      onClick={props.onPick}
      onFocus={props.onFocus}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        props.onPick();
      }}
    >
      {/* The name for those who hear it, and the tip for those who point. */}
      <title>{`${task.name}: ${look.word.toLowerCase()}${tries}${needs}`}</title>
      <rect class="node-ring" x="-4" y="-4" width={size.width + 8} height={size.height + 8} rx="14" />
      <rect class="node-box" width={size.width} height={size.height} rx="10" />
      <g transform="translate(13 17)">
        <Icon name={look.icon} size={20} />
      </g>
      <text class="node-name" x="42" y="23">
        {short(task.name, size.width)}
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
  const size = width < kPhone ? kSmallNode : kNode;
  // States change often, the shape does not.
  const shape = tasks.map((task) => `${task.id}<${task.depends_on.join("+")}`).join(" ");
  const { layout, direction } = useMemo(() => fitDag(tasks, size, width), [shape, width]);
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
        <div
          class="dag-scroll"
          tabIndex={0}
          role="region"
          aria-label="Drawing of the graph"
          onKeyDown={onKey}
        >
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
                  size={size}
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
