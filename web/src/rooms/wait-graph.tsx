// Who waits for whom, over all lanes: a drawing, and the same as a table.

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";

import type { Lane } from "../api/rooms";
import { edgePath } from "../lib/dag";
import { plural } from "../lib/format";
import { type WaitGraph, waitGraph, type WaitNode } from "../lib/waits";
import { waitsView } from "../state/prefs";
import { Icon } from "../ui/icons";
import { Empty, kChartOrTable, Section, Segmented } from "../ui/parts";
import { fitDag, useWidth } from "./dag-view";
import { seconds } from "./shared";

const kNode = { width: 168, height: 52, along: 64, across: 14 };
/** On a phone three columns fit side by side: who waits, the lane, who acts. */
const kSmallNode = { width: 94, height: 46, along: 20, across: 8 };
const kPhone = 480;
/** Beyond this a drawing is a carpet; the table shows them. Chosen. */
const kMostDrawn = 60;
const kLetters = { wide: 17, small: 11 };

function short(name: string, most: number): string {
  return name.length <= most ? name : `${name.slice(0, most - 1)}…`;
}

/** What a node says below its name. */
function state({ lane, waits, holds }: WaitNode, small = false): string {
  if (lane?.holder) return `${seconds(lane.holder.lease_left_s)} ${small ? "left" : "of its lease"}`;
  if (lane) return lane.cooldown_left_s > 0 ? `quiet ${seconds(lane.cooldown_left_s)}` : "free";
  if (small && waits) return `${waits.effective} · ${seconds(waits.waited_s)}`;
  if (waits && holds.length > 0) return `acts, waits ${seconds(waits.waited_s)}`;
  if (waits && !waits.ready) return `${waits.effective} · held back`;
  if (waits) return `${waits.effective} · waits ${seconds(waits.waited_s)}`;
  return "acts now";
}

function Node({ node, x, y, small }: { node: WaitNode; x: number; y: number; small: boolean }): JSX.Element {
  const size = small ? kSmallNode : kNode;
  const acts = node.holds.length > 0;
  const look = node.kind === "lane" ? "is-lane" : acts ? "state-running tone-info" : "state-waiting";
  return (
    <g class={`node still ${look}`} transform={`translate(${x - size.width / 2} ${y - size.height / 2})`}>
      <title>{`${node.name}: ${state(node)}`}</title>
      <rect class="node-box" width={size.width} height={size.height} rx={node.kind === "lane" ? 4 : 10} />
      {!small && (
        <g transform="translate(12 16)">
          <Icon name={node.kind === "lane" ? "lock" : acts ? "check" : "clock"} size={20} />
        </g>
      )}
      <text class="node-name" x={small ? 9 : 40} y={small ? 19 : 22}>
        {short(node.name, small ? kLetters.small : kLetters.wide)}
      </text>
      <text class="node-state num" x={small ? 9 : 40} y={small ? 36 : 40}>
        {state(node, small)}
      </text>
    </g>
  );
}

function sentence({ rows, nodes }: WaitGraph): string {
  const lanes = nodes.filter((node) => node.kind === "lane").length;
  const held = nodes.filter((node) => node.holds.length > 0).map((node) => `${node.name} acts on ${node.holds.join(", ")}`);
  const waits = rows.map((row) => `${row.actor} waits for ${row.lane}`);
  return `${plural(lanes, "lane")}. ${[...held, ...waits].join("; ")}.`;
}

function Drawing({ graph }: { graph: WaitGraph }): JSX.Element {
  const [box, width] = useWidth();
  const small = width < kPhone;
  const shape = graph.nodes.map((node) => `${node.id}<${node.depends_on.join("+")}`).join(" ");
  const { layout, direction } = useMemo(
    () => fitDag(graph.nodes, small ? kSmallNode : kNode, width),
    [shape, width],
  );
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  return (
    <div class="dag" ref={box}>
      {width > 0 && (
        <div class="dag-scroll" tabIndex={0} role="region" aria-label="Drawing of who waits">
          <svg
            width={layout.width}
            height={layout.height}
            viewBox={`0 0 ${layout.width} ${layout.height}`}
            role="img"
            aria-label={sentence(graph)}
          >
            <defs>
              <marker
                id="wait-arrow"
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
            <g class="edges">
              {layout.edges.map(({ from, to, points }) => (
                <path
                  key={`${from} ${to}`}
                  class={`edge ${byId.get(from)?.kind === "lane" ? "done" : ""}`}
                  d={edgePath(points, direction)}
                  marker-end="url(#wait-arrow)"
                />
              ))}
            </g>
            {layout.nodes.map(({ id, x, y }) => {
              const node = byId.get(id);
              return node && <Node key={id} node={node} x={x} y={y} small={small} />;
            })}
          </svg>
        </div>
      )}
    </div>
  );
}

function Table({ graph }: { graph: WaitGraph }): JSX.Element {
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label="Who waits for whom, as a table">
      <table>
        <thead>
          <tr>
            <th scope="col">Who waits</th>
            <th scope="col">For the lane</th>
            <th scope="col">Held by</th>
            <th scope="col" class="right">
              Priority now
            </th>
            <th scope="col" class="right">
              Has waited
            </th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {graph.rows.map((row) => (
            <tr key={row.ticket}>
              <th scope="row">{row.actor}</th>
              <td>
                <a href={`/locks/${encodeURIComponent(row.lane)}`}>{row.lane}</a>
              </td>
              <td>{row.holder ?? <span class="note">nobody</span>}</td>
              <td class="num right">{row.effective}</td>
              <td class="num right">{seconds(row.waited_s)}</td>
              <td>{row.ready ? "Ready" : "Held back by its pace"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Body({ graph }: { graph: WaitGraph }): JSX.Element {
  if (graph.rows.length === 0) return <Empty icon="leaf" title="Nobody waits" />;
  const drawn = waitsView.value === "charts" && graph.cycle === null && graph.nodes.length <= kMostDrawn;
  return drawn ? <Drawing graph={graph} /> : <Table graph={graph} />;
}

export function WaitsSection({ list }: { list: readonly Lane[] }): JSX.Element {
  const graph = waitGraph(list);
  return (
    <Section
      title="Who waits for whom"
      id="waits"
      note={
        graph.nodes.length > kMostDrawn
          ? `Too many to draw: ${graph.rows.length} wait`
          : "From those who wait, over the lane, to the one that acts"
      }
      tools={
        <Segmented
          label="Show as"
          value={waitsView.value}
          options={kChartOrTable}
          onChange={(value) => {
            waitsView.value = value;
          }}
        />
      }
    >
      {graph.cycle && (
        <p class="tone-bad inline-word waits-cycle" role="alert">
          <Icon name="warn" size={16} />
          They wait for each other: {graph.cycle.join(" → ")}
        </p>
      )}
      <Body graph={graph} />
    </Section>
  );
}
