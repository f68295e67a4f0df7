// The picture of a path: what was accepted, what was refused, where the player was set back, and
// the tube that was reachable. Shapes differ, so colour only repeats them.

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import type { PathPoint } from "../api/rooms";
import { formatNumber } from "../lib/format";
import { drawWalk, isSolid, type Walk, walkSentence, type WalkView as View } from "../lib/walk";
import { Segmented } from "../ui/parts";

const kSize = { width: 560, height: 340 };
const kSmall = { width: 440, height: 270 };

/** Refusals that follow each other are one claimed stretch. */
function stretches(walk: Walk): string[] {
  const lines: string[] = [];
  let last = -2;
  for (const one of walk.refused) {
    const at = `${one.x},${one.y}`;
    if (one.index === last + 1) lines[lines.length - 1] += ` ${at}`;
    else lines.push(`${one.fromX},${one.fromY} ${at}`);
    last = one.index;
  }
  return lines;
}

/** Places to which the player was set back, each once. */
function backs(walk: Walk): [number, number][] {
  const seen = new Map<string, [number, number]>();
  for (const one of walk.refused) seen.set(`${one.backX},${one.backY}`, [one.backX, one.backY]);
  return [...seen.values()];
}

export function WalkPicture(props: {
  path: readonly PathPoint[];
  view: View;
  small?: boolean;
}): JSX.Element {
  const { width, height } = props.small ? kSmall : kSize;
  const walk = drawWalk(props.path, props.view, width, height);
  return (
    <svg
      class="walk"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={walkSentence(props.path)}
    >
      <g class="walk-tube">
        {walk.tube.map(({ x, y, r }, i) => (
          <circle key={i} cx={x} cy={y} r={r} />
        ))}
      </g>
      {stretches(walk).map((line, i) => (
        <polyline key={i} class="walk-claimed" points={line} />
      ))}
      <polyline class="walk-line" points={walk.line} />
      <g class="walk-dots">
        {walk.dots.map(([x, y], i) => (
          <circle key={i} cx={x} cy={y} r="1.9" />
        ))}
      </g>
      <g class="walk-refused">
        {walk.refused.map(({ x, y, off }, i) => (
          <path
            key={i}
            class={off ? "off" : ""}
            d={`M${x - 3.5} ${y - 3.5}l7 7m0-7l-7 7`}
          />
        ))}
      </g>
      <g class="walk-backs">
        {backs(walk).map(([x, y], i) => (
          <circle key={i} cx={x} cy={y} r="6.5" />
        ))}
      </g>
      {walk.start && <circle class="walk-start" cx={walk.start[0]} cy={walk.start[1]} r="5" />}
      {walk.end && (
        <rect class="walk-end" x={walk.end[0] - 4.5} y={walk.end[1] - 4.5} width="9" height="9" rx="2" />
      )}
      {walk.bar && (
        <g class="walk-bar" transform={`translate(12 ${height - 12})`}>
          <path d={`M0 -4V0H${walk.bar.pixels}V-4`} />
          <text x={walk.bar.pixels / 2} y="-7" text-anchor="middle">
            {formatNumber(walk.bar.units, walk.bar.units < 1 ? 2 : 0)} units
          </text>
        </g>
      )}
    </svg>
  );
}

export function WalkLegend(): JSX.Element {
  return (
    <ul class="walk-legend">
      <li>
        <svg class="walk" viewBox="0 0 26 12" width="26" height="12" aria-hidden="true">
          <path class="walk-line" d="M1 6H25" />
        </svg>
        accepted
      </li>
      <li>
        <svg class="walk" viewBox="0 0 26 12" width="26" height="12" aria-hidden="true">
          <path class="walk-claimed" d="M1 6H25" />
          <g class="walk-refused">
            <path d="M9.5 2.5l7 7m0-7l-7 7" />
          </g>
        </svg>
        refused
      </li>
      <li>
        <svg class="walk" viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">
          <g class="walk-backs">
            <circle cx="7" cy="7" r="5.5" />
          </g>
        </svg>
        set back here
      </li>
      <li>
        <svg class="walk" viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">
          <g class="walk-tube">
            <circle cx="7" cy="7" r="7" />
          </g>
        </svg>
        reachable
      </li>
      <li>
        <svg class="walk" viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">
          <circle class="walk-start" cx="7" cy="7" r="5" />
        </svg>
        start
      </li>
      <li>
        <svg class="walk" viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">
          <rect class="walk-end" x="2.5" y="2.5" width="9" height="9" rx="2" />
        </svg>
        end
      </li>
    </ul>
  );
}

/** The table twin: what was refused, in words. */
function Twin({ path }: { path: readonly PathPoint[] }): JSX.Element {
  const at = ({ x, y, z }: { x: number; y: number; z: number }): string =>
    [x, y, ...(isSolid(path) ? [z] : [])].map((n) => formatNumber(n, 2)).join(", ");
  const first = Date.parse(path[0]?.at ?? "");
  return (
    <div class="table-scroll tall" tabIndex={0} role="region" aria-label="The path, as a table">
      <table>
        <thead>
          <tr>
            <th scope="col">After</th>
            <th scope="col">Position</th>
            <th scope="col">Verdict</th>
            <th scope="col" class="right">
              Reachable
            </th>
          </tr>
        </thead>
        <tbody>
          {path.map((point, i) => (
            <tr key={i}>
              <td class="num">{((Date.parse(point.at) - first) / 1000).toFixed(2)} s</td>
              <td class="num">{at(point)}</td>
              <td>
                {point.accepted
                  ? "accepted"
                  : point.set_back_to
                    ? `refused, set back to ${at(point.set_back_to)}`
                    : "refused"}
              </td>
              <td class="num right">
                {point.allowed_radius === null ? "" : formatNumber(point.allowed_radius, 2)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

type Shown = View | "table";

export function WalkPanel({ path }: { path: readonly PathPoint[] }): JSX.Element {
  const [shown, setShown] = useState<Shown>("plan");
  const options: { value: Shown; label: string; icon?: "chart" | "table" }[] = [
    { value: "plan", label: isSolid(path) ? "From above" : "Path", icon: "chart" },
    ...(isSolid(path) ? [{ value: "height" as const, label: "Height" }] : []),
    { value: "table", label: "Table", icon: "table" },
  ];
  return (
    <div class="walk-panel">
      <Segmented label="Show as" value={shown} options={options} onChange={setShown} />
      {shown === "table" ? (
        <Twin path={path} />
      ) : (
        <>
          <WalkPicture path={path} view={shown} />
          <WalkLegend />
        </>
      )}
    </div>
  );
}
